from contextlib import contextmanager
from typing import Union

import torch.nn as nn
from mmpose.registry import MODELS
from torch import Tensor

from ..connectors import build_connector
from .base import DistillBatch, DistillLoss, size_of

_TEACHER_SHARES = dict(gt=0., teacher=1.)


@contextmanager
def frozen_norm_statistics(module: nn.Module):
    """BatchNorm normalises by the batch but keeps its running statistics.

    The deployed student uses those statistics; features of another network
    must not enter them.

    Args:
        module (Callable): A module; any other callable is left alone.
    """
    layers = [
        layer for layer in getattr(module, 'modules', tuple)()
        if isinstance(layer, nn.modules.batchnorm._BatchNorm)
        and layer.training and layer.track_running_stats
    ]
    for layer in layers:
        layer.track_running_stats = False
    try:
        yield
    finally:
        for layer in layers:
            layer.track_running_stats = True


@MODELS.register_module()
class DIKDLoss(DistillLoss):
    r"""Dual-injected knowledge distillation (MLCM-KD, arXiv 2510.11128).

    Forward injection sends the teacher's features through the student's
    head, which learns to read them. Reverse injection sends the student's
    features through the frozen teacher's head. This teaches the student's
    backbone to produce what that head reads:

    .. math::
        L = a_{fi} \, l(H_s(c_{ts}(\mathrm{sg} F_t)), Y^*, w)
          + a_{ri} \, l(H_t(c_{st}(F_s)), Y^*, w)

    with :math:`l` the student's own task loss. The distiller applies the
    decay r(t).

    Args:
        forward_weight (float): :math:`a_{fi}`; 0 leaves the term out.
            Defaults to 1.
        reverse_weight (float): :math:`a_{ri}`; 0 leaves the term out.
            Defaults to 1.
        target (str): :math:`Y^*`: ``'gt'`` for the ground truth,
            ``'teacher'`` for the teacher's own output, ``'mix'`` for both. The
            paper's abstract leaves it open; the default is ours.
        teacher_share (float): The teacher's share of ``'mix'``. Defaults to
            0.5.
        connector (str | dict): Connects features of different shapes, see
            :func:`build_connector`. Defaults to ``'auto'``.
    """

    def __init__(self,
                 forward_weight: float = 1.,
                 reverse_weight: float = 1.,
                 target: str = 'gt',
                 teacher_share: float = .5,
                 connector: Union[str, dict] = 'auto') -> None:
        super().__init__()
        if min(forward_weight, reverse_weight) < 0 or \
                forward_weight + reverse_weight == 0:
            raise ValueError(
                'DIKDLoss: the weights must not be negative, and one of them '
                f'must be positive; got forward_weight={forward_weight}, '
                f'reverse_weight={reverse_weight}.')
        if target not in ('gt', 'teacher', 'mix'):
            raise ValueError('DIKDLoss: `target` must be "gt", "teacher" or '
                             f'"mix", got {target!r}.')
        if not 0 <= teacher_share <= 1:
            raise ValueError('DIKDLoss: `teacher_share` must lie between 0 '
                             f'and 1, got {teacher_share}.')
        self.forward_weight = forward_weight
        self.reverse_weight = reverse_weight
        self.teacher_share = _TEACHER_SHARES.get(target, teacher_share)
        self.connector = connector

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
            injected = self.to_student(teacher, size_of(student))
            with frozen_norm_statistics(batch.student_head):
                output = batch.student_head(injected)
            loss = loss + self.forward_weight * batch.task_loss(
                output, self.teacher_share)
        if self.reverse_weight:
            injected = self.to_teacher(student, size_of(teacher))
            loss = loss + self.reverse_weight * batch.task_loss(
                batch.teacher_head(injected), self.teacher_share)
        return loss
