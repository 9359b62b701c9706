import torch
import torch.nn.functional as F
from torch import Tensor


def full_precision(values: Tensor) -> Tensor:
    """Casts half precision to float32, which sums of many small terms need."""
    return values.float() if values.dtype in (torch.float16,
                                              torch.bfloat16) else values


def softened_kl(student: Tensor, teacher: Tensor,
                temperature: float) -> Tensor:
    """Divergence of the student's softmax from the teacher's.

    The square of the temperature is a factor, which keeps the size of the
    gradient (Hinton et al., arXiv 1503.02531).

    Args:
        student (Tensor): Scores, (..., N).
        teacher (Tensor): Scores, (..., N).
        temperature (float): Divides the scores.

    Returns:
        Tensor: (...), one value per distribution.
    """
    divergence = F.kl_div(
        F.log_softmax(student / temperature, dim=-1),
        F.log_softmax(teacher / temperature, dim=-1),
        reduction='none',
        log_target=True)
    return divergence.sum(-1) * temperature**2
