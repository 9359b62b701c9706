from typing import Optional, Tuple

import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class ConvConnector(BaseModule):
    """Brings one branch's features to the shape of the other's.

    A 1x1 convolution with normalisation for the channels, bilinear resizing
    for the size. Used in training only.

    Args:
        in_channels (int): Channels of the features that come in.
        out_channels (int): Channels that the other branch's head expects.
        with_norm (bool): Whether to normalise, so that features of unlike
            backbones have a common scale. Defaults to True.
        init_cfg (dict, optional): Initialisation of the layers.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 with_norm: bool = True,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg or dict(type='Kaiming', layer='Conv2d'))
        self.conv = nn.Conv2d(
            in_channels, out_channels, 1, bias=not with_norm)
        self.norm = nn.BatchNorm2d(out_channels) if with_norm else None

    def forward(self,
                feature: Tensor,
                size: Optional[Tuple[int, int]] = None) -> Tensor:
        """Converts a feature map.

        Args:
            feature (Tensor): Shape (N, in_channels, h, w).
            size (tuple[int, int], optional): Height and width to return.

        Returns:
            Tensor: Shape (N, out_channels, *size).
        """
        feature = self.conv(feature)
        if self.norm is not None:
            feature = self.norm(feature)
        return resize_to(feature, size)


def resize_to(feature: Tensor, size: Optional[Tuple[int, int]]) -> Tensor:
    """Resizes (N, C, h, w) bilinearly to (N, C, *size) unless it fits."""
    if size is None or tuple(feature.shape[-2:]) == tuple(size):
        return feature
    return F.interpolate(
        feature, size=tuple(size), mode='bilinear', align_corners=False)
