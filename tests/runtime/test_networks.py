"""Exported networks run wherever their formats run."""
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conftest import estimator

from mmpose_thermal import weights
from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.runtime.networks import (OnnxNetwork, exported_network,
                                             provider_names)

SHIPPED = weights.shipped_models()['landmarks']
BOX = [[20., 20, 90, 100]]
GREY = np.random.default_rng(0).integers(0, 256, (128, 128), np.uint8)


@pytest.mark.parametrize('format, suffix', [('openvino', '.xml'),
                                            ('torchscript', '.pt')])
def test_exports_of_all_formats_are_run(format, suffix, save_student,
                                        tmp_path):
    if format == 'openvino':
        pytest.importorskip('openvino')
    from mmpose_thermal.deployment import describe, export_model, load_model
    path = save_student(estimator(8))
    model = load_model(path)
    out = str(tmp_path / f'a{suffix}')
    export_model(model, describe(model), out, format)
    landmarker = ThermalLandmarker(out, threads=1)
    expected, = ThermalLandmarker(path)(GREY, BOX)
    assert landmarker(GREY, BOX)[0].keypoints == pytest.approx(
        expected.keypoints, abs=1e-2)
    assert ThermalLandmarker(f'{out}.json', 'cpu').info == landmarker.info
    # Streams run a network in several threads at once.
    found = [*landmarker.stream([GREY] * 12, BOX, workers=4)]
    assert all(faces[0].keypoints == pytest.approx(
        expected.keypoints, abs=1e-2) for faces in found)
    with pytest.raises(ValueError, match="run it with device='cpu'"):
        ThermalLandmarker(out, 'onnx')
    with pytest.raises(ValueError, match="providers='cpu' are of ONNX"):
        ThermalLandmarker(out, providers='cpu')


def test_onnx_runs_in_several_threads():
    network = OnnxNetwork(SHIPPED, 'landmarks', 1)
    images = np.random.default_rng(0).integers(
        0, 256, (6, 1, 1, 128, 128), np.uint8)
    alone = [network(image)[0] for image in images]
    with ThreadPoolExecutor(4) as pool:
        together = [found[0] for found in pool.map(network, images)]
    assert np.array(together) == pytest.approx(np.array(alone), abs=1e-3)


def test_providers_have_short_names(monkeypatch):
    import onnxruntime
    cpu = 'CPUExecutionProvider'
    assert provider_names(None) == provider_names('cpu') == [cpu]
    assert provider_names([cpu, 'CPU']) == [cpu]
    monkeypatch.setattr(
        onnxruntime, 'get_available_providers',
        lambda: ['TensorrtExecutionProvider', 'CUDAExecutionProvider',
                 'OpenVINOExecutionProvider', cpu])
    assert provider_names(['tensorrt', 'CUDA']) == [
        'TensorrtExecutionProvider', 'CUDAExecutionProvider', cpu]
    assert provider_names('OpenVINOExecutionProvider') == [
        'OpenVINOExecutionProvider', cpu]


@pytest.mark.parametrize('providers, message', [
    ('cuda', 'CUDAExecutionProvider; it has .*CPU.* onnxruntime-gpu'),
    (['openvino', 'cpu'], 'the package onnxruntime-openvino'),
    ('gpu', 'no provider gpu.* Short names are cpu, cuda')])
def test_missing_providers_are_named(providers, message, monkeypatch):
    import onnxruntime
    monkeypatch.setattr(onnxruntime, 'get_available_providers',
                        lambda: ['CPUExecutionProvider'])
    with pytest.raises(ValueError, match=message):
        ThermalLandmarker(providers=providers)


def test_a_provider_without_its_driver_is_no_silent_fallback(monkeypatch):
    import onnxruntime
    monkeypatch.setattr(
        onnxruntime, 'get_available_providers',
        lambda: ['CUDAExecutionProvider', 'CPUExecutionProvider'])
    session = onnxruntime.InferenceSession
    monkeypatch.setattr(
        onnxruntime, 'InferenceSession', lambda model, options, providers:
        session(model, options, providers=['CPUExecutionProvider']))
    with pytest.raises(ValueError, match='cannot run on CUDA.*driver'):
        exported_network(SHIPPED, 'landmarks', providers=['cuda'])


def test_what_runs_a_format_is_named_if_it_is_missing(monkeypatch):
    import sys
    monkeypatch.setitem(sys.modules, 'openvino', None)
    with pytest.raises(ImportError, match='a.xml needs the package openvino'):
        exported_network('a.xml', 'landmarks')
