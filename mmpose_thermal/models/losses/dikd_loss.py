from contextlib import contextmanager
from typing import Dict, Optional, Union

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.runner.activation_checkpointing import wrap_forward
from mmpose.registry import MODELS
from torch import Tensor

from ..connectors import build_connector, connected
from .base import DistillBatch, DistillLoss, checked_layers

_TEACHER_SHARES = dict(gt=0., teacher=1.)
# Of a `forward` that MMEngine's `activation_checkpointing` has replaced.
_CHECKPOINTED = wrap_forward(print).__code__


@contextmanager
def frozen_norm_statistics(module: nn.Module):
    """BatchNorm normalises by the batch but keeps its running statistics.

    The deployed student uses those statistics; features of another network
    must not enter them. So activations are kept here, in spite of activation
    checkpointing, which would compute them again in the backward pass.

    Args:
        module (Callable): A module; any other callable is left alone.
    """
    layers = [*getattr(module, 'modules', tuple)()]
    norms = [
        layer for layer in layers
        if isinstance(layer, nn.modules.batchnorm._BatchNorm)
        and layer.training and layer.track_running_stats
    ]
    checkpointed = [layer for layer in layers if getattr(layer, 'with_cp', False)]
    wrapped = {layer: layer.forward for layer in layers if getattr(
        layer.forward, '__code__', None) is _CHECKPOINTED}
    for layer in norms:
        layer.track_running_stats = False
    for layer in checkpointed:
        layer.with_cp = False
    for layer, forward in wrapped.items():
        layer.forward = forward.__wrapped__
    try:
        yield
    finally:
        for layer in norms:
            layer.track_running_stats = True
        for layer in checkpointed:
            layer.with_cp = True
        for layer, forward in wrapped.items():
            layer.forward = forward


@MODELS.register_module()
class DIKDLoss(DistillLoss):
    r"""Dual-injected knowledge distillation (MLCM-KD, arXiv 2510.11128).

    Forward injection sends the teacher's features through the student's
    head, which learns to read them. Reverse injection sends the student's
    features through the frozen teacher's head. This teaches the student's
    backbone to produce what that head reads:

    .. math::
        L = a_{fi} \, l(H_s(c_{ts}(\mathrm{sg} F_t)), Y_{fi}, w)
          + a_{ri} \, l(H_t(c_{st}(F_s)), Y_{ri}, w)

    with :math:`l` the student's own task loss. The distiller applies the
    decay r(t).

    Args:
        forward_weight (float): :math:`a_{fi}`; 0 leaves the term out.
            Defaults to 1.
        reverse_weight (float): :math:`a_{ri}`; 0 leaves the term out.
            Defaults to 1.
        forward_target, reverse_target (str | float): :math:`Y_{fi}` and
            :math:`Y_{ri}`: ``'gt'`` for the ground truth, ``'teacher'`` for
            the teacher's own output; or the teacher's share in a mix of both
            losses. The paper's abstract leaves it open; the default,
            ``'gt'``, is ours. Unlabelled samples have the teacher's output in
            any case.
        connector (str | dict): Connects features of different shapes, see
            :func:`build_connector`. Defaults to ``'auto'``.
        layers (dict[str, str], optional): Where to inject instead of before
            the heads: a layer of ``teacher`` and one of ``student``, such as
            ``dict(teacher='backbone.layer3', student='backbone.layer3')``.
            All that follows a layer then acts as the head.
        partial (bool): Whether reverse injection mixes channels of the
            teacher into the student's features, at random, with the distance
            between both (1 - cosine) as their share, as DPK (arXiv
            2206.06067) mixes by the gap. Defaults to False.
    """
    injects = True

    def __init__(self,
                 forward_weight: float = 1.,
                 reverse_weight: float = 1.,
                 forward_target: Union[str, float] = 'gt',
                 reverse_target: Union[str, float] = 'gt',
                 connector: Union[str, dict] = 'auto',
                 layers: Optional[Dict[str, str]] = None,
                 partial: bool = False) -> None:
        super().__init__()
        if min(forward_weight, reverse_weight) < 0 or \
                forward_weight + reverse_weight == 0:
            raise ValueError(
                'DIKDLoss: the weights must not be negative, and one of them '
                f'must be positive; got forward_weight={forward_weight}, '
                f'reverse_weight={reverse_weight}.')
        self.forward_weight = forward_weight
        self.reverse_weight = reverse_weight
        self.forward_share = _teacher_share('forward_target', forward_target)
        self.reverse_share = _teacher_share('reverse_target', reverse_target)
        self.connector = connector
        self.layers = checked_layers(layers)
        self.partial = partial

    def connect(self, teacher_shape, student_shape) -> None:
        """Builds the connectors of the active terms."""
        if self.forward_weight:
            self.to_student = build_connector(self.connector, teacher_shape,
                                              student_shape,
                                              ('teacher', 'student'))
        if self.reverse_weight:
            self.to_teacher = build_connector(self.connector, student_shape,
                                              teacher_shape,
                                              ('student', 'teacher'))

    def forward(self, batch: DistillBatch) -> Tensor:
        """Computes both injections.

        Args:
            batch (DistillBatch): Features, heads and targets of a step.

        Returns:
            Tensor: Scalar.
        """
        teacher, student = (batch.teacher_feature.detach(),
                            batch.student_feature)
        loss = 0.
        if self.forward_weight:
            injected = connected(self.to_student, teacher, student.detach())
            with frozen_norm_statistics(batch.student_head):
                output = batch.student_head(injected)
            loss = loss + self.forward_weight * batch.task_loss(
                output, self.forward_share)
        if self.reverse_weight:
            injected = connected(self.to_teacher, student, teacher)
            if self.partial:
                injected = _partly(teacher, injected)
            loss = loss + self.reverse_weight * batch.task_loss(
                batch.teacher_head(injected), self.reverse_share)
        return loss


def _teacher_share(name: str, target: Union[str, float]) -> float:
    if isinstance(target, str) and target in _TEACHER_SHARES:
        return _TEACHER_SHARES[target]
    if isinstance(target, str) or not 0 <= target <= 1:
        raise ValueError(f'DIKDLoss: `{name}` must be "gt", "teacher" or the '
                         f'share of the teacher from 0 to 1, got {target!r}.')
    return float(target)


def _partly(teacher: Tensor, student: Tensor) -> Tensor:
    """Replaces channels of the student's by the teacher's, the more the further."""
    gap = 1 - F.cosine_similarity(student.detach().flatten(1).float(),
                                  teacher.flatten(1).float())  # (B, ), 0 to 2
    chance = torch.rand(student.shape[:2], device=student.device)
    chosen = chance < gap.clamp(0, 1)[:, None]
    return torch.where(chosen[..., None, None], teacher.to(student.dtype), student)
