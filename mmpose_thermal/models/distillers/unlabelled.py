"""What an unlabelled sample learns from: the teacher's output."""
from typing import Dict, Optional, Sequence, Tuple

import torch
from torch import Tensor

from ..losses import DistillBatch
from ..losses.base import Output, parts_of
from .decay import training_progress
from .dry_run import masks_by_weight
from .head_adapter import HeadAdapter
from .teacher import Teacher


class TeacherLabels:
    """The teacher's output as the target of samples without labels.

    Each point counts by the teacher's confidence: the height of its peak, for
    heatmaps of MSE about 1 where the teacher is sure. Samples with labels keep
    their targets. A sample without them has keypoint weights of 0.

    Args:
        threshold (float): Points of lower confidence do not count. Defaults
            to 0.3.
        ramp_up (float): The share of the training over which the weight of
            unlabelled samples rises from 0. Defaults to 0.
        flip_tolerance (float, optional): Points count only if the teacher
            finds them in the mirrored crop within this share of the crop's
            size as well, or within a pixel of its heatmap. Costs another pass of
            the teacher. Defaults to no such test.

    Raises:
        ValueError: A number is out of range.
    """

    def __init__(self,
                 threshold: float = .3,
                 ramp_up: float = 0.,
                 flip_tolerance: Optional[float] = None) -> None:
        for name, value in (('threshold', threshold), ('ramp_up', ramp_up),
                            ('flip_tolerance', flip_tolerance or 0.)):
            if not 0 <= value <= 1:
                raise ValueError(f'`{name}` must lie between 0 and 1, got '
                                 f'{value!r}.')
        self.threshold = threshold
        self.ramp_up = ramp_up
        self.flip_tolerance = flip_tolerance

    def check(self, head: HeadAdapter, output: Output) -> None:
        """Raises ValueError if a student's task loss ignores keypoint weights."""
        if not masks_by_weight(head, output):
            raise ValueError(
                f'{type(head.head.loss_module).__name__} ignores keypoint weights, '
                'so it would train on unlabelled samples. Set '
                '`use_target_weight=True` in the loss of the student\'s head.')

    def __call__(self, teacher: Teacher, images: Tensor, samples: Sequence,
                 batch: DistillBatch) -> Tuple[DistillBatch, Dict[str, Tensor]]:
        """Fills in targets and weights of unlabelled samples.

        Args:
            teacher (Teacher): The teacher.
            images (Tensor): What it sees, (B, C, H, W).
            samples (Sequence[PoseDataSample]): The B samples.
            batch (DistillBatch): With the targets of the labelled ones.

        Returns:
            tuple: The batch and, for the log, the shares of samples without
            labels and of their points that count, and the teacher's mean
            confidence in them.
        """
        weight, output = batch.target_weight, batch.teacher_output
        assert weight is not None
        bare = weight.eq(0).all(1, keepdim=True)  # (B, 1)
        confidence = teacher.head.confidence(output).to(weight)
        counts = confidence >= self.threshold
        if self.flip_tolerance is not None:
            counts &= self._agrees_when_flipped(teacher, images, samples, output)
        ramp = min(1., training_progress() / self.ramp_up) if self.ramp_up else 1.
        target = tuple(
            torch.where(bare.view(-1, *[1] * (theirs.ndim - 1)), ours.to(theirs),
                        theirs)
            for ours, theirs in zip(parts_of(batch.as_target(output)),
                                    parts_of(batch.target)))
        number = bare.sum().clamp(1) * weight.shape[1]
        filled = batch.replaced(
            target=target if isinstance(batch.target, tuple) else target[0],
            target_weight=torch.where(bare, ramp * confidence * counts, weight))
        return filled, dict(
            unlabelled_share=bare.to(weight).mean(),
            confident_share=(bare & counts).sum() / number,
            teacher_confidence=(bare * confidence).sum() / number)

    def _agrees_when_flipped(self, teacher: Teacher, images: Tensor,
                             samples: Sequence, output: Output) -> Tensor:
        with torch.no_grad():
            mirrored = teacher.head(teacher.feature(images.flip(-1)))
        there = teacher.head.positions(mirrored)[
            :, samples[0].metainfo['flip_indices']]
        there = torch.stack([1 - there[..., 0], there[..., 1]], -1)
        here = teacher.head.positions(output)
        # Rounding to pixels can move both.
        tolerance = max(self.flip_tolerance or 0., teacher.head.position_step(output))
        return (here - there).norm(dim=-1) < tolerance + 1e-6
