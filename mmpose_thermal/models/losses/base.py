import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Real
from typing import Callable, Dict, Optional, Tuple, Union

import torch
import torch.nn as nn
from mmengine.model import BaseModule
from torch import Tensor

from ..connectors import Shape

#: What a head returns: heatmaps (B, K, H, W), SimCC vectors of x and y,
#: (B, K, W_x) and (B, K, W_y), or coordinates (B, K, 2).
Output = Union[Tensor, Tuple[Tensor, ...]]


def parts_of(output: Output) -> Tuple[Tensor, ...]:
    """The tensors of an output: two of SimCC vectors, else one."""
    return output if isinstance(output, tuple) else (output, )


def map_parts(function: Callable[[Tensor], Tensor], output: Output) -> Output:
    """Applies a function to each tensor of an output."""
    if isinstance(output, tuple):
        return tuple(map(function, output))
    return function(output)


def _as_it_is(output: Output) -> Output:
    return output


@dataclass
class DistillBatch:
    """All that a distillation loss may use, built once a step.

    B is the batch size, K the number of keypoints.

    Attributes:
        student_feature (Tensor): What the student's head reads,
            (B, C_s, h_s, w_s).
        teacher_feature (Tensor): Likewise for the teacher, without gradients.
        student_head (nn.Module): Maps a feature map to an output. Trainable.
        teacher_head (nn.Module): Likewise, frozen and in eval mode; gradients
            flow through it, not into it.
        criterion (Callable): The task loss: a scalar from an output, a target
            and the keypoint weights, if any.
        target (Tensor | tuple[Tensor]): Ground truth in the form that the
            task loss takes.
        target_weight (Tensor, optional): Keypoint weights, (B, K).
        student_output (Tensor | tuple[Tensor], optional): The student's own
            output. Computed if not given.
        as_target (Callable): Turns an output into a target of
            ``criterion``. By default returns it unchanged.
        beta (float, optional): The factor that turns scores of either output
            into the logits of a distribution over positions; None for
            coordinates, which are not scores. Defaults to 1.
        criterion_scale (float): Factor of ``criterion``. Defaults to 1.
        student_maps, teacher_maps (dict[str, Tensor]): Maps of the layers
            that losses name, (B, C, h, w) by layer.
    """
    student_feature: Tensor
    teacher_feature: Tensor
    student_head: nn.Module
    teacher_head: nn.Module
    criterion: Callable[..., Tensor]
    target: Output
    target_weight: Optional[Tensor] = None
    student_output: Optional[Output] = None
    as_target: Callable[[Output], Output] = _as_it_is
    beta: Optional[float] = 1.
    criterion_scale: float = 1.
    student_maps: Dict[str, Tensor] = field(default_factory=dict)
    teacher_maps: Dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.student_output is None:
            self.student_output = self.student_head(self.student_feature)

    def with_layers(self, layers: Optional[Dict[str, str]],
                    tails: Optional[Dict[str, nn.Module]] = None
                    ) -> 'DistillBatch':
        """Returns the batch with the maps of two layers as features.

        Args:
            layers (dict[str, str], optional): See :class:`DistillLoss`.
            tails (dict[str, nn.Module], optional): What comes behind the layer
                of ``'teacher'`` and ``'student'``, as heads.

        Returns:
            DistillBatch: The batch itself if ``layers`` is empty.
        """
        if not layers:
            return self
        heads = {f'{side}_head': tail for side, tail in (tails or {}).items()}
        if heads:
            self.teacher_output  # the tail would compute it again
        return self.replaced(
            student_feature=self.student_maps[layers['student']],
            teacher_feature=self.teacher_maps[layers['teacher']], **heads)

    def replaced(self, **fields) -> 'DistillBatch':
        """The batch with other fields; what the teacher returned stays."""
        new = replace(self, **fields)
        if 'teacher_output' in self.__dict__:
            new.__dict__['teacher_output'] = self.teacher_output
        return new

    @cached_property
    def teacher_output(self) -> Output:
        """The teacher's own output, without gradients."""
        with torch.no_grad():
            return self.teacher_head(self.teacher_feature)

    def task_loss(self, output: Output, teacher_share: float = 0.) -> Tensor:
        """The task loss of an output.

        Args:
            output (Tensor | tuple[Tensor]): From either head.
            teacher_share (float): 0 compares it with the ground truth, 1 with
                the teacher's output; values in between mix the two losses.
                Defaults to 0.

        Returns:
            Tensor: Scalar.
        """
        weight = () if self.target_weight is None else (self.target_weight, )
        loss = 0.
        if teacher_share < 1:
            loss = loss + (1 - teacher_share) * self.criterion(
                output, self.target, *weight)
        if teacher_share > 0:
            loss = loss + teacher_share * self.criterion(
                output, self.as_target(self.teacher_output), *weight)
        return self.criterion_scale * loss


def checked_weight(value: float) -> float:
    """Checks the weight of a loss.

    Args:
        value (float): As in the config.

    Returns:
        float: The weight, unchanged.

    Raises:
        ValueError: It is not a finite number, or it is negative.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or \
            not 0 <= value < math.inf:
        raise ValueError('loss_weight must be a finite number and not '
                         f'negative, got {value!r}.')
    return value


class DistillLoss(BaseModule):
    """Base class of the distillation losses.

    A subclass implements ``forward(batch)``, which takes a
    :class:`DistillBatch` and returns a scalar, the mean over the samples. The
    distiller weights it by the share of samples that the teacher can see. A
    loss that compares features builds its connectors in :meth:`connect`.

    Attributes:
        layers (dict[str, str], optional): Names of a layer of ``teacher`` and
            one of ``student``, whose maps become the features of the batch.
            Defaults to what the heads read.
        injects (bool): Whether the loss sends features through the heads.
            With ``layers``, the heads of the batch are then all that comes
            behind those layers.
    """
    layers: Optional[Dict[str, str]] = None
    injects = False

    def connect(self, teacher_shape: Shape, student_shape: Shape) -> None:
        """Called once, before the first batch.

        Args:
            teacher_shape (tuple[int, int, int]): (C, h, w) of the teacher's
                feature map.
            student_shape (tuple[int, int, int]): Likewise for the student.
        """

    def forward(self, batch: DistillBatch) -> Tensor:
        """Returns the loss of a batch, a scalar."""
        raise NotImplementedError


def checked_layers(layers: Optional[Dict[str, str]]
                   ) -> Optional[Dict[str, str]]:
    """Raises ValueError unless it names a layer of both networks, or is None."""
    if layers is not None and set(layers) != {'teacher', 'student'}:
        raise ValueError('`layers` must name a layer of "teacher" and one of '
                         f'"student", got {layers}.')
    return layers
