from typing import Optional, Tuple

import torch.nn as nn
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor

from .resize_connector import resize_to


@MODELS.register_module()
class ConvConnector(BaseModule):
    """Brings one branch's features to the shape of the other's.

    1x1 convolutions with normalisation for the channels, bilinear resizing
    for the size. Used in training only.

    Args:
        in_channels (int): Channels of the features that come in.
        out_channels (int): Channels that the other branch's head expects.
        num_convs (int): Convolutions in a row, with ReLU between them.
            Defaults to 2, which taught an unlike backbone more than 1 (see
            docs/distillation.md).
        with_norm (bool): Whether each is normalised by its batch, so that
            features of unlike backbones have a common scale. Defaults to
            True.
        init_cfg (dict, optional): Initialisation of the layers. Defaults to
            that of ``ConvModule``.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 num_convs: int = 2,
                 with_norm: bool = True,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        self.convs = nn.Sequential(*[
            ConvModule(
                in_channels if index == 0 else out_channels,
                out_channels,
                1,
                norm_cfg=dict(type='BN') if with_norm else None,
                act_cfg=dict(type='ReLU') if index < num_convs - 1 else None)
            for index in range(num_convs)
        ])

    def forward(self,
                feature: Tensor,
                size: Optional[Tuple[int, int]] = None) -> Tensor:
        """Converts a feature map.

        Args:
            feature (Tensor): Shape (N, in_channels, h, w).
            size (tuple[int, int], optional): Height and width to return.

        Returns:
            Tensor: Shape (N, out_channels, H, W), ``size`` being (H, W).
        """
        return resize_to(self.convs(feature), size)
