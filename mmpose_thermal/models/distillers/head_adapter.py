"""How a distiller uses a head, and how it matches two heads."""
from typing import Callable, Dict, Optional, Sequence, Tuple, Type

import torch
import torch.nn as nn
from torch import Tensor

from ..losses.base import Output, map_parts, parts_of

_ADAPTERS: Dict[type, Type['HeadAdapter']] = {}


def adapts(*heads: type) -> Callable[[type], type]:
    """Registers a :class:`HeadAdapter` for some head classes.

    Subclasses that inherit a head's ``loss`` share its adapter.

    Args:
        *heads (type): Head classes, MMPose's or your own.
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
        HeadAdapter: Holds the head itself, not a copy.

    Raises:
        TypeError: No adapter knows how this head computes its loss.
    """
    for kind in type(head).__mro__:
        # With another loss, injection would not train what the task trains.
        if kind in _ADAPTERS and \
                getattr(type(head), 'loss') is getattr(kind, 'loss'):
            return _ADAPTERS[kind](head)
    known = sorted(kind.__name__ for kind in _ADAPTERS)
    raise TypeError(
        f'{field}: the head {type(head).__name__} has no adapter. '
        f'{", ".join(known)} and subclasses with the same loss have one. '
        'Write a small class for yours: docs/tutorials/new_head.md.')


class HeadAdapter(nn.Module):
    """A head as a function of one feature map.

    To support another kind of head, set ``output_kind``, implement
    :meth:`targets`, and override the other methods where the head differs
    from the defaults (see ``mmpose_heads.py``). :class:`CrossModalDistiller`
    uses a head only through its adapter.

    Args:
        head (nn.Module): A head of MMPose.

    Attributes:
        output_kind (str): What the head returns. It must be the same for a
            teacher and its student.
        beta (float, optional): The factor that turns SimCC scores into the
            logits of a distribution; None if outputs are not scores over
            positions.
    """
    output_kind = ''
    beta: Optional[float] = 1.
    keypoints: Optional[Tensor]

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head
        self.register_buffer('keypoints', None)

    def pack(self, features: Tuple[Tensor, ...]) -> Tensor:
        """Turns the result of ``extract_feat`` into one map (B, C, h, w)."""
        return features[-1]

    def unpack(self, feature: Tensor) -> Tuple[Tensor, ...]:
        """The inverse of :meth:`pack`: the input of the head's ``forward``."""
        return (feature, )

    def targets(self, samples: Sequence) -> Output:
        """The targets of the head's loss.

        Args:
            samples (Sequence[PoseDataSample]): A batch of B samples.

        Returns:
            Tensor | tuple[Tensor]: In the shapes of the head's output.
        """
        raise NotImplementedError

    def task_loss(self, output: Output, target: Output,
                  *weight: Tensor) -> Tensor:
        """The head's own loss of an output.

        Args:
            output (Tensor | tuple[Tensor]): From this head or a similar one.
            target (Tensor | tuple[Tensor]): See :meth:`targets`.
            *weight (Tensor): Keypoint weights (B, K), if any.

        Returns:
            Tensor: Scalar.
        """
        return self.head.loss_module(output, target, *weight)

    def as_target(self, output: Output) -> Output:
        """Turns an output into a target for :meth:`task_loss`."""
        return output

    def confidence(self, output: Output) -> Tensor:
        """How sure the head is of each point, (B, K), from 0 to 1: its peaks."""
        peaks = [part.flatten(2).amax(-1) for part in parts_of(output)]
        return torch.stack(peaks).amin(0).clamp(0, 1)

    def positions(self, output: Output) -> Tensor:
        """Where each point is, (B, K, 2): 0 is the crop's first pixel, 1 its last."""
        raise NotImplementedError

    def position_step(self, output: Output) -> float:
        """The resolution of :meth:`positions`."""
        return 0.

    def num_keypoints(self, output: Output) -> int:
        """The number of keypoints K of an output."""
        return parts_of(output)[0].shape[1]

    def match(self, student: 'HeadAdapter', output: Output) -> None:
        """Prepares a teacher's head to return what the student's returns.

        Called once.

        Args:
            student (HeadAdapter): The adapter of the student's head.
            output (Tensor | tuple[Tensor]): An output of the student's head.

        Raises:
            ValueError: The heads cannot be made to agree.
        """

    def convert(self, output: Output) -> Output:
        """Converts the head's own output to that of :meth:`forward`.

        By default it selects the student's keypoints if the teacher has more.
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
        """Height and width of the crops that the head expects."""
        size = getattr(self.head, 'input_size', None)  # SimCC heads
        if size is None:
            size = getattr(self.head.decoder, 'input_size', None)
        return None if size is None else (int(size[1]), int(size[0]))


def keypoint_weights(samples: Sequence) -> Tensor:
    """(B, K). Some tools write -1 for unlabelled points, which counts as 0."""
    return labels_of(samples, 'keypoint_weights').clamp(0)


def labels_of(samples: Sequence, name: str) -> Tensor:
    """A field of the ``gt_instance_labels`` of a batch."""
    return torch.cat(
        [getattr(sample.gt_instance_labels, name) for sample in samples])


def select_keypoints(teacher: HeadAdapter, keypoints: Sequence[int],
                     output: Output) -> None:
    """Makes an adapter return only some keypoints.

    Args:
        teacher (HeadAdapter): Changed in place.
        keypoints (Sequence[int]): Which to return, in this order.
        output (Tensor | tuple[Tensor]): An output of its head.

    Raises:
        ValueError: An index is out of range, or the output has channels that
            are not keypoints.
    """
    count = parts_of(output)[0].shape[1]
    if teacher.num_keypoints(output) != count:
        raise ValueError('teacher.keypoints: cannot select keypoints from '
                         'heatmaps combined with offsets (UDPHeatmap).')
    if not all(0 <= index < count for index in keypoints):
        raise ValueError(
            f'teacher.keypoints: indices must lie in [0, {count}), the '
            f'keypoints of the teacher; got {min(keypoints)} to '
            f'{max(keypoints)}.')
    teacher.keypoints = torch.as_tensor(keypoints)


def match_heads(teacher: HeadAdapter, feature: Tensor, student: HeadAdapter,
                output: Output) -> None:
    """Makes the teacher's head return what the student's returns.

    Args:
        teacher (HeadAdapter): Changed in place.
        feature (Tensor): What its head reads, (1, C, h, w).
        student (HeadAdapter): The student's.
        output (Tensor | tuple[Tensor]): The student's, for one image.

    Raises:
        ValueError: The heads cannot be matched; the message says why.
    """
    if teacher.output_kind != student.output_kind:
        raise ValueError(
            f'The teacher ({type(teacher.head).__name__}) returns '
            f'{teacher.output_kind}, the student '
            f'({type(student.head).__name__}) {student.output_kind}. Give '
            'both the same kind of head.')
    teacher.match(student, output)
    with torch.no_grad():
        theirs, ours = map(parts_of, (teacher(feature), output))
    if theirs[0].shape[1] != ours[0].shape[1]:
        raise ValueError(
            f'The teacher has {theirs[0].shape[1]} keypoints, the student '
            f'{ours[0].shape[1]}. If the student\'s are among the teacher\'s, '
            'set `teacher.keypoints` to their indices there; otherwise train '
            'both on one point set (MMPose\'s KeypointConverter).')
    shapes = [[tuple(part.shape[1:]) for part in parts]
              for parts in (theirs, ours)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f'The teacher\'s {teacher.output_kind} have the shapes '
            f'{shapes[0]}, the student\'s {shapes[1]}. Choose `input_size` '
            'and `simcc_split_ratio` so that they agree.')


def check_target(output: Output, target: Output) -> None:
    """Checks that the student's output and its targets have the same shapes."""
    for ours, theirs in zip(parts_of(output), parts_of(target)):
        if ours.shape != theirs.shape:
            raise ValueError(
                f'The student returns {tuple(ours.shape)}, but the targets '
                f'are {tuple(theirs.shape)}. The codec of GenerateTarget in '
                'the pipeline must be that of the student\'s head, and the '
                'data set must have its keypoints.')

