from typing import Optional

from mmpose.registry import MODELS
from torch import Tensor

from .base import DistillBatch, DistillLoss, checked_weight, parts_of
from .softened import full_precision, softened_kl


def _mse(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    return (student - teacher).square().mean(-1)


_FORMS = dict(mse=_mse, kl=softened_kl)


@MODELS.register_module()
class LogitDistillLoss(DistillLoss):
    """Logits distillation (LD): the student's output follows the teacher's.

    Each keypoint counts by its weight, so that hidden points of weight 0 do
    not train. Of a SimCC head, x and y count alike.

    Args:
        form (str): ``'mse'``, mean squared error (fast pose distillation,
            arXiv 1811.05419); ``'kl'``, divergence between the softmax over
            all positions, softened by the temperature. Defaults to
            ``'mse'``.
        temperature (float): Of ``'kl'``. Heatmaps that were trained by MSE
            lie between 0 and 1, where a temperature of 1 makes all positions
            equal: use about 0.1 there. Defaults to 1.
        loss_weight (float): Defaults to 1.
    """

    def __init__(self,
                 form: str = 'mse',
                 temperature: float = 1.,
                 loss_weight: float = 1.) -> None:
        super().__init__()
        if form not in _FORMS:
            raise ValueError(f'LogitDistillLoss: unknown form {form!r}; one '
                             f'of {", ".join(_FORMS)}.')
        self.compare = _FORMS[form]
        self.temperature = temperature
        self.loss_weight = checked_weight(loss_weight)

    def forward(self, batch: DistillBatch) -> Tensor:
        """Compares the outputs.

        Args:
            batch (DistillBatch): Outputs of a step.

        Returns:
            Tensor: Scalar.
        """
        students, teachers = map(
            parts_of, (batch.student_output, batch.teacher_output))
        return self.loss_weight * sum(
            self._compare(student, teacher, batch.target_weight)
            for student, teacher in zip(students, teachers)) / len(students)

    def _compare(self, student: Tensor, teacher: Tensor,
                 weight: Optional[Tensor]) -> Tensor:
        each = self.compare(  # (B, K)
            full_precision(student.flatten(2)),
            full_precision(teacher.flatten(2)), self.temperature)
        return (each if weight is None else each * weight).mean()
