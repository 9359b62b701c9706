"""Replaces layers by equivalent ones that are faster or can be quantised."""
import copy
from typing import Optional

import torch
import torch.nn as nn
import torch.nn.functional as functional
from torch import Tensor
from torch.nn.utils.fusion import fuse_conv_bn_eval


class ShuffledConv2d(nn.Module):
    """A size-doubling deconvolution, rewritten as convolution and pixel shuffle.

    Each output pixel depends on few input pixels, with weights that depend
    only on the parity of its row and column. One convolution computes all four
    cases and a pixel shuffle interleaves them. The number of operations is the
    same, but convolutions can run in int8 (a light student spends a third of
    its time in one deconvolution). Supports stride 2 with kernel 2, or with
    kernel 4 and padding 1.
    """

    def __init__(self, layer: nn.ConvTranspose2d) -> None:
        super().__init__()
        inputs, outputs = layer.weight.shape[:2]
        # With kernel 2, rows 2m and 2m + 1 are taps 0 and 1 of row m. With
        # kernel 4, row 2m sums taps 3 and 1 of rows m - 1 and m; row 2m + 1
        # sums taps 2 and 0 of rows m and m + 1.
        self.overlap = layer.kernel_size == (4, 4)
        taps = ((3, 1), (2, 0)) if self.overlap else ((0, ), (1, ))
        weight = torch.stack([
            layer.weight.detach()[:, :, rows][..., columns]
            for rows in taps for columns in taps
        ], 2)
        size = len(taps[0])
        self.conv = nn.Conv2d(inputs, 4 * outputs, size, padding=size - 1)
        self.conv.weight = nn.Parameter(
            weight.permute(1, 2, 0, 3, 4).reshape(-1, inputs, size, size))
        bias = torch.zeros(
            outputs) if layer.bias is None else layer.bias.detach()
        self.conv.bias = nn.Parameter(bias.repeat_interleave(4))

    @staticmethod
    def fits(layer: Optional[nn.Module]) -> bool:
        """Whether a layer can be replaced."""
        return isinstance(layer, nn.ConvTranspose2d) and (
            layer.kernel_size, layer.padding) in (((2, 2), (0, 0)), ((4, 4), (
                1, 1))) and (layer.stride, layer.output_padding,
                             layer.dilation, layer.groups) == ((2, 2), (0, 0),
                                                               (1, 1), 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Transforms (N, C, H, W) to (N, C', 2H, 2W)."""
        kinds = self.conv(maps)
        if self.overlap:
            # (N, 4C', H + 1, W + 1): odd rows and columns start one later.
            height, width = maps.shape[2:]
            kinds = torch.stack([
                kinds[:, kind::4, row:row + height, column:column + width]
                for kind, (row, column) in enumerate(((0, 0), (0, 1), (1, 0),
                                                      (1, 1)))
            ], 2).flatten(1, 2)
        return functional.pixel_shuffle(kinds, 2)


def lower(model: nn.Module) -> nn.Module:
    """Rewrites layers in place; outputs are equal up to rounding."""
    for module in list(model.modules()):
        children = list(module.named_children())
        for (name, layer), (following, norm) in zip(
                children, children[1:] + [(None, None)]):
            if not ShuffledConv2d.fits(layer):
                continue
            if isinstance(module, nn.Sequential) and isinstance(
                    norm, nn.BatchNorm2d):
                layer = fuse_conv_bn_eval(layer, norm, transpose=True)
                setattr(module, following, nn.Identity())
            setattr(module, name, ShuffledConv2d(layer))
    return model


@torch.no_grad()
def fold_grey_input(network: nn.Module, images: Tensor) -> nn.Module:
    """Lets the first convolution read a grey image once instead of three times.

    Its weights are summed over the channels, which are equal. In int8, the
    first layer of a light network takes a quarter of its time.

    Args:
        network (DeployedNetwork): Stays as it is.
        images (Tensor): Grey images (N, 1, H, W), uint8, to try it on.

    Returns:
        DeployedNetwork: The folded network; or ``network``, if its channels
        are normalised differently, several convolutions read three channels,
        or outputs would change.
    """
    folded = copy.deepcopy(network)
    for name in ('mean', 'std'):
        channels = getattr(folded, name)
        if (channels != channels[:, :1]).any():
            return network
        setattr(folded, name, channels[:, :1].clone())
    readers = [layer for layer in folded.model.modules()
               if isinstance(layer, nn.Conv2d) and layer.in_channels == 3]
    if len(readers) != 1 or readers[0].groups != 1:
        return network
    conv, = readers
    conv.weight = nn.Parameter(conv.weight.sum(1, keepdim=True))
    conv.in_channels = 1
    same = all(
        torch.allclose(one, other, rtol=1e-3, atol=1e-4)
        for one, other in zip(network.outputs(images), folded.outputs(images)))
    return folded if same else network
