"""Rewritten graphs give the same, and do what they were rewritten for."""
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torch.nn as nn
import torch.nn.functional as functional
from conftest import estimator

from mmpose_thermal.deployment import describe, export_model, load_model
from mmpose_thermal.deployment.conv_rewrites import fold_grey_input
from mmpose_thermal.deployment.export import _trace
from mmpose_thermal.deployment.networks import DeployedNetwork
from mmpose_thermal.deployment.onnx_graphs import (_widen_first_convolution,
                                                   convolve_before_resizing)

BY_CHANNEL = dict(mean=[123.7, 116.3, 103.5], std=[58.4, 57.1, 57.4])
FRACTION = dict(mean=[127.5] * 3, std=[60.] * 3)


def images(count=4, size=64):
    return torch.from_numpy(np.random.default_rng(0).integers(
        0, 256, (count, 1, size, size), np.uint8))


def run(path, images):
    session = onnxruntime.InferenceSession(
        str(path), providers=['CPUExecutionProvider'])
    return session.run(None, dict(image=images.numpy()))


@pytest.mark.parametrize('size', [(32, 40), (34, 44)])
def test_a_wide_first_convolution_is_the_same(tmp_path, size):
    network = nn.Sequential(
        nn.Conv2d(1, 5, 7, 2, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1)).eval()
    inputs = torch.randn(2, 1, *size)
    path = tmp_path / 'a.onnx'
    _trace(network, (inputs, ), str(path), ['image'], ['maps'])
    model = onnx.load(path)
    _widen_first_convolution(model)
    assert any(node.op_type == 'Reshape' for node in model.graph.node)
    onnx.save(model, path)
    with torch.no_grad():
        expected = network(inputs).numpy()
    assert run(path, inputs)[0] == pytest.approx(expected, abs=1e-5)


class Joined(nn.Module):
    """Maps of three sizes, joined at that of the first, as HRNetV2 does."""

    def __init__(self, outputs):
        super().__init__()
        self.maps = nn.ModuleList(
            nn.Conv2d(1, 4 * stride, stride, stride) for stride in (2, 4, 8))
        self.conv = nn.Conv2d(56, outputs, 1)

    def forward(self, image):
        maps = [layer(image) for layer in self.maps]
        size = tuple(int(length) for length in maps[0].shape[2:])
        return self.conv(torch.cat([functional.interpolate(
            each, size, mode='bilinear') for each in maps], 1))


@pytest.mark.parametrize('outputs, moves', [(6, True), (30, False)])
def test_convolutions_before_resizing(tmp_path, outputs, moves):
    network, inputs = Joined(outputs).eval(), torch.randn(2, 1, 32, 48)
    path = tmp_path / 'a.onnx'
    _trace(network, (inputs, ), str(path), ['image'], ['maps'])
    model = onnx.load(path)
    convolve_before_resizing(model)
    kinds = [node.op_type for node in model.graph.node]
    # Where the convolution makes more channels than there were, it stays.
    assert kinds.count('Conv') == (6 if moves else 4)
    assert ('Concat' in kinds) != moves
    onnx.save(model, path)
    with torch.no_grad():
        expected = network(inputs).numpy()
    assert run(path, inputs)[0] == pytest.approx(expected, abs=1e-5)


def exported(save_student, tmp_path, precision, **fields):
    model = load_model(save_student(estimator(8, **fields)))
    path = tmp_path / f'{precision}.onnx'
    export_model(model, describe(model), str(path), precision=precision,
                 decode=False, calibration=images(6).numpy())
    return model, path, onnx.load(path).graph


def assert_same(model, path, precision):
    with torch.no_grad():
        expected = DeployedNetwork(model).eval()(images())[0].numpy()
    tolerance = dict(fp32=1e-4, int8=.05)[precision]
    assert run(path, images())[0] == pytest.approx(
        expected, abs=tolerance * float(np.abs(expected).max()))


@pytest.mark.parametrize('precision', ['fp32', 'int8'])
def test_grey_images_are_read_once(save_student, tmp_path, precision):
    model, path, graph = exported(save_student, tmp_path, precision)
    readers = [node.op_type for node in graph.node if 'image' in node.input]
    assert readers == ['DequantizeLinear']
    assert not {'Cast', 'Sub', 'Div'} & {node.op_type for node in graph.node}
    read = {name for node in graph.node for name in node.input}
    assert {weight.name for weight in graph.initializer} <= read
    kernels = [weight.dims for weight in graph.initializer
               if len(weight.dims) == 4]
    assert [8, 3, 7, 7] not in kernels
    assert ([16, 4, 7, 3] if precision == 'int8' else [8, 1, 7, 7]) in kernels
    assert_same(model, path, precision)


@pytest.mark.parametrize('normalisation, folds', [
    (BY_CHANNEL, False), (FRACTION, True)])
@pytest.mark.parametrize('precision', ['fp32', 'int8'])
def test_other_normalisations_stay(save_student, tmp_path, precision,
                                   normalisation, folds):
    model, path, graph = exported(
        save_student, tmp_path, precision, normalisation=normalisation)
    assert {'Sub', 'Div'} < {node.op_type for node in graph.node}
    network = DeployedNetwork(model).eval()
    assert (fold_grey_input(network, images()) is not network) == folds
    assert_same(model, path, precision)


def test_a_network_that_would_change_is_not_folded(save_student):
    model = load_model(save_student(estimator(8)))
    network = DeployedNetwork(model).eval()
    assert fold_grey_input(network, images()).mean.numel() == 1
    # It reads the image in three channels elsewhere, too.
    model.backbone.conv1.register_forward_hook(
        lambda layer, inputs, output: output + inputs[0].mean() *
        inputs[0].shape[1])
    assert fold_grey_input(network, images()) is network
