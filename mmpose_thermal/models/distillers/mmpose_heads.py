"""Adapters for MMPose's heads."""
from typing import Optional, Sequence, Tuple

import torch
import torch.nn.functional as F
from mmpose.codecs.base import BaseKeypointCodec
from mmpose.models.heads import (HeatmapHead, RegressionHead, RTMCCHead,
                                 RTMWHead, SimCCHead)
from mmpose.models.losses import KLDiscretLoss
from torch import Tensor

from ..losses.base import Output, map_parts
from .head_adapter import HeadAdapter, adapts, labels_of
from .resampling import resample


@adapts(HeatmapHead)
class HeatmapAdapter(HeadAdapter):
    """Heatmaps (B, K, H, W) of one codec, resampled to the student's size."""
    output_kind = 'heatmaps'
    size: Optional[Tuple[int, int]] = None

    def targets(self, samples: Sequence) -> Tensor:
        """The codec's heatmaps."""
        return torch.stack([sample.gt_fields.heatmaps for sample in samples])

    def num_keypoints(self, output: Tensor) -> int:
        """UDP's combined heatmaps have two offsets for each keypoint."""
        combined = getattr(self.head.decoder, 'heatmap_type', '') == 'combined'
        return output.shape[1] // (3 if combined else 1)

    def confidence(self, output: Tensor) -> Tensor:
        """The peaks of the heatmaps."""
        return super().confidence(self._heatmaps(output))

    def positions(self, output: Tensor) -> Tensor:
        """The highest pixels, where the codec puts them in the crop."""
        maps = self._heatmaps(output)
        width, height = maps.shape[:-3:-1]
        best = maps.flatten(2).argmax(-1)
        right, bottom = width - 1., height - 1.
        sides = getattr(self.head.decoder, 'input_size', None)
        if sides and self._codec() != 'UDPHeatmap':  # whose last pixel is the crop's
            right, bottom = ((side - 1) / side * length
                             for side, length in zip(sides, (width, height)))
        return torch.stack([best % width / right, best // width / bottom], -1)

    def position_step(self, output: Tensor) -> float:
        """A pixel of the heatmap."""
        return 1 / (min(output.shape[-2:]) - 1)

    def _heatmaps(self, output: Tensor) -> Tensor:
        """Without UDP's offsets, which follow each heatmap."""
        return output[:, ::output.shape[1] // self.num_keypoints(output)]

    def _codec(self) -> Optional[str]:
        """The codec of MMPose; ours decode differently, but encode the same."""
        codec = type(self.head.decoder)
        if not issubclass(codec, BaseKeypointCodec):
            return None
        return next((kind for kind in codec.__mro__ if kind.__module__.startswith(
            'mmpose.') and kind is not BaseKeypointCodec), codec).__name__

    def match(self, student: HeadAdapter, output: Tensor) -> None:
        """Takes the student's size; the codecs must be the same."""
        codecs = [adapter._codec() for adapter in (self, student)]
        if None not in codecs and codecs[0] != codecs[1]:
            raise ValueError(
                f'The teacher\'s heatmaps are coded by {codecs[0]}, the '
                f'student\'s by {codecs[1]}: a landmark would peak at '
                'different pixels. Use one codec for both.')
        self.size = tuple(output.shape[-2:])

    def convert(self, output: Tensor) -> Tensor:
        """Selects keypoints and resamples."""
        output = super().convert(output)
        if self.size is None:
            return output
        return resample(output, self.size, self._codec() == 'UDPHeatmap')


@adapts(SimCCHead, RTMCCHead)
class SimCCAdapter(HeadAdapter):
    """SimCC vectors (B, K, W_x) and (B, K, W_y), on the student's scale."""
    output_kind = 'SimCC vectors'
    scale = 1.

    @property
    def beta(self) -> float:  # type: ignore[override]
        """The factor of scores in the softmax of the head's loss."""
        loss = self.head.loss_module
        return loss.beta if isinstance(loss, KLDiscretLoss) else 1.

    def targets(self, samples: Sequence) -> Tuple[Tensor, Tensor]:
        """The codec's distributions of x and y."""
        return (labels_of(samples, 'keypoint_x_labels'),
                labels_of(samples, 'keypoint_y_labels'))

    def as_target(self, output: Output) -> Output:
        """``KLDiscretLoss`` compares with a distribution."""
        loss = self.head.loss_module
        if not isinstance(loss, KLDiscretLoss):
            return output
        if loss.label_softmax:  # the loss applies the softmax itself
            factor = loss.beta / loss.label_beta
            return map_parts(lambda part: part * factor, output)
        return map_parts(lambda part: F.softmax(part * loss.beta, -1), output)

    def positions(self, output: Output) -> Tensor:
        """The highest bins, where the codec puts them in the crop."""
        ratio = self.head.simcc_split_ratio
        return torch.stack([part.argmax(-1) / (part.shape[-1] - ratio)
                            for part in output], -1)

    def position_step(self, output: Output) -> float:
        """A bin."""
        return 1 / min(part.shape[-1] for part in output)

    def match(self, student: HeadAdapter, output: Output) -> None:
        """Scales scores so that both losses read the same distribution."""
        self.scale = self.beta / (student.beta or 1.)

    def convert(self, output: Output) -> Output:
        """Selects keypoints and scales the scores."""
        output = super().convert(output)
        return output if self.scale == 1 else map_parts(
            lambda part: part * self.scale, output)


@adapts(RTMWHead)
class RTMWAdapter(SimCCAdapter):
    """Two maps: (B, C / 2, 2h, 2w) and (B, C, h, w)."""

    def pack(self, features: Tuple[Tensor, ...]) -> Tensor:
        """(B, 3C, h, w): pixels of the large map become channels."""
        large, small = features
        return torch.cat([F.pixel_unshuffle(large, 2), small], 1)

    def unpack(self, feature: Tensor) -> Tuple[Tensor, Tensor]:
        """Splits the map into both again."""
        channels = feature.shape[1] // 3
        return (F.pixel_shuffle(feature[:, :2 * channels], 2),
                feature[:, 2 * channels:])


@adapts(RegressionHead)
class RegressionAdapter(HeadAdapter):
    """Coordinates (B, K, 2), as shares of the crop's width and height."""
    output_kind = 'coordinates'
    beta = None

    def pack(self, features: Tuple[Tensor, ...]) -> Tensor:
        """Turns pooled features (B, C) into a map of one pixel."""
        feature = features[-1]
        return feature if feature.ndim == 4 else feature[..., None, None]

    def confidence(self, output: Tensor) -> Tensor:
        """1: coordinates say nothing of it."""
        return torch.ones_like(output[..., 0])

    def positions(self, output: Tensor) -> Tensor:
        """The output, which is 1 a pixel beyond the last."""
        sides = getattr(self.head.decoder, 'input_size', None)
        if not sides:
            return output
        return torch.stack([output[..., axis] * (side / (side - 1))
                            for axis, side in enumerate(sides)], -1)

    def targets(self, samples: Sequence) -> Tensor:
        """The codec's coordinates."""
        return labels_of(samples, 'keypoint_labels')

    def task_loss(self, output: Output, target: Output,
                  *weight: Tensor) -> Tensor:
        """The head's loss, with one weight for x and y."""
        return super().task_loss(output, target,
                                 *[each.unsqueeze(-1) for each in weight])
