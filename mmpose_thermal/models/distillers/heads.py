"""What a distiller needs to know of MMPose's heads."""
from typing import Callable, List, Optional, Sequence, Tuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmpose.models.heads import HeatmapHead, RTMCCHead, SimCCHead
from mmpose.models.losses import KLDiscretLoss
from torch import Tensor

from ..losses.base import Output, map_parts, parts_of
from .resampling import resample

_HEATMAPS, _SIMCC = 'heatmaps', 'SimCC vectors'
_UDP = 'UDPHeatmap'


def representation(head: nn.Module) -> str:
    """What a head puts out.

    Args:
        head (nn.Module): A head of MMPose.

    Returns:
        str: ``'heatmaps'`` or ``'SimCC vectors'``.

    Raises:
        TypeError: The head is none that can be distilled.
    """
    # Injection feeds a head with foreign features and compares its output
    # with targets; a head that computes its loss in another way would learn
    # something else than it says.
    loss = getattr(type(head), 'loss', None)
    if isinstance(head, HeatmapHead) and loss is HeatmapHead.loss:
        return _HEATMAPS
    if isinstance(head, SimCCHead) and loss is SimCCHead.loss or \
            isinstance(head, RTMCCHead) and loss is RTMCCHead.loss:
        return _SIMCC
    raise TypeError(
        f'the head {type(head).__name__} cannot be distilled. '
        'CrossModalDistiller supports HeatmapHead, SimCCHead and RTMCCHead, '
        'and subclasses with the same loss.')


class HeadOnFeature(nn.Module):
    """A head as a function of the one feature map that it reads.

    Args:
        head (nn.Module): A head of MMPose.
        keypoints (Sequence[int], optional): Which of its keypoints to
            return. Defaults to all.
        heatmap_size (tuple[int, int], optional): Height and width to which
            heatmaps are brought. Defaults to the head's own.
        score_scale (float): Factor of SimCC scores, so that they mean to the
            student's loss what they mean to the head's own. Defaults to 1.
    """

    def __init__(self,
                 head: nn.Module,
                 keypoints: Optional[Sequence[int]] = None,
                 heatmap_size: Optional[Tuple[int, int]] = None,
                 score_scale: float = 1.) -> None:
        super().__init__()
        self.head = head
        self.heatmap_size = heatmap_size
        self.score_scale = score_scale
        self.register_buffer(
            'keypoints',
            None if keypoints is None else torch.as_tensor(keypoints))

    def forward(self, feature: Tensor) -> Output:
        """Runs the head.

        Args:
            feature (Tensor): Shape (B, C, h, w).

        Returns:
            Tensor | tuple[Tensor]: Heatmaps (B, K, H, W), or SimCC vectors
            (B, K, W_x) and (B, K, W_y).
        """
        return self.adapt(self.head.forward((feature, )))

    def adapt(self, output: Output) -> Output:
        """Selects, resamples and scales what the head put out.

        Args:
            output (Tensor | tuple[Tensor]): Of the head itself.

        Returns:
            Tensor | tuple[Tensor]: As :meth:`forward`.
        """
        if self.keypoints is not None:
            output = map_parts(lambda part: part[:, self.keypoints], output)
        if self.heatmap_size is not None:
            output = resample(output, self.heatmap_size,
                              codec_name(self.head) == _UDP)
        if self.score_scale != 1:
            output = map_parts(lambda part: part * self.score_scale, output)
        return output


def codec_name(head: nn.Module) -> Optional[str]:
    """The class name of a head's codec, None if it has none."""
    return None if head.decoder is None else type(head.decoder).__name__


def input_size(head: nn.Module) -> Optional[Tuple[int, int]]:
    """Height and width of the crops a head was made for, if it says so."""
    size = getattr(head, 'input_size', None)  # SimCC heads
    if size is None:
        size = getattr(head.decoder, 'input_size', None)
    return None if size is None else (int(size[1]), int(size[0]))


def keep_keypoints(head: nn.Module,
                   keypoints: Sequence[int]) -> Optional[List[int]]:
    """Cuts a head down to some of its keypoints.

    Args:
        head (nn.Module): A head of MMPose, changed in place.
        keypoints (Sequence[int]): Which to keep, in this order.

    Returns:
        list[int] | None: What is left to select from its output: nothing,
        unless keypoints are mixed inside the head (``RTMCCHead``).

    Raises:
        ValueError: An index is out of range, or the output has other
            channels than keypoints.
    """
    keypoints = list(keypoints)
    if not all(0 <= index < head.out_channels for index in keypoints):
        raise ValueError(
            f'teacher.keypoints: indices must lie in [0, {head.out_channels})'
            f', the keypoints of the teacher; got {min(keypoints)} to '
            f'{max(keypoints)}.')
    if getattr(head.decoder, 'heatmap_type', None) == 'combined':
        raise ValueError('teacher.keypoints: heatmaps combined with offsets '
                         '(UDPHeatmap) cannot be cut to a part of their '
                         'keypoints.')
    layer = None
    for part in (head, getattr(head, 'deconv_head', None)):
        candidate = getattr(part, 'final_layer', None)
        if isinstance(candidate, nn.Conv2d):
            layer = candidate
    if layer is None or isinstance(head, RTMCCHead):
        return keypoints
    for name in ('weight', 'bias'):
        value = getattr(layer, name)
        if value is not None:
            setattr(layer, name, nn.Parameter(value.detach()[keypoints]))
    layer.out_channels = head.out_channels = len(keypoints)
    return None


def check_agreement(teacher: nn.Module, teacher_output: Output,
                    student: nn.Module, student_output: Output) -> None:
    """Both heads must put out the same kind of thing.

    Args:
        teacher (nn.Module): The teacher's head.
        teacher_output (Tensor | tuple[Tensor]): What it puts out, as the
            student is to get it.
        student (nn.Module): The student's head.
        student_output (Tensor | tuple[Tensor]): What it puts out.

    Raises:
        ValueError: They differ; says in what.
    """
    kinds = representation(teacher), representation(student)
    if kinds[0] != kinds[1]:
        raise ValueError(
            f'The teacher ({type(teacher).__name__}) puts out {kinds[0]}, '
            f'the student ({type(student).__name__}) {kinds[1]}. They must '
            'agree: give both a head of one kind.')
    theirs, ours = (parts_of(output)[0] for output in
                    (teacher_output, student_output))
    if theirs.shape[1] != ours.shape[1]:
        raise ValueError(
            f'The teacher has {theirs.shape[1]} keypoints, the student '
            f'{ours.shape[1]}. If the student\'s are among the teacher\'s, '
            'set `teacher.keypoints` to their indices there; else train both '
            'on one point set (MMPose\'s KeypointConverter).')
    codecs = codec_name(teacher), codec_name(student)
    if kinds[0] == _HEATMAPS and None not in codecs and codecs[0] != codecs[1]:
        raise ValueError(
            f'The teacher\'s heatmaps are coded by {codecs[0]}, the '
            f'student\'s by {codecs[1]}, so that one landmark peaks at '
            'different pixels. Use one codec for both.')
    shapes = [[tuple(part.shape[1:]) for part in parts_of(output)]
              for output in (teacher_output, student_output)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f'The teacher\'s {kinds[0]} have the shapes {shapes[0]}, the '
            f'student\'s {shapes[1]}. Choose `input_size` and '
            '`simcc_split_ratio` such that they agree.')


def stack_targets(head: nn.Module, data_samples) -> Tuple[Output, Tensor]:
    """Collects what a head's loss compares with.

    Args:
        head (nn.Module): The student's head.
        data_samples (list[PoseDataSample]): A batch of B samples.

    Returns:
        tuple: Targets, heatmaps (B, K, H, W) or SimCC vectors (B, K, W_x)
        and (B, K, W_y), and keypoint weights (B, K); some tools write -1 for
        points without a label, which counts as 0.
    """
    labels = [sample.gt_instance_labels for sample in data_samples]
    weight = torch.cat([label.keypoint_weights for label in labels]).clamp(0)
    if representation(head) == _HEATMAPS:
        target = torch.stack([s.gt_fields.heatmaps for s in data_samples])
    else:
        target = tuple(
            torch.cat([getattr(label, name) for label in labels])
            for name in ('keypoint_x_labels', 'keypoint_y_labels'))
    return target, weight


def softmax_beta(head: nn.Module) -> float:
    """The factor of SimCC scores in the softmax that a head was trained by.

    Args:
        head (nn.Module): A head of MMPose.

    Returns:
        float: ``beta`` of ``KLDiscretLoss``; 1 for other losses.
    """
    loss = head.loss_module
    return loss.beta if isinstance(loss, KLDiscretLoss) else 1.


def output_as_target(head: nn.Module) -> Callable[[Output], Output]:
    """How an output becomes a target of a head's task loss.

    Heatmaps are one as they are. SimCC vectors are scores, but
    ``KLDiscretLoss`` compares with a distribution.

    Args:
        head (nn.Module): The student's head.

    Returns:
        Callable: From an output to a target.
    """
    loss = head.loss_module
    if not isinstance(loss, KLDiscretLoss):
        return lambda output: output
    if loss.label_softmax:  # which the loss is going to take
        return lambda output: map_parts(
            lambda part: part * (loss.beta / loss.label_beta), output)
    return lambda output: map_parts(
        lambda part: F.softmax(part * loss.beta, dim=-1), output)
