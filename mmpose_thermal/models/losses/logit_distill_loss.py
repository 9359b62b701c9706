from mmpose.registry import MODELS
from torch import Tensor

from .base import DistillBatch, DistillLoss


@MODELS.register_module()
class LogitDistillLoss(DistillLoss):
    """Logits distillation (LD): the teacher's heatmaps are a second target.

    The student's own task loss is taken against them, weighted by keypoint
    visibility (fast pose distillation, arXiv 1811.05419).

    Args:
        loss_weight (float): Defaults to 1.
    """

    def __init__(self, loss_weight: float = 1.) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, batch: DistillBatch) -> Tensor:
        """Compares the outputs.

        Args:
            batch (DistillBatch): Outputs of a step.

        Returns:
            Tensor: Scalar.
        """
        return self.loss_weight * batch.task_loss(batch.student_output,
                                                  batch.teacher_output)
