"""Connectors convert one branch's features to the other's shape."""
from typing import Optional, Tuple, Union

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor

#: Channels, height and width of a feature map.
Shape = Tuple[int, int, int]
#: Height and width to return; None leaves them.
Size = Optional[Tuple[int, int]]
_EPSILON = 1e-6


@MODELS.register_module()
class ResizeConnector(BaseModule):
    """Resizes features (N, C, h, w) bilinearly to (N, C, H, W).

    Args:
        in_channels (int): Channels of the input features.
        out_channels (int): Channels that the other branch's head expects.
        init_cfg (dict, optional): Unused; there are no weights.

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
                f'{type(self).__name__} cannot convert {in_channels} '
                f'channels to {out_channels}. Use connector="auto" or '
                'dict(type="ConvConnector").')

    def forward(self, feature: Tensor, size: Size = None) -> Tensor:
        """Resizes a feature map."""
        if size is None or tuple(feature.shape[-2:]) == tuple(size):
            return feature
        return F.interpolate(
            feature, size=tuple(size), mode='bilinear', align_corners=False)


@MODELS.register_module()
class IdentityConnector(ResizeConnector):
    """Passes features on unchanged; both branches have the same shape.

    Raises:
        ValueError: The shapes differ.
    """

    def forward(self, feature: Tensor, size: Size = None) -> Tensor:
        """Returns ``feature``, (N, C, h, w), itself."""
        if size is not None and tuple(feature.shape[-2:]) != tuple(size):
            raise ValueError(
                f'IdentityConnector got a map of {tuple(feature.shape[-2:])}, '
                f'but {tuple(size)} is needed. Use connector="auto".')
        return feature


@MODELS.register_module()
class ConvConnector(ResizeConnector):
    """Changes the channels by 1x1 convolutions, then resizes.

    Args:
        in_channels (int): Channels of the input features.
        out_channels (int): Channels that the other branch's head expects.
        num_convs (int): Convolutions in a row, with ReLU between them.
            Defaults to 2, which worked better than 1 between different
            backbones (see docs/distillation.md).
        with_norm (bool): Whether BatchNorm follows each, which gives features
            of different backbones a common scale. Defaults to True.
        init_cfg (dict, optional): Initialisation of the layers. Defaults to
            that of ``ConvModule``.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 num_convs: int = 2,
                 with_norm: bool = True,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(out_channels, out_channels, init_cfg)
        self.convs = nn.Sequential(*[
            ConvModule(
                in_channels if index == 0 else out_channels,
                out_channels,
                1,
                norm_cfg=dict(type='BN') if with_norm else None,
                act_cfg=dict(type='ReLU') if index < num_convs - 1 else None)
            for index in range(num_convs)
        ])

    def forward(self, feature: Tensor, size: Size = None) -> Tensor:
        """Converts (N, in_channels, h, w) to (N, out_channels, H, W).

        A single position has no spread, so BatchNorm takes its running statistics.
        """
        if self.training and feature[:, 0].numel() == 1:
            self.convs.eval()
            converted = self.convs(feature)
            self.convs.train()
        else:
            converted = self.convs(feature)
        return super().forward(converted, size)


@MODELS.register_module()
class StatisticsConnector(ResizeConnector):
    """Gives each channel the mean and spread that it has in the other branch.

    It has no weights: per sample and channel, features get the mean and
    standard deviation of the reference over the positions, as CrossKD (arXiv
    2306.11369) aligns them.
    """
    needs_reference = True

    def forward(self, feature: Tensor, size: Size = None,
                reference: Optional[Tensor] = None) -> Tensor:
        """Converts (N, C, h, w) to (N, C, H, W).

        Args:
            feature (Tensor): Features of one branch.
            size (tuple[int, int], optional): H and W.
            reference (Tensor): Features of the other, (N, C, H', W').
        """
        assert reference is not None
        spread, mean = torch.std_mean(reference.float(), (2, 3), keepdim=True)
        own_spread, own_mean = torch.std_mean(feature.float(), (2, 3), keepdim=True)
        aligned = (feature - own_mean) / (own_spread + _EPSILON) * spread + mean
        return super().forward(aligned.to(feature.dtype), size)


def connected(connector: nn.Module, feature: Tensor,
              reference: Tensor) -> Tensor:
    """Features of one branch in the shape of the other's, ``reference``."""
    size = tuple(reference.shape[-2:])
    if getattr(connector, 'needs_reference', False):
        return connector(feature, size, reference)
    return connector(feature, size)


def build_connector(connector: Union[str, dict],
                    source: Shape,
                    target: Shape,
                    names: Tuple[str, str] = ('source', 'target')
                    ) -> nn.Module:
    """Builds a connector from features of one shape to another.

    Args:
        connector (str | dict): ``'auto'`` picks the simplest that works:
            :class:`IdentityConnector`, :class:`ResizeConnector` or
            :class:`ConvConnector`. A config names another; ``in_channels``
            and ``out_channels`` are filled in.
        source (tuple[int, int, int]): (C, h, w) of the input.
        target (tuple[int, int, int]): (C, h, w) of what the other head reads.
        names (tuple[str, str]): Whose features these are, for the log.

    Returns:
        nn.Module: Called with a feature map and the size (h, w) to return.

    Raises:
        ValueError: ``connector`` is neither ``'auto'`` nor a config.
    """
    if connector == 'auto':  # classes: names depend on the default scope
        if source == target:
            config: dict = dict(type=IdentityConnector)
        elif source[0] == target[0]:
            config = dict(type=ResizeConnector)
        else:
            config = dict(type=ConvConnector)
    elif isinstance(connector, dict) and 'type' in connector:
        config = connector
    else:
        raise ValueError('A connector is "auto" or a config dict with a '
                         f'"type", got {connector!r}.')
    module = MODELS.build({
        'in_channels': source[0],
        'out_channels': target[0],
        **config
    })
    shapes = ['x'.join(map(str, shape)) for shape in (source, target)]
    print_log(
        f'{names[0]} {shapes[0]} -> {names[1]} {shapes[1]}: '
        f'{type(module).__name__}', 'current')
    return module
