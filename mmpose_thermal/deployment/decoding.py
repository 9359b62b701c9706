"""MMPose's decoders as network modules: tensors in, coordinates out.

MMPose decodes point by point in NumPy. Here the same formulas run on batches
of tensors, so that they can be exported and run on any device.
"""
from typing import Dict, List, Optional, Sequence, Tuple

import cv2
import numpy as np
import torch
import torch.nn as nn
from mmpose.codecs import (MSRAHeatmap, RegressionLabel, SimCCLabel,
                           UDPHeatmap)
from torch import Tensor

from mmpose_thermal.codecs import BorderRefinedHeatmap

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
    unbiased), ``BorderRefinedHeatmap``, ``UDPHeatmap`` with Gaussian heatmaps,
    ``SimCCLabel`` without DARK, and ``RegressionLabel``.

    Raises:
        NotImplementedError: The codec is not supported.
    """
    if isinstance(codec, BorderRefinedHeatmap):
        return HeatmapDecoder(
            BorderRefinement(codec.blur_kernel_size, codec.heatmap_size),
            codec.scale_factor, codec.heatmap_size)
    if type(codec).decode is MSRAHeatmap.decode:
        refine = (DarkRefinement(codec.blur_kernel_size, codec.heatmap_size)
                  if codec.unbiased else QuarterOffset(codec.heatmap_size))
        return HeatmapDecoder(refine, codec.scale_factor, codec.heatmap_size)
    if type(codec) is UDPHeatmap and codec.heatmap_type == 'gaussian':
        last = [length - 1 for length in codec.heatmap_size]
        scale = [i / s for i, s in zip(codec.input_size, last)]
        refine = UDPRefinement(codec.blur_kernel_size, codec.heatmap_size)
        return HeatmapDecoder(refine, scale, codec.heatmap_size)
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
        heatmap_size (tuple[int, int]): (width, height).
    """

    def __init__(self, refine: nn.Module, scale: Sequence[float],
                 heatmap_size: Tuple[int, int]) -> None:
        super().__init__()
        self.refine = refine
        self.width, self.height = heatmap_size
        self.register_buffer('scale', torch.tensor([float(s) for s in scale]))
        # A map without a response says that the point may be anywhere.
        self.anywhere = sum((length * float(s))**2
                            for length, s in zip(heatmap_size, scale))
        self.register_buffer('columns', torch.arange(self.width))
        # 1, x, y and x * x + y * y of all pixels, in input pixels from the
        # middle: one matrix product then gives all moments.
        self.register_buffer('middle', .5 * self.scale * torch.tensor(
            [self.width - 1., self.height - 1.]))
        y, x = torch.meshgrid(
            torch.arange(self.height), torch.arange(self.width), indexing='ij')
        x, y = torch.stack([x, y], 2).mul(self.scale).sub(
            self.middle).flatten(0, 1).unbind(1)
        self.register_buffer(
            'grid', torch.stack([torch.ones_like(x), x, y, x * x + y * y], 1))

    def forward(self, heatmaps: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        """Decodes heatmaps (N, K, H, W)."""
        # Row by row: an ArgMax over whole maps would take twenty times as long.
        scores, y = heatmaps.amax(3).max(2)
        x = heatmaps.flatten(2).gather(
            2, y[..., None] * self.width + self.columns).argmax(2)
        points = torch.stack([x, y], 2).float() + self.refine(heatmaps, x, y)
        # Like MMPose, place points without any response at (-1, -1).
        is_empty = scores <= 0
        points = points.masked_fill(is_empty[..., None], -1.)
        points = points * self.scale
        square = self._moments(heatmaps, scores, points)
        spreads = square.masked_fill(is_empty, self.anywhere).sqrt()
        return points, scores, spreads

    def _moments(self, heatmaps, scores, points):
        """Second moments about the points, in square input pixels, (N, K)."""
        # The sum of what a network leaves far from the point would exceed it.
        weights = (heatmaps - _TAIL * scores[..., None, None]).clamp_min(0.)
        total, first, second = (weights.flatten(2) @ self.grid).split(
            [1, 2, 1], 2)
        centre = points - self.middle
        moments = second + (centre * (centre * total - 2 * first)).sum(
            2, keepdim=True)
        return (moments / total.clamp_min(1e-9)).clamp_min(0.)[..., 0]


class QuarterOffset(nn.Module):
    """Shifts points a quarter of a pixel towards the higher neighbour."""

    def __init__(self, heatmap_size: Tuple[int, int]) -> None:
        super().__init__()
        self.width, self.height = heatmap_size
        self.register_buffer('offsets', torch.tensor([[1, -1, 0, 0],
                                                      [0, 0, 1, -1]]))

    def forward(self, heatmaps: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Offsets (N, K, 2) for maxima at x, y, (N, K)."""
        near_x = (x[..., None] + self.offsets[0]).clamp(0, self.width - 1)
        near_y = (y[..., None] + self.offsets[1]).clamp(0, self.height - 1)
        right, left, below, above = heatmaps.flatten(2).gather(
            2, near_y * self.width + near_x).unbind(2)
        # MMPose's own conditions, which are not symmetric.
        in_x = (x > 1) & (x < self.width - 1) & (y > 0)
        in_y = (y > 1) & (y < self.height - 1) & (x > 0)
        return .25 * torch.stack([
            torch.sign(right - left) * in_x, torch.sign(below - above) * in_y
        ], 2)


class _NewtonStep(nn.Module):
    """Derivatives of the logarithm of a smoothed heatmap at its maximum.

    OpenCV's Gaussian is computed where values are needed only, as matrix
    products: smoothing whole maps would take a light network a tenth of its
    time. MMPose also scales the smoothed map to its former maximum, which
    derivatives of logarithms do not depend on, unless values are clipped.

    Args:
        kernel_size (int): Side of the Gaussian in heatmap pixels, odd.
        heatmap_size (tuple[int, int]): (width, height).
        limits (tuple[float, float | None]): Bounds of the smoothed values.
    """

    #: Weights of values at offsets (x, y), for the derivatives along x, y,
    #: xx, yy and xy.
    STENCILS: List[Dict[Tuple[int, int], float]]

    def __init__(self, kernel_size: int, heatmap_size: Tuple[int, int],
                 limits: Tuple[float, Optional[float]]) -> None:
        super().__init__()
        self.width, self.height = heatmap_size
        self.limits = limits
        offsets = [offset for stencil in self.STENCILS for offset in stencil]
        reach = max(abs(step) for offset in offsets for step in offset)
        # What each x and y reads of the rows and columns around it.
        for name, length in zip(('along_x', 'along_y'), heatmap_size):
            near = np.add.outer(np.arange(length),
                                np.arange(-reach, reach + 1))
            near = torch.from_numpy(near.clip(0, length - 1))
            self.register_buffer(name,
                                 _gaussian_matrix(kernel_size, length)[near])
        weights = torch.zeros(5, 2 * reach + 1, 2 * reach + 1)
        for index, stencil in enumerate(self.STENCILS):
            for (x, y), weight in stencil.items():
                weights[index, y + reach, x + reach] = weight
        self.register_buffer('weights', weights.flatten(1).T.contiguous())

    def values(self, heatmaps: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Smoothed values (N, K, R * R) around x, y, (N, K), row by row."""
        rows = self.along_y[y] @ heatmaps
        return (rows @ self.along_x[x].transpose(2, 3)).flatten(2)

    def derivatives(self, values: Tensor) -> Tuple[Tensor, ...]:
        """dx, dy, dxx, dyy and dxy of values (N, K, R * R), each (N, K)."""
        return (values.clamp(*self.limits).log() @ self.weights).unbind(2)

    @staticmethod
    def solve(dx, dy, dxx, dyy, dxy) -> Tuple[List[Tensor], Tensor]:
        """The steps along x and y to the maximum, and the determinant."""
        determinant = dxx * dyy - dxy * dxy
        return [(dxy * dy - dyy * dx) / determinant,
                (dxy * dx - dxx * dy) / determinant], determinant


def _gaussian_matrix(kernel_size, length) -> Tensor:
    """Smooths an axis, with zeros beyond its ends: symmetric, (L, L)."""
    kernel = cv2.getGaussianKernel(kernel_size, 0)[:, 0]
    distance = np.abs(np.subtract.outer(np.arange(length), np.arange(length)))
    middle = kernel_size // 2
    weights = np.where(distance <= middle,
                       kernel[middle - np.minimum(distance, middle)], 0)
    return torch.from_numpy(weights).float()


class DarkRefinement(_NewtonStep):
    """Newton step on the logarithm of the heatmap (DARK).

    Zhang et al., Distribution-Aware Coordinate Representation for Human Pose
    Estimation, CVPR 2020, eq. 7 to 10.
    """

    STENCILS = [{(1, 0): .5, (-1, 0): -.5},
                {(0, 1): .5, (0, -1): -.5},
                {(0, 0): -.5, (2, 0): .25, (-2, 0): .25},
                {(0, 0): -.5, (0, 2): .25, (0, -2): .25},
                {(1, 1): .25, (1, -1): -.25, (-1, 1): -.25, (-1, -1): .25}]

    def __init__(self, kernel_size: int,
                 heatmap_size: Tuple[int, int]) -> None:
        super().__init__(kernel_size, heatmap_size, (1e-10, None))

    def forward(self, heatmaps: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Offsets (N, K, 2) for maxima at x, y, (N, K)."""
        steps, determinant = self.solve(
            *self.derivatives(self.values(heatmaps, x, y)))
        inside = (x > 1) & (x < self.width - 2) & (y > 1) & (
            y < self.height - 2) & (determinant != 0)
        return torch.stack([step.masked_fill(~inside, 0.) for step in steps],
                           2)


class BorderRefinement(DarkRefinement):
    """As DARK, but up to the border, and by at most one heatmap pixel."""

    def forward(self, heatmaps: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Offsets (N, K, 2) for maxima at x, y, (N, K)."""
        dx, dy, dxx, dyy, dxy = self.derivatives(self.values(heatmaps, x, y))
        steps, determinant = self.solve(dx, dy, dxx, dyy, dxy)
        is_peak = (dxx < 0) & (dyy < 0) & (determinant > 0)
        return torch.stack([step.masked_fill(~is_peak, 0.).clamp(-1., 1.)
                            for step in steps], 2)


class UDPRefinement(_NewtonStep):
    """Newton step on the logarithm of the heatmap, as in UDP.

    Huang et al., The Devil Is in the Details: Delving Into Unbiased Data
    Processing for Human Pose Estimation, CVPR 2020.
    """

    STENCILS = [{(1, 0): .5, (-1, 0): -.5},
                {(0, 1): .5, (0, -1): -.5},
                {(0, 0): -2., (1, 0): 1., (-1, 0): 1.},
                {(0, 0): -2., (0, 1): 1., (0, -1): 1.},
                {(0, 0): 1., (1, 1): .5, (-1, -1): .5, (1, 0): -.5,
                 (-1, 0): -.5, (0, 1): -.5, (0, -1): -.5}]

    def __init__(self, kernel_size: int,
                 heatmap_size: Tuple[int, int]) -> None:
        super().__init__(kernel_size, heatmap_size, (1e-3, 50.))

    def forward(self, heatmaps: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Offsets (N, K, 2) for maxima at x, y, (N, K)."""
        middle = self.along_x.shape[1] // 2
        smoothed = self.along_y[:, middle] @ (heatmaps @ self.along_x[:, middle])
        scale = heatmaps.amax((2, 3)) / smoothed.amax((2, 3))
        dx, dy, dxx, dyy, dxy = self.derivatives(
            self.values(heatmaps, x, y) * scale[..., None])
        epsilon = torch.finfo(torch.float32).eps
        steps, _ = self.solve(dx, dy, dxx + epsilon, dyy + epsilon, dxy)
        return torch.stack(steps, 2)


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
