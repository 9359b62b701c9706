"""Dry runs that find a network's shapes and capabilities."""
import copy
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Iterator, Optional, Tuple

import torch
import torch.nn as nn
from mmcv.cnn import fuse_conv_bn
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from ..connectors import Shape
from ..losses.base import Output, parts_of
from .config_errors import naming_field
from .head_adapter import HeadAdapter
from .layers import layer_outputs

_REGISTER_CHANNELS = 16  # float32 in AVX-512
_FOLDING_TOLERANCE = 1e-3  # of the largest value: float32 sums in another order


@dataclass
class Probe:
    """Result of a dry run of a network.

    Attributes:
        image_size (tuple[int, int]): Height and width of the crops.
        feature (Tensor): What its head reads, (1, C, h, w).
        output (Tensor | tuple[Tensor]): What its head returns for that.
    """
    image_size: Tuple[int, int]
    feature: Tensor
    output: Output

    @property
    def feature_shape(self) -> Shape:
        """(C, h, w) of the feature that the head reads."""
        return tuple(self.feature.shape[1:])


def probe(model: nn.Module,
          head: HeadAdapter,
          name: str,
          fallback_size: Optional[Tuple[int, int]] = None) -> Probe:
    """Runs a network once on a black image and leaves it unchanged.

    Args:
        model (nn.Module): The network.
        head (HeadAdapter): The adapter of its head.
        name (str): ``'teacher'`` or ``'student'``, for errors.
        fallback_size (tuple[int, int], optional): Height and width of the
            image if the head has no codec.

    Returns:
        Probe: The shapes that it found.

    Raises:
        ValueError: The size of the image is unknown, or the network fails.
    """
    with naming_field(f'{name}.config'):
        size = head.input_size() or fallback_size
        if size is None:
            raise ValueError(
                f'The input size of the {name} is unknown: set `decoder` of '
                'its head to the codec of the pipeline.')
        with _evaluating(model):
            feature = head.pack(model.extract_feat(_image(model, size)))
            output = head(feature)
    return Probe(size, feature, output)


def layer_shape(model: nn.Module, name: str,
                image_size: Tuple[int, int]) -> Shape:
    """(C, h, w) of a layer's map; raises ValueError if it has none."""
    with layer_outputs(model, [name]) as maps, _evaluating(model):
        model.extract_feat(_image(model, image_size))
    found = tuple(getattr(maps.get(name), 'shape', ()))
    if len(found) != 4:
        raise ValueError(f'layers: "{name}" computes no feature map (B, C, h, '
                         'w). Name another layer.')
    return found[1:]


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Eval mode without gradients, then each module's former mode."""
    training = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in training.items():
            module.training = mode


def _image(model: nn.Module, size: Tuple[int, int],
           noise: float = 0.) -> Tensor:
    mean = getattr(model.data_preprocessor, 'mean', None)
    return noise * torch.randn(
        1, 3 if mean is None else len(mean), *size,
        generator=torch.Generator().manual_seed(0))


def fold_batch_norm(model: nn.Module,
                    image_size: Tuple[int, int]) -> nn.Module:
    """Merges BatchNorm into the preceding convolutions.

    Modules may run in another order than they are listed, so the result is
    compared with the original.

    Args:
        model (nn.Module): The network, in eval mode.
        image_size (tuple[int, int]): Height and width of an image to try.

    Returns:
        nn.Module: A network with the same outputs; the original if folding
        would change them.
    """
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    if not norms or any(m.running_var is None for m in norms):
        return model
    folded = fuse_conv_bn(copy.deepcopy(model))
    outputs = []
    for network in (model, folded):
        with _evaluating(network):
            features = network.extract_feat(_image(model, image_size, 1.))
            outputs.append([*features,
                            *parts_of(network.head.forward(features))])
    same = all((one - other).abs().max() <= _FOLDING_TOLERANCE *
               one.abs().max() for one, other in zip(*outputs))
    return folded if same else model


def supports_channels_last(model: nn.Module) -> bool:
    """Whether a network can be trained in channels_last on a CPU.

    oneDNN writes out of bounds in the weight gradient of a strided 1x1
    convolution with fewer channels than fit a register
    (uxlfoundation/oneDNN#6035): gradients are wrong, or it crashes.
    """
    return not any(
        isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1) and
        max(layer.stride) > 1 and layer.in_channels < _REGISTER_CHANNELS
        for layer in model.modules())
