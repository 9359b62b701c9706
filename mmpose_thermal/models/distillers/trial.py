"""Runs on random numbers, so that a wrong set-up fails before training."""
import copy

import torch
import torch.nn as nn
from torch import Tensor

from ..losses import DistillBatch, DistillLoss
from ..losses.base import Output, map_parts, parts_of
from .branch import Probe
from .heads import HeadOnFeature, output_as_target, softmax_beta
from .teacher import Teacher

_SAMPLES = 2


def try_loss(loss: DistillLoss, student_head: HeadOnFeature, student: Probe,
             teacher: Teacher) -> None:
    """Runs a copy of a loss once, on a batch such as training brings.

    Nothing of the loss and the networks changes. A loss that cannot be copied
    is not tried.

    Args:
        loss (DistillLoss): With its connectors.
        student_head (HeadOnFeature): Of the student.
        student (Probe): The student's shapes.
        teacher (Teacher): Whose loss it is.

    Raises:
        TypeError: It returns no tensor.
        ValueError: It returns a number that is not finite.
    """
    try:
        tried, head = copy.deepcopy((loss, student_head))
    except Exception:  # whatever it holds: a lock, an open file
        return
    with torch.random.fork_rng(devices=[]):
        found = tried.eval()(_batch(head.eval(), student, teacher))
    if not isinstance(found, Tensor):
        raise TypeError(f'it returns a {type(found).__name__}, not a tensor.')
    if not torch.isfinite(found).all():
        raise ValueError('it is not finite on random numbers.')


def adds_samples_up(head: nn.Module, output: Output) -> bool:
    """Whether a head's task loss is a sum over the samples, not a mean.

    MMPose's ``KLDiscretLoss`` is one, most others are means.

    Args:
        head (nn.Module): The student's head.
        output (Tensor | tuple[Tensor]): What it puts out for one sample.

    Returns:
        bool: Whether two equal samples lose more than one of them.
    """
    def loss_of(samples: int) -> float:
        given = _random_like(output, samples)
        loss = head.loss_module(given, _target(head, given),
                                _keypoint_weights(head, output, samples))
        return abs(float(loss.mean()))

    return loss_of(_SAMPLES) > 1.5 * loss_of(1)


def _batch(student_head: HeadOnFeature, student: Probe,
           teacher: Teacher) -> DistillBatch:
    head = student_head.head
    output = _random_like(student.output, _SAMPLES)
    return DistillBatch(
        student_feature=_random(_SAMPLES, *student.feature_shape),
        teacher_feature=_random(_SAMPLES, *teacher.feature_shape),
        student_head=student_head,
        teacher_head=teacher.head,
        criterion=head.loss_module,
        target=_target(head, output),
        target_weight=_keypoint_weights(head, output, _SAMPLES),
        student_output=output,
        as_target=output_as_target(head),
        beta=softmax_beta(head))


def _random(*shape: int) -> Tensor:
    """The same at every start, and the run's own randomness goes on."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def _random_like(output: Output, samples: int) -> Output:
    return map_parts(lambda part: _random(1, *part.shape[1:]).repeat(
        samples, *[1] * (part.ndim - 1)), output)


def _target(head: nn.Module, output: Output) -> Output:
    """Other than the output, with a peak of 1 as codecs make it."""

    def with_peak(part: Tensor) -> Tensor:
        part = part.flip(-1)
        part[..., 0] = 1.
        return part

    return output_as_target(head)(map_parts(with_peak, output))


def _keypoint_weights(head: nn.Module, output: Output,
                      samples: int) -> Tensor:
    channels = parts_of(output)[0].shape[1]
    combined = getattr(head.decoder, 'heatmap_type', None) == 'combined'
    return torch.ones(samples, channels // 3 if combined else channels)
