"""What a distiller needs to know of a head, and how heads are matched."""
from typing import Callable, Dict, Optional, Sequence, Tuple, Type

import torch
import torch.nn as nn
from torch import Tensor

from ..losses.base import Output, map_parts, parts_of

_ADAPTERS: Dict[type, Type['HeadAdapter']] = {}


def adapts(*heads: type) -> Callable[[type], type]:
    """Registers a :class:`HeadAdapter` for some classes of heads.

    Subclasses of a head that inherit its ``loss`` have the same adapter.

    Args:
        *heads (type): Classes of MMPose or of your own.
    """

    def register(adapter):
        _ADAPTERS.update(dict.fromkeys(heads, adapter))
        return adapter

    return register


def adapt_head(head: nn.Module, field: str = 'head') -> 'HeadAdapter':
    """Wraps a head in the adapter of its class.

    Args:
        head (nn.Module): A head of MMPose.
        field (str): Its place in the config, for errors.

    Returns:
        HeadAdapter: It shares the head.

    Raises:
        TypeError: No adapter knows how this head computes its loss.
    """
    for kind in type(head).__mro__:
        # Another loss would train something other than the injected head.
        if kind in _ADAPTERS and \
                getattr(type(head), 'loss') is getattr(kind, 'loss'):
            return _ADAPTERS[kind](head)
    known = sorted(kind.__name__ for kind in _ADAPTERS)
    raise TypeError(
        f'{field}: the head {type(head).__name__} has no adapter; '
        f'{", ".join(known)} and subclasses with the same loss have one. A '
        'small class adds yours: docs/tutorials/new_head.md.')


class HeadAdapter(nn.Module):
    """A head as a function of one feature map.

    A subclass for another kind of head sets ``output_kind`` and implements
    :meth:`targets`; it redefines other methods where its head differs from
    the defaults, see ``mmpose_heads.py``. :class:`CrossModalDistiller` needs
    nothing else of a head.

    Args:
        head (nn.Module): A head of MMPose.

    Attributes:
        output_kind (str): What the head returns, for errors. A teacher and
            its student must have the same.
        beta (float, optional): SimCC scores times this are the logits of a
            distribution; None where outputs are not scores over positions.
    """
    output_kind = ''
    beta: Optional[float] = 1.
    keypoints: Optional[Tensor]

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head
        self.register_buffer('keypoints', None)

    def pack(self, features: Tuple[Tensor, ...]) -> Tensor:
        """What ``extract_feat`` returns, as one map (B, C, h, w)."""
        return features[-1]

    def unpack(self, feature: Tensor) -> Tuple[Tensor, ...]:
        """The inverse of :meth:`pack`, as the head's ``forward`` takes it."""
        return (feature, )

    def targets(self, samples: Sequence) -> Output:
        """What the head's loss compares with.

        Args:
            samples (Sequence[PoseDataSample]): A batch of B samples.

        Returns:
            Tensor | tuple[Tensor]: Of the shapes of the head's output.
        """
        raise NotImplementedError

    def task_loss(self, output: Output, target: Output,
                  *weight: Tensor) -> Tensor:
        """The head's own loss of an output.

        Args:
            output (Tensor | tuple[Tensor]): Of this head or one like it.
            target (Tensor | tuple[Tensor]): See :meth:`targets`.
            *weight (Tensor): Keypoint weights (B, K), if there are any.

        Returns:
            Tensor: Scalar.
        """
        return self.head.loss_module(output, target, *weight)

    def as_target(self, output: Output) -> Output:
        """An output, as a target for :meth:`task_loss`."""
        return output

    def num_keypoints(self, output: Output) -> int:
        """K, of an output."""
        return parts_of(output)[0].shape[1]

    def match(self, student: 'HeadAdapter', output: Output) -> None:
        """Called on a teacher's head once, to return what the student's does.

        Args:
            student (HeadAdapter): Of the student's head.
            output (Tensor | tuple[Tensor]): Of the student's head.

        Raises:
            ValueError: The heads cannot be made to agree.
        """

    def convert(self, output: Output) -> Output:
        """From the head's own output to that of :meth:`forward`.

        By default it picks the student's keypoints, if the teacher has more.
        """
        if self.keypoints is None:
            return output
        return map_parts(lambda part: part[:, self.keypoints], output)

    def forward(self, feature: Tensor) -> Output:
        """Runs the head.

        Args:
            feature (Tensor): Shape (B, C, h, w).

        Returns:
            Tensor | tuple[Tensor]: Heatmaps (B, K, H, W), SimCC vectors
            (B, K, W_x) and (B, K, W_y), or coordinates (B, K, 2).
        """
        return self.convert(self.head.forward(self.unpack(feature)))

    def input_size(self) -> Optional[Tuple[int, int]]:
        """Height and width of the crops that the head was made for."""
        size = getattr(self.head, 'input_size', None)  # SimCC heads
        if size is None:
            size = getattr(self.head.decoder, 'input_size', None)
        return None if size is None else (int(size[1]), int(size[0]))


def keypoint_weights(samples: Sequence) -> Tensor:
    """(B, K); some tools write -1 for points without a label: it counts as 0.
    """
    return torch.cat([
        sample.gt_instance_labels.keypoint_weights for sample in samples
    ]).clamp(0)


def labels_of(samples: Sequence, name: str) -> Tensor:
    """A field of ``gt_instance_labels``, of a batch."""
    return torch.cat(
        [getattr(sample.gt_instance_labels, name) for sample in samples])


def select_keypoints(teacher: HeadAdapter, keypoints: Sequence[int],
                     output: Output) -> None:
    """Makes an adapter return some keypoints alone.

    Args:
        teacher (HeadAdapter): Changed in place.
        keypoints (Sequence[int]): Which to return, in this order.
        output (Tensor | tuple[Tensor]): Of its head.

    Raises:
        ValueError: An index is out of range, or the output has other
            channels than keypoints.
    """
    count = parts_of(output)[0].shape[1]
    if teacher.num_keypoints(output) != count:
        raise ValueError('teacher.keypoints: heatmaps combined with offsets '
                         '(UDPHeatmap) cannot be reduced to some keypoints.')
    if not all(0 <= index < count for index in keypoints):
        raise ValueError(
            f'teacher.keypoints: indices must lie in [0, {count}), the '
            f'keypoints of the teacher; got {min(keypoints)} to '
            f'{max(keypoints)}.')
    teacher.keypoints = torch.as_tensor(keypoints)


def match_heads(teacher: HeadAdapter, feature: Tensor, student: HeadAdapter,
                output: Output) -> None:
    """Makes the teacher's head return what the student's does, or refuses.

    Args:
        teacher (HeadAdapter): Changed in place.
        feature (Tensor): What its head reads, (1, C, h, w).
        student (HeadAdapter): Of the student.
        output (Tensor | tuple[Tensor]): Of the student, for one image.

    Raises:
        ValueError: They differ; the message says how.
    """
    if teacher.output_kind != student.output_kind:
        raise ValueError(
            f'The teacher ({type(teacher.head).__name__}) returns '
            f'{teacher.output_kind}, the student '
            f'({type(student.head).__name__}) {student.output_kind}. Give '
            'both a head of one kind.')
    teacher.match(student, output)
    with torch.no_grad():
        theirs, ours = map(parts_of, (teacher(feature), output))
    if theirs[0].shape[1] != ours[0].shape[1]:
        raise ValueError(
            f'The teacher has {theirs[0].shape[1]} keypoints, the student '
            f'{ours[0].shape[1]}. If the student\'s are among the teacher\'s, '
            'set `teacher.keypoints` to their indices there; else train both '
            'on one point set (MMPose\'s KeypointConverter).')
    shapes = [[tuple(part.shape[1:]) for part in parts]
              for parts in (theirs, ours)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f'The teacher\'s {teacher.output_kind} have the shapes '
            f'{shapes[0]}, the student\'s {shapes[1]}. Choose `input_size` '
            'and `simcc_split_ratio` such that they agree.')


def check_target(output: Output, target: Output) -> None:
    """The student's output and its targets must have the same shapes."""
    for ours, theirs in zip(parts_of(output), parts_of(target)):
        if ours.shape != theirs.shape:
            raise ValueError(
                f'The student returns {tuple(ours.shape)}, but the targets '
                f'are {tuple(theirs.shape)}. The codec of GenerateTarget in '
                'the pipeline must be that of the student\'s head, and the '
                'data set must have its keypoints.')

