"""Runs on random numbers that make a wrong set-up fail before training."""
import copy
from typing import Dict, Optional

import torch
import torch.nn as nn
from torch import Tensor

from ..connectors import Shape
from ..losses import DistillBatch, DistillLoss
from ..losses.base import Output, map_parts, parts_of
from .head_adapter import HeadAdapter
from .teacher import Teacher

_SAMPLES = 2


def dry_run_loss(loss: DistillLoss, teacher: Teacher, student: HeadAdapter,
                 output: Output, shapes: Dict[str, Shape],
                 tails: Optional[Dict[str, nn.Module]] = None) -> None:
    """Runs a copy of a loss once, on a batch like those of training.

    The loss and the networks stay unchanged. A loss that cannot be copied is
    not tried.

    Args:
        loss (DistillLoss): With its connectors.
        teacher (Teacher): Its teacher.
        student (HeadAdapter): The student's head.
        output (Tensor | tuple[Tensor]): The student's, for one image.
        shapes (dict[str, tuple[int, int, int]]): (C, h, w) of the features
            of ``'teacher'`` and ``'student'`` that it compares.
        tails (dict[str, nn.Module], optional): What it takes for their heads.

    Raises:
        TypeError: It does not return a tensor.
        ValueError: It returns a number that is not finite.
    """
    try:
        tried, head, behind = copy.deepcopy(
            (loss, student, (tails or {}).get('student', student)))
    except Exception:  # whatever it holds: a lock, an open file
        return
    given = _random_like(output, _SAMPLES)
    batch = DistillBatch(
        student_feature=_random(_SAMPLES, *shapes['student']),
        teacher_feature=_random(_SAMPLES, *shapes['teacher']),
        student_head=behind.eval(),
        teacher_head=(tails or {}).get('teacher', teacher.head),
        criterion=head.task_loss,
        target=_target(head, given),
        target_weight=_weights(head, given),
        student_output=given,
        as_target=head.as_target,
        beta=head.beta)
    with torch.random.fork_rng(devices=[]):
        found = tried.eval()(batch)
    if not isinstance(found, Tensor):
        raise TypeError(f'it returns a {type(found).__name__}, not a tensor.')
    if not torch.isfinite(found).all():
        raise ValueError('it is not finite on random numbers.')


def sums_over_samples(head: HeadAdapter, output: Output) -> bool:
    """Whether a head's task loss is a sum over the samples, not a mean.

    MMPose's ``KLDiscretLoss`` is a sum, most others are means.

    Args:
        head (HeadAdapter): The student's head.
        output (Tensor | tuple[Tensor]): What it returns for one sample.

    Returns:
        bool: Whether two equal samples have a larger loss than one.
    """
    def loss_of(samples: int) -> float:
        given = _random_like(output, samples)
        loss = head.task_loss(given, _target(head, given),
                              _weights(head, given))
        return abs(float(loss.mean()))

    return loss_of(_SAMPLES) > 1.5 * loss_of(1)


def masks_by_weight(head: HeadAdapter, output: Output) -> bool:
    """Whether points of weight 0 add nothing to a head's task loss."""
    given = _random_like(output, _SAMPLES)
    loss = head.task_loss(given, _target(head, given),
                          0 * _weights(head, given))
    return not loss.any()


def _random(*shape: int) -> Tensor:
    """The same at every start; leaves the run's own generator alone."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def _random_like(output: Output, samples: int) -> Output:
    return map_parts(lambda part: _random(1, *part.shape[1:]).repeat(
        samples, *[1] * (part.ndim - 1)), output)


def _target(head: HeadAdapter, output: Output) -> Output:
    """Differs from the output, and has a peak of 1 as codecs make it."""

    def with_peak(part: Tensor) -> Tensor:
        part = part.flip(-1)
        part[..., 0] = 1.
        return part

    return head.as_target(map_parts(with_peak, output))


def _weights(head: HeadAdapter, output: Output) -> Tensor:
    return torch.ones(len(parts_of(output)[0]), head.num_keypoints(output))
