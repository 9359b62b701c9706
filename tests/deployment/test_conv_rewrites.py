"""Layers that are replaced for speed give the same."""
import copy

import pytest
import torch
import torch.nn as nn

from mmpose_thermal.deployment.conv_rewrites import ShuffledConv2d, lower


@pytest.mark.parametrize('kernel, padding', [(2, 0), (4, 1)])
@pytest.mark.parametrize('with_norm', [False, True])
def test_deconvolutions(kernel, padding, with_norm):
    layer = nn.ConvTranspose2d(6, 5, kernel, 2, padding, bias=not with_norm)
    norm = nn.BatchNorm2d(5)
    nn.init.uniform_(norm.running_mean)
    nn.init.uniform_(norm.running_var, .5, 2)
    network = nn.Sequential(layer, norm if with_norm else nn.Identity(),
                            nn.ReLU()).eval()
    maps = torch.randn(2, 6, 7, 4)
    with torch.no_grad():
        expected = network(maps)
        lowered = lower(copy.deepcopy(network))
        assert isinstance(lowered[0], ShuffledConv2d)
        assert not any(isinstance(m, nn.BatchNorm2d)
                       for m in lowered.modules())
        assert lowered(maps).numpy() == pytest.approx(
            expected.numpy(), abs=1e-5)


def test_other_layers_are_left_alone():
    network = nn.Sequential(
        nn.ConvTranspose2d(4, 4, 3, 2, 1), nn.Conv2d(4, 4, 2),
        nn.ConvTranspose2d(4, 4, 4, 2, 1, groups=2)).eval()
    types = [type(layer) for layer in lower(network)]
    assert types == [nn.ConvTranspose2d, nn.Conv2d, nn.ConvTranspose2d]
