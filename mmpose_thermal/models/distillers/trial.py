"""Runs on random numbers, so that a wrong set-up fails before training."""
import torch
import torch.nn as nn

from ..losses import DistillBatch
from ..losses.base import Output, map_parts, parts_of
from .branch import Probe
from .heads import HeadOnFeature, output_as_target, softmax_beta
from .teacher import Teacher

_SAMPLES = 2


def _random(*shape: int) -> torch.Tensor:
    """The same at every start, and the run's own randomness goes on."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def _random_like(output: Output, samples: int) -> Output:
    return map_parts(lambda part: _random(1, *part.shape[1:]).repeat(
        samples, *[1] * (part.ndim - 1)), output)


def _keypoint_weights(head: nn.Module, output: Output,
                      samples: int) -> torch.Tensor:
    channels = parts_of(output)[0].shape[1]
    combined = getattr(head.decoder, 'heatmap_type', None) == 'combined'
    return torch.ones(samples, channels // 3 if combined else channels)


def trial_batch(student_head: HeadOnFeature, student: Probe,
                teacher: Teacher) -> DistillBatch:
    """A batch such as training brings, for a loss to be tried on.

    Args:
        student_head (HeadOnFeature): Of the student.
        student (Probe): The student's shapes.
        teacher (Teacher): Whose losses are tried.

    Returns:
        DistillBatch: Of two samples. The student's output is given, so that
        its head does not run for losses that only compare outputs.
    """
    head = student_head.head
    output = _random_like(student.output, _SAMPLES)
    as_target = output_as_target(head)
    return DistillBatch(
        student_feature=_random(_SAMPLES, *student.feature_shape),
        teacher_feature=_random(_SAMPLES, *teacher.feature_shape),
        student_head=student_head,
        teacher_head=teacher.head,
        criterion=head.loss_module,
        target=as_target(output),
        target_weight=_keypoint_weights(head, output, _SAMPLES),
        student_output=output,
        as_target=as_target,
        beta=softmax_beta(head))


def adds_samples_up(head: nn.Module, output: Output) -> bool:
    """Whether a head's task loss is a sum over the samples, not a mean.

    MMPose's ``KLDiscretLoss`` is one, most others are means.

    Args:
        head (nn.Module): The student's head.
        output (Tensor | tuple[Tensor]): What it puts out for one sample.

    Returns:
        bool: Whether two equal samples lose more than one of them.
    """
    as_target = output_as_target(head)

    def loss_of(samples: int) -> float:
        given = _random_like(output, samples)
        target = as_target(map_parts(lambda part: part.flip(-1), given))
        return float(head.loss_module(
            given, target, _keypoint_weights(head, output, samples)))

    return loss_of(_SAMPLES) > 1.5 * loss_of(1)
