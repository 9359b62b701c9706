from typing import Union

import torch.nn.functional as F
from mmpose.registry import MODELS
from torch import Tensor

from .base import Connector, DistillBatch, DistillLoss


@MODELS.register_module()
class FeatureDistillLoss(DistillLoss):
    """Feature distillation (FD): mean squared error at the heads' inputs.

    The student's features are brought to the teacher's shape and compared
    (FitNets, arXiv 1412.6550).

    Args:
        loss_weight (float): Defaults to 1.
        connector (str | dict): From the student's to the teacher's features,
            see :class:`Connector`. Defaults to ``'auto'``.
    """

    def __init__(self,
                 loss_weight: float = 1.,
                 connector: Union[str, dict] = 'auto') -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.connector = connector

    def connect(self, teacher_channels: int, student_channels: int) -> None:
        """Builds the connector."""
        self.to_teacher = Connector(self.connector, student_channels,
                                    teacher_channels)

    def forward(self, batch: DistillBatch) -> Tensor:
        """Compares the features.

        Args:
            batch (DistillBatch): Features of a step.

        Returns:
            Tensor: Scalar.
        """
        target = batch.teacher_feats[-1].detach()
        feature = self.to_teacher(batch.student_feats[-1], like=target)
        return self.loss_weight * F.mse_loss(feature, target)
