"""Reads the feature maps of named layers of a network."""
from contextlib import contextmanager, nullcontext
from typing import Dict, Iterable, Iterator, Tuple

import torch
import torch.nn as nn
from torch import Tensor

from ..losses.base import Output
from .head_adapter import HeadAdapter


def find_layer(model: nn.Module,
               name: str) -> Tuple[nn.Module, int]:
    """Finds the module called ``'backbone.layer3'`` or ``'neck[1]'``.

    Args:
        model (nn.Module): The network.
        name (str): As in ``named_modules()``. An index picks one of several
            maps that the module returns; the default is the last.

    Returns:
        tuple[nn.Module, int]: The module and the index.

    Raises:
        ValueError: There is no such module.
    """
    path, _, index = name.rstrip(']').partition('[')
    module, above = model, 'the network'
    for number, part in enumerate(path.split('.'), 1):
        children = dict(module.named_children())
        if part not in children:
            raise ValueError(
                f'layers: there is no "{name}" in {type(model).__name__}. '
                f'"{above}" has {", ".join(children)}.')
        module, above = children[part], '.'.join(path.split('.')[:number])
    return module, int(index or -1)


@contextmanager
def layer_outputs(model: nn.Module,
                  names: Iterable[str]) -> Iterator[Dict[str, Tensor]]:
    """Collects the feature maps of some layers while the network runs.

    Args:
        model (nn.Module): The network.
        names (Iterable[str]): See :func:`find_layer`.

    Yields:
        dict[str, Tensor]: Filled by name, each (B, C, h, w).

    Raises:
        ValueError: A name is unknown.
    """
    outputs: Dict[str, Tensor] = {}

    def collect(name, index):
        def hook(module, inputs, output):
            several = isinstance(output, (tuple, list))
            outputs[name] = output[index] \
                if several else output

        return hook

    handles = []
    try:
        for name in names:
            module, index = find_layer(model, name)
            handles.append(module.register_forward_hook(collect(name, index)))
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


class NetworkTail(nn.Module):
    """All that comes behind a layer, as a function of the layer's map.

    The network runs on a blank image, and the map takes the place of what the
    layer returns; so everything must pass through that layer.

    Args:
        network (nn.Module): With ``extract_feat``.
        head (HeadAdapter): The adapter of its head.
        layer (str): See :func:`find_layer`.
        image_size (tuple[int, int]): Height and width of its images.
    """

    def __init__(self, network: nn.Module, head: HeadAdapter, layer: str,
                 image_size: Tuple[int, int]) -> None:
        super().__init__()
        self.network, self.head = network, head
        self.layer, self.image_size = layer, image_size

    def forward(self, feature: Tensor) -> Output:
        """Maps (B, C, h, w) to an output of the network's head."""
        module, index = find_layer(self.network, self.layer)

        def inject(module, inputs, output):
            if not isinstance(output, (tuple, list)):
                return feature.to(output.dtype)
            maps = list(output)
            maps[index] = feature.to(maps[index].dtype)
            return type(output)(maps)

        weight = next(self.network.backbone.parameters())
        blank = torch.zeros(1, 3, *self.image_size, dtype=weight.dtype,
                            device=feature.device)
        handle = module.register_forward_hook(inject)
        try:
            with torch.autocast(feature.device.type, enabled=False) \
                    if weight.dtype != torch.float32 else nullcontext():
                found = self.head.pack(self.network.extract_feat(blank))
        except RuntimeError as error:  # maps of different batches meet
            raise self._bypassed() from error
        finally:
            handle.remove()
        if len(found) != len(feature):
            raise self._bypassed()
        return self.head(found)

    def _bypassed(self) -> ValueError:
        return ValueError(
            f'layers: "{self.layer}" cannot be injected into, since the head also '
            'reads maps that do not come from it. Name an earlier layer.')
