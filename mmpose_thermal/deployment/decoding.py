"""MMPose's decoders as network modules: tensors in, coordinates out.

MMPose decodes point by point in NumPy. Here the same formulas run on batches
of tensors, so that they can be exported and run on any device.
"""
from typing import List, Sequence, Tuple

import cv2
import torch
import torch.nn as nn
from mmpose.codecs import (MSRAHeatmap, RegressionLabel, SimCCLabel,
                           UDPHeatmap)
from torch import Tensor

_TAIL = .1  # share of a heatmap's maximum below which it counts as empty


def decoded_outputs(codec) -> List[str]:
    """Names what the decoder of a codec returns; see :func:`build_decoder`."""
    spreads = ['spreads'] if isinstance(codec,
                                        (MSRAHeatmap, UDPHeatmap)) else []
    return ['keypoints', 'scores', *spreads]


def build_decoder(codec) -> nn.Module:
    """Builds the decoder module for one of MMPose's codecs.

    The module takes the head's outputs and returns points (N, K, 2) in input
    pixels and scores (N, K), both equal to MMPose's. For heatmaps it also
    returns spreads (N, K), in input pixels: the root of each heatmap's second
    moment about its point. Supported codecs are ``MSRAHeatmap`` (also
    unbiased), ``UDPHeatmap`` with Gaussian heatmaps, ``SimCCLabel`` without
    DARK, and ``RegressionLabel``.

    Raises:
        NotImplementedError: The codec is not supported.
    """
    if type(codec).decode is MSRAHeatmap.decode:
        refine = (DarkRefinement(codec.blur_kernel_size)
                  if codec.unbiased else QuarterOffset())
        return HeatmapDecoder(refine, codec.scale_factor)
    if type(codec) is UDPHeatmap and codec.heatmap_type == 'gaussian':
        last = [length - 1 for length in codec.heatmap_size]
        scale = [i / s for i, s in zip(codec.input_size, last)]
        return HeatmapDecoder(UDPRefinement(codec.blur_kernel_size), scale)
    if type(codec) is SimCCLabel and not codec.use_dark:
        return SimCCDecoder(codec.simcc_split_ratio)
    if type(codec) is RegressionLabel:
        return RegressionDecoder(codec.input_size)
    raise NotImplementedError(
        f'{type(codec).__name__} with these options has no exportable '
        'decoder. Export without decoding, or use one of MSRAHeatmap, '
        'UDPHeatmap (gaussian), SimCCLabel (without DARK), RegressionLabel.')


class HeatmapDecoder(nn.Module):
    """Decodes the maximum of each heatmap with sub-pixel refinement.

    Args:
        refine (nn.Module): Maps heatmaps and x, y of their maxima to offsets.
        scale (Sequence[float]): Input pixels per heatmap pixel in x and y.
    """

    def __init__(self, refine: nn.Module, scale: Sequence[float]) -> None:
        super().__init__()
        self.refine = refine
        self.register_buffer('scale', torch.tensor([float(s) for s in scale]))

    def forward(self, heatmaps: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        """Decodes heatmaps (N, K, H, W)."""
        width = heatmaps.shape[3]
        scores, index = heatmaps.flatten(2).max(2)
        x = index % width
        y = torch.div(index, width, rounding_mode='trunc')
        points = torch.stack([x, y], 2).float() + self.refine(heatmaps, x, y)
        # Like MMPose, place points without any response at (-1, -1).
        points = torch.where((scores > 0)[..., None], points,
                             torch.full_like(points, -1.))
        return (points * self.scale, scores,
                self._spreads(heatmaps, scores, points))

    def _spreads(self, heatmaps, scores, points):
        """Roots of the second moments about the points, in input pixels."""
        height, width = heatmaps.shape[2:]
        columns, rows = (
            torch.arange(length, device=heatmaps.device).float()
            for length in (width, height))
        # The sum of what a network leaves far from the point would exceed it.
        weights = (heatmaps - _TAIL * scores[..., None, None]).clamp_min(0.)
        total = weights.sum((2, 3))
        moments = [(weights.sum(other) * ((axis - points[..., index, None]) *
                                          self.scale[index])**2).sum(2)
                   for index, (other, axis) in enumerate(((2, columns),
                                                          (3, rows)))]
        square = (moments[0] + moments[1]) / total.clamp_min(1e-9)
        # A map without a response says that the point may be anywhere.
        anywhere = (width * self.scale[0])**2 + (height * self.scale[1])**2
        return torch.where(scores > 0, square, anywhere).sqrt()


def _values(maps, x, y, offsets):
    """Values at offsets from the maxima, clamped to the border, (N, K) each."""
    height, width = maps.shape[2:]
    flat = maps.flatten(2)
    index = torch.stack([
        (y + dy).clamp(0, height - 1) * width + (x + dx).clamp(0, width - 1)
        for dx, dy in offsets
    ], 2)
    return flat.gather(2, index).unbind(2)


def _step(dx, dy, inside):
    # A product would keep NaN and infinity from outside.
    step = torch.stack([dx, dy], 2)
    return torch.where(inside[..., None], step, torch.zeros_like(step))


class QuarterOffset(nn.Module):
    """Shifts points a quarter of a pixel towards the higher neighbour."""

    def forward(self, heatmaps: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Offsets (N, K, 2) for maxima at x, y, (N, K)."""
        height, width = heatmaps.shape[2:]
        right, left, below, above = _values(heatmaps, x, y, [(1, 0), (-1, 0),
                                                             (0, 1), (0, -1)])
        # MMPose's own conditions, which are not symmetric.
        in_x = (x > 1) & (x < width - 1) & (y > 0)
        in_y = (y > 1) & (y < height - 1) & (x > 0)
        return .25 * torch.stack([
            torch.sign(right - left) * in_x, torch.sign(below - above) * in_y
        ], 2)


class _Modulation(nn.Module):
    """Smooths heatmaps with OpenCV's Gaussian and restores their maxima."""

    def __init__(self, kernel_size: int) -> None:
        super().__init__()
        self.padding = kernel_size // 2
        kernel = torch.from_numpy(cv2.getGaussianKernel(kernel_size, 0))
        self.register_buffer('kernel', (kernel @ kernel.T).float()[None, None])

    def smooth(self, heatmaps: Tensor) -> Tensor:
        """Returns smoothed heatmaps of the same shape."""
        shape = heatmaps.shape
        smoothed = nn.functional.conv2d(
            heatmaps.reshape(-1, 1, *shape[2:]), self.kernel,
            padding=self.padding).reshape(shape)
        return smoothed * (
            heatmaps.amax((2, 3), True) / smoothed.amax((2, 3), True))


class DarkRefinement(_Modulation):
    """Newton step on the logarithm of the heatmap (DARK).

    Zhang et al., Distribution-Aware Coordinate Representation for Human Pose
    Estimation, CVPR 2020, eq. 7 to 10.
    """

    _OFFSETS = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (2, 0), (-2, 0),
                (0, 2), (0, -2), (1, 1), (1, -1), (-1, 1), (-1, -1)]

    def forward(self, heatmaps: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Offsets (N, K, 2) for maxima at x, y, (N, K)."""
        height, width = heatmaps.shape[2:]
        logs = self.smooth(heatmaps).clamp_min(1e-10).log()
        (v, right, left, below, above, right2, left2, below2, above2, br, ar,
         bl, al) = _values(logs, x, y, self._OFFSETS)
        dx, dy = .5 * (right - left), .5 * (below - above)
        dxx = .25 * (right2 - 2 * v + left2)
        dyy = .25 * (below2 - 2 * v + above2)
        dxy = .25 * (br - ar - bl + al)
        determinant = dxx * dyy - dxy * dxy
        inside = (x > 1) & (x < width - 2) & (y > 1) & (y < height - 2) & (
            determinant != 0)
        safe = torch.where(inside, determinant, torch.ones_like(determinant))
        return _step((dxy * dy - dyy * dx) / safe, (dxy * dx - dxx * dy) /
                     safe, inside)


class UDPRefinement(_Modulation):
    """Newton step on the logarithm of the heatmap, as in UDP.

    Huang et al., The Devil Is in the Details: Delving Into Unbiased Data
    Processing for Human Pose Estimation, CVPR 2020.
    """

    _OFFSETS = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)]

    def forward(self, heatmaps: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Offsets (N, K, 2) for maxima at x, y, (N, K)."""
        logs = self.smooth(heatmaps).clamp(1e-3, 50.).log()
        v, right, left, below, above, br, al = _values(logs, x, y,
                                                       self._OFFSETS)
        dx, dy = .5 * (right - left), .5 * (below - above)
        epsilon = torch.finfo(torch.float32).eps
        dxx = right - 2 * v + left + epsilon
        dyy = below - 2 * v + above + epsilon
        dxy = .5 * (br - right - below + 2 * v - left - above + al)
        determinant = dxx * dyy - dxy * dxy
        return torch.stack([(dxy * dy - dyy * dx) / determinant,
                            (dxy * dx - dxx * dy) / determinant], 2)


class SimCCDecoder(nn.Module):
    """Decodes the maxima of both axes; ``split_ratio`` is bins per pixel."""

    def __init__(self, split_ratio: float) -> None:
        super().__init__()
        self.split_ratio = split_ratio

    def forward(self, simcc_x: Tensor,
                simcc_y: Tensor) -> Tuple[Tensor, Tensor]:
        """Decodes (N, K, W * ratio) and (N, K, H * ratio)."""
        score_x, x = simcc_x.max(2)
        score_y, y = simcc_y.max(2)
        scores = torch.minimum(score_x, score_y)
        points = torch.stack([x, y], 2).float()
        points = torch.where((scores > 0)[..., None], points,
                             torch.full_like(points, -1.))
        return points / self.split_ratio, scores


class RegressionDecoder(nn.Module):
    """Decodes coordinates given as fractions of the input size."""

    def __init__(self, input_size: Tuple[int, int]) -> None:
        super().__init__()
        self.register_buffer('size', torch.tensor([float(s)
                                                   for s in input_size]))

    def forward(self, coordinates: Tensor) -> Tuple[Tensor, Tensor]:
        """Decodes (N, K, 2), or (N, K, 4) with a spread per axis."""
        points = coordinates[..., :2] * self.size
        if coordinates.shape[2] == 2:
            return points, torch.ones_like(points[..., 0])
        spread = coordinates[..., 2:].sigmoid()
        return points, 1 - spread.mean(2)
