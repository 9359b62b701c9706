from typing import Dict, Optional, Union

import torch.nn.functional as F
from mmpose.registry import MODELS
from torch import Tensor

from ..connectors import build_connector, connected
from .base import DistillBatch, DistillLoss, checked_layers, checked_weight
from .softened import full_precision, softened_kl


def _mse(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    return F.mse_loss(student, teacher)


def _cosine(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    return 1 - F.cosine_similarity(student, teacher, dim=1).mean()


def _cwd(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    return softened_kl(student.flatten(2), teacher.flatten(2),
                       temperature).mean()


_FORMS = dict(mse=_mse, cosine=_cosine, cwd=_cwd)


@MODELS.register_module()
class FeatureDistillLoss(DistillLoss):
    """Feature distillation (FD), by default of what the heads read.

    A connector converts the student's features to the teacher's shape.

    Args:
        form (str): ``'mse'``, mean squared error (FitNets, arXiv 1412.6550);
            ``'cosine'``, one minus the cosine between the feature vectors at
            each position; ``'cwd'``, the divergence between the softmax of
            each channel over the positions (channel-wise distillation, arXiv
            2011.13256). Defaults to ``'mse'``.
        temperature (float): For ``'cwd'``. Defaults to 1.
        loss_weight (float): Defaults to 1.
        connector (str | dict): From the student's to the teacher's features,
            see :func:`build_connector`. Defaults to ``'auto'``.
        layers (dict[str, str], optional): The layers whose maps to compare
            instead, such as ``dict(teacher='backbone.layer3',
            student='neck[0]')``. For several pairs use several losses.
    """

    def __init__(self,
                 form: str = 'mse',
                 temperature: float = 1.,
                 loss_weight: float = 1.,
                 connector: Union[str, dict] = 'auto',
                 layers: Optional[Dict[str, str]] = None) -> None:
        super().__init__()
        if form not in _FORMS:
            raise ValueError(f'FeatureDistillLoss: unknown form {form!r}; one '
                             f'of {", ".join(_FORMS)}.')
        self.compare = _FORMS[form]
        self.temperature = temperature
        self.loss_weight = checked_weight(loss_weight)
        self.connector = connector
        self.layers = checked_layers(layers)

    def connect(self, teacher_shape, student_shape) -> None:
        """Builds the connector."""
        self.to_teacher = build_connector(self.connector, student_shape,
                                          teacher_shape,
                                          ('student', 'teacher'))

    def forward(self, batch: DistillBatch) -> Tensor:
        """Compares the features.

        Args:
            batch (DistillBatch): Features of a step.

        Returns:
            Tensor: Scalar.
        """
        teacher = batch.teacher_feature.detach()
        student = connected(self.to_teacher, batch.student_feature, teacher)
        return self.loss_weight * self.compare(
            full_precision(student), full_precision(teacher), self.temperature)
