"""Resampling between the pixel grids of MMPose's crops and heatmaps."""
from typing import Tuple

import torch
import torch.nn.functional as F
from torch import Tensor


def resample(images: Tensor,
             size: Tuple[int, int],
             align_corners: bool = False) -> Tensor:
    """Resamples images or heatmaps of one crop to another size.

    ``TopdownAffine`` and ``MSRAHeatmap`` scale coordinates about the centre
    of the first pixel, the UDP ones so that first and last pixels coincide.
    ``F.interpolate`` does neither by default; it would
    shift landmarks by up to half a pixel.

    Args:
        images (Tensor): Shape (B, C, H, W).
        size (tuple[int, int]): New height and width.
        align_corners (bool): Whether to use UDP's convention. Defaults to
            False.

    Returns:
        Tensor: Shape (B, C, *size).
    """
    if tuple(images.shape[-2:]) == tuple(size):
        return images
    # Half precision cannot distinguish neighbouring pixels of a heatmap.
    exact = torch.promote_types(images.dtype, torch.float32)
    if align_corners:
        return F.interpolate(
            images.to(exact), size=tuple(size), mode='bilinear',
            align_corners=True).to(images.dtype)
    axes = []
    for old, new in zip(images.shape[-2:], size):
        index = torch.arange(new, device=images.device, dtype=exact)
        axes.append(index * (old / new) * 2 / max(old - 1, 1) - 1)
    y, x = torch.meshgrid(*axes, indexing='ij')
    grid = torch.stack([x, y], dim=-1).expand(len(images), -1, -1, -1)
    return F.grid_sample(
        images.to(exact), grid, padding_mode='border',
        align_corners=True).to(images.dtype)
