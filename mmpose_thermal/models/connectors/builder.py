from typing import Tuple, Union

import torch.nn as nn
from mmengine.logging import print_log
from mmpose.registry import MODELS

from .conv_connector import ConvConnector
from .identity_connector import IdentityConnector
from .resize_connector import ResizeConnector

#: Channels, height and width of a feature map.
Shape = Tuple[int, int, int]


def build_connector(connector: Union[str, dict],
                    source: Shape,
                    target: Shape,
                    names: Tuple[str, str] = ('source', 'target')
                    ) -> nn.Module:
    """Builds what brings features of one shape to another.

    Args:
        connector (str | dict): ``'auto'`` takes the least that does:
            :class:`IdentityConnector`, :class:`ResizeConnector` or
            :class:`ConvConnector`. A config names another; ``in_channels``
            and ``out_channels`` are filled in.
        source (tuple[int, int, int]): (C, h, w) of what comes in.
        target (tuple[int, int, int]): (C, h, w) of what the other head reads.
        names (tuple[str, str]): Whose features these are, for the log.

    Returns:
        nn.Module: Called with a feature map and the size (h, w) to return.

    Raises:
        ValueError: ``connector`` is neither ``'auto'`` nor a config.
    """
    if connector == 'auto':  # classes, as names depend on the default scope
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
    print_log(
        f'{names[0]} {_text(source)} -> {names[1]} {_text(target)}: '
        f'{type(module).__name__}', 'current')
    return module


def _text(shape: Shape) -> str:
    return 'x'.join(str(number) for number in shape)
