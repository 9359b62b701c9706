"""MMPose's decoders as network modules: tensors in, coordinates out.

MMPose decodes point by point in NumPy. Here the same formulas run on batches
of tensors, so that they can be exported and run on any device.
"""
from typing import List, Sequence, Tuple

import cv2
import numpy as np
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
        refine = (DarkRefinement(codec.blur_kernel_size, codec.heatmap_size)
                  if codec.unbiased else QuarterOffset())
        return HeatmapDecoder(refine, codec.scale_factor)
    if type(codec) is UDPHeatmap and codec.heatmap_type == 'gaussian':
        last = [length - 1 for length in codec.heatmap_size]
        scale = [i / s for i, s in zip(codec.input_size, last)]
        refine = UDPRefinement(codec.blur_kernel_size, codec.heatmap_size)
        return HeatmapDecoder(refine, scale)
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
        sums = weights.sum(2), weights.sum(3)
        moments = [(each * ((axis - points[..., index, None]) *
                            self.scale[index])**2).sum(2)
                   for index, (each, axis) in enumerate(
                       zip(sums, (columns, rows)))]
        square = (moments[0] + moments[1]) / sums[0].sum(2).clamp_min(1e-9)
        # A map without a response says that the point may be anywhere.
        anywhere = (width * self.scale[0])**2 + (height * self.scale[1])**2
        return torch.where(scores > 0, square, anywhere).sqrt()


class _Neighbours(nn.Module):
    """Takes values at offsets from points, clamped to the border."""

    def __init__(self, offsets: Sequence[Tuple[int, int]]) -> None:
        super().__init__()
        self.register_buffer('offsets', torch.tensor(offsets).T.contiguous())

    def forward(self, maps: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Values (N, K, D) of maps (N, K, H, W) near x, y, (N, K)."""
        height, width = maps.shape[2:]
        x = (x[..., None] + self.offsets[0]).clamp(0, width - 1)
        y = (y[..., None] + self.offsets[1]).clamp(0, height - 1)
        return maps.flatten(2).gather(2, y * width + x)


def _step(dx, dy, inside):
    # A product would keep NaN and infinity from outside.
    step = torch.stack([dx, dy], 2)
    return torch.where(inside[..., None], step, torch.zeros_like(step))


class QuarterOffset(nn.Module):
    """Shifts points a quarter of a pixel towards the higher neighbour."""

    def __init__(self) -> None:
        super().__init__()
        self.neighbours = _Neighbours([(1, 0), (-1, 0), (0, 1), (0, -1)])

    def forward(self, heatmaps: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Offsets (N, K, 2) for maxima at x, y, (N, K)."""
        height, width = heatmaps.shape[2:]
        right, left, below, above = self.neighbours(heatmaps, x, y).unbind(2)
        # MMPose's own conditions, which are not symmetric.
        in_x = (x > 1) & (x < width - 1) & (y > 0)
        in_y = (y > 1) & (y < height - 1) & (x > 0)
        return .25 * torch.stack([
            torch.sign(right - left) * in_x, torch.sign(below - above) * in_y
        ], 2)


class _Modulation(nn.Module):
    """Smooths heatmaps with OpenCV's Gaussian and restores their maxima.

    The Gaussian is a matrix product along each axis: as a convolution of
    single channels, it would take longer than a light network.

    Args:
        kernel_size (int): Side of the Gaussian in heatmap pixels, odd.
        heatmap_size (tuple[int, int]): (width, height).
        offsets (Sequence[tuple[int, int]]): Where values are needed, in
            pixels from the maxima.
    """

    def __init__(self, kernel_size: int, heatmap_size: Tuple[int, int],
                 offsets: Sequence[Tuple[int, int]]) -> None:
        super().__init__()
        self.neighbours = _Neighbours(offsets)
        for name, length in zip(('along_x', 'along_y'), heatmap_size):
            self.register_buffer(name, _gaussian_matrix(kernel_size, length))

    def values(self, heatmaps: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Smoothed values (N, K, D) at the offsets from x, y, (N, K)."""
        smoothed = self.along_y @ (heatmaps @ self.along_x)
        return self.neighbours(smoothed, x, y) * (
            heatmaps.amax((2, 3)) / smoothed.amax((2, 3)))[..., None]


def _gaussian_matrix(kernel_size, length) -> Tensor:
    """Smooths an axis, with zeros beyond its ends: symmetric, (L, L)."""
    kernel = cv2.getGaussianKernel(kernel_size, 0)[:, 0]
    distance = np.abs(np.subtract.outer(np.arange(length), np.arange(length)))
    middle = kernel_size // 2
    weights = np.where(distance <= middle,
                       kernel[middle - np.minimum(distance, middle)], 0)
    return torch.from_numpy(weights).float()


class DarkRefinement(_Modulation):
    """Newton step on the logarithm of the heatmap (DARK).

    Zhang et al., Distribution-Aware Coordinate Representation for Human Pose
    Estimation, CVPR 2020, eq. 7 to 10.
    """

    _OFFSETS = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (2, 0), (-2, 0),
                (0, 2), (0, -2), (1, 1), (1, -1), (-1, 1), (-1, -1)]

    def __init__(self, kernel_size: int,
                 heatmap_size: Tuple[int, int]) -> None:
        super().__init__(kernel_size, heatmap_size, self._OFFSETS)

    def forward(self, heatmaps: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Offsets (N, K, 2) for maxima at x, y, (N, K)."""
        height, width = heatmaps.shape[2:]
        logs = self.values(heatmaps, x, y).clamp_min(1e-10).log()
        (v, right, left, below, above, right2, left2, below2, above2, br, ar,
         bl, al) = logs.unbind(2)
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

    def __init__(self, kernel_size: int,
                 heatmap_size: Tuple[int, int]) -> None:
        super().__init__(kernel_size, heatmap_size, self._OFFSETS)

    def forward(self, heatmaps: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Offsets (N, K, 2) for maxima at x, y, (N, K)."""
        logs = self.values(heatmaps, x, y).clamp(1e-3, 50.).log()
        v, right, left, below, above, br, al = logs.unbind(2)
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
