from typing import Optional, Tuple

import torch.nn.functional as F
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor


def resize_to(feature: Tensor, size: Optional[Tuple[int, int]]) -> Tensor:
    """Resizes (N, C, h, w) bilinearly to (N, C, *size) unless it fits."""
    if size is None or tuple(feature.shape[-2:]) == tuple(size):
        return feature
    return F.interpolate(
        feature, size=tuple(size), mode='bilinear', align_corners=False)


@MODELS.register_module()
class ResizeConnector(BaseModule):
    """Brings features to another size; their channels agree already.

    Args:
        in_channels (int): Channels of the features that come in.
        out_channels (int): Channels that the other branch's head expects.
        init_cfg (dict, optional): Unused, there are no weights.

    Raises:
        ValueError: The numbers of channels differ.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        if in_channels != out_channels:
            raise ValueError(
                f'{type(self).__name__} cannot bring {in_channels} channels '
                f'to {out_channels}. Use connector="auto" or '
                'dict(type="ConvConnector").')

    def forward(self,
                feature: Tensor,
                size: Optional[Tuple[int, int]] = None) -> Tensor:
        """Resizes a feature map.

        Args:
            feature (Tensor): Shape (N, C, h, w).
            size (tuple[int, int], optional): Height and width to return.

        Returns:
            Tensor: Shape (N, C, H, W), ``size`` being (H, W).
        """
        return resize_to(feature, size)
