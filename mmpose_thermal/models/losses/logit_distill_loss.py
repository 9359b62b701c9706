from mmpose.registry import MODELS
from torch import Tensor

from .base import DistillBatch, DistillLoss, checked_weight, parts_of
from .softened import full_precision, softened_kl


def _mse(student: Tensor, teacher: Tensor, temperature: float,
         beta: float) -> Tensor:
    return (student - teacher).square().mean(-1)


def _kl(student: Tensor, teacher: Tensor, temperature: float,
        beta: float) -> Tensor:
    return softened_kl(beta * student, beta * teacher, temperature)


_FORMS = dict(mse=_mse, kl=_kl)


@MODELS.register_module()
class LogitDistillLoss(DistillLoss):
    """Logits distillation (LD): the student's output follows the teacher's.

    Each keypoint counts by its weight; hidden points of weight 0 do not count.
    For SimCC heads the loss is the mean over x and y, with scores scaled as
    in the student's task loss: MMPose's ``KDLoss`` with weights of 1 is twice
    this ``'kl'``.

    Args:
        form (str): ``'mse'``, mean squared error (fast pose distillation,
            arXiv 1811.05419); ``'kl'``, divergence between the softmax over
            all positions, softened by the temperature. Defaults to
            ``'mse'``.
        temperature (float): For ``'kl'``. Heatmaps trained with MSE lie
            between 0 and 1, where a temperature of 1 makes all positions
            nearly equal; use about 0.1. Defaults to 1.
        loss_weight (float): Defaults to 1.

    Raises:
        ValueError: The heads return anything but one map per keypoint, or
            ``'kl'`` is used for coordinates.
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
        if batch.beta is None and self.compare is _kl:
            raise ValueError('LogitDistillLoss: form="kl" needs scores over '
                             'positions, not coordinates. Use form="mse".')
        students, teachers = map(
            parts_of, (batch.student_output, batch.teacher_output))
        return self.loss_weight * sum(
            self._compare(student, teacher, batch)
            for student, teacher in zip(students, teachers)) / len(students)

    def _compare(self, student: Tensor, teacher: Tensor,
                 batch: DistillBatch) -> Tensor:
        each = self.compare(  # (B, K)
            full_precision(student.flatten(2)),
            full_precision(teacher.flatten(2)),
            self.temperature, batch.beta or 1.)
        weight = batch.target_weight
        if weight is None:
            return each.mean()
        if weight.shape != each.shape:
            raise ValueError(
                f'LogitDistillLoss compares one map per keypoint, but there are '
                f'{each.shape[1]} for {weight.shape[1]} keypoints '
                '(UDPHeatmap with heatmap_type="combined" adds offsets). Use '
                'DIKDLoss(reverse_target="teacher"), or the codec\'s "gaussian".')
        return (each * weight).mean()
