"""Reads the feature maps of named layers of a network."""
from contextlib import contextmanager
from typing import Dict, Iterable, Iterator, Tuple

import torch.nn as nn
from torch import Tensor


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
