from contextlib import contextmanager
from typing import Union

import torch.nn as nn
from mmpose.registry import MODELS
from torch import Tensor

from .base import Connector, DistillBatch, DistillLoss


@contextmanager
def frozen_norm_statistics(module: nn.Module):
    """BatchNorm layers normalise by the batch but leave no trace of it.

    Their running statistics are what the deployed student uses; features of
    another network must not enter them.

    Args:
        module (nn.Module): Whose BatchNorm layers are meant.
    """
    layers = [
        layer for layer in module.modules()
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
    features through the frozen teacher's head, so that the student's backbone
    learns to produce what that head reads:

    .. math::
        L = a_{fi} \, l(H_s(c_{ts}(\mathrm{sg} F_t)), Y^*, w)
          + a_{ri} \, l(H_t(c_{st}(F_s)), Y^*, w)

    with :math:`l` the student's own task loss. The decay r(t) of the method
    belongs to the distiller.

    Args:
        forward_weight (float): :math:`a_{fi}`; 0 leaves the term out.
            Defaults to 1.
        reverse_weight (float): :math:`a_{ri}`; 0 leaves the term out.
            Defaults to 1.
        target (str | float): :math:`Y^*`: ``'gt'`` for the ground truth,
            ``'teacher'`` for the teacher's own output, or the teacher's share
            of a mix, in (0, 1). The paper's abstract does not fix it; the
            default ``'gt'`` is ours.
        connector (str | dict): How features of unlike widths are joined, see
            :class:`Connector`. Defaults to ``'auto'``.
    """

    def __init__(self,
                 forward_weight: float = 1.,
                 reverse_weight: float = 1.,
                 target: Union[str, float] = 'gt',
                 connector: Union[str, dict] = 'auto') -> None:
        super().__init__()
        if min(forward_weight, reverse_weight) < 0 or \
                forward_weight + reverse_weight == 0:
            raise ValueError(
                'DIKDLoss: the weights must not be negative, and one of them '
                f'must be positive, got forward_weight={forward_weight}, '
                f'reverse_weight={reverse_weight}.')
        shares = dict(gt=0., teacher=1.)
        share = shares.get(target, target)
        if isinstance(share, str) or not 0 <= share <= 1:
            raise ValueError('DIKDLoss: `target` is "gt", "teacher" or a '
                             f'number between 0 and 1, got {target!r}.')
        self.forward_weight = forward_weight
        self.reverse_weight = reverse_weight
        self.teacher_share = float(share)
        self.connector = connector

    def connect(self, teacher_channels: int, student_channels: int) -> None:
        """Builds the connectors of the terms that are used."""
        if self.forward_weight:
            self.to_student = Connector(self.connector, teacher_channels,
                                        student_channels)
        if self.reverse_weight:
            self.to_teacher = Connector(self.connector, student_channels,
                                        teacher_channels)

    def forward(self, batch: DistillBatch) -> Tensor:
        """Computes both injections.

        Args:
            batch (DistillBatch): Features, heads and targets of a step.

        Returns:
            Tensor: Scalar.
        """
        target = self._target(batch)
        teacher_feat, student_feat = (batch.teacher_feats[-1].detach(),
                                      batch.student_feats[-1])
        loss = 0.
        if self.forward_weight:
            injected = self.to_student(teacher_feat, like=student_feat)
            with frozen_norm_statistics(batch.student_head):
                output = batch.student_head.forward((injected, ))
            loss = loss + self.forward_weight * batch.task_loss(output, target)
        if self.reverse_weight:
            injected = self.to_teacher(student_feat, like=teacher_feat)
            output = batch.teacher_head.forward((injected, ))
            loss = loss + self.reverse_weight * batch.task_loss(output, target)
        return loss

    def _target(self, batch: DistillBatch) -> Tensor:
        if self.teacher_share == 0:
            return batch.target
        if self.teacher_share == 1:
            return batch.teacher_output
        return batch.target.lerp(batch.teacher_output, self.teacher_share)
