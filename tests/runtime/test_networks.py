"""Exported networks run wherever their formats run."""
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from conftest import REPOSITORY, estimator

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
    if format == 'openvino':
        (tmp_path / 'a.bin').write_bytes(b'')
        with pytest.raises(ValueError, match='a.xml is not the model that'):
            ThermalLandmarker(out)
        landmarker.info.save(out)
        with pytest.raises(ValueError, match='a.xml cannot be loaded by Open'):
            ThermalLandmarker(out)
        (tmp_path / 'a.bin').unlink()
        with pytest.raises(FileNotFoundError, match='a.bin does not exist. It holds'):
            ThermalLandmarker(out)
    elif not torch.cuda.is_available():
        with pytest.raises(ValueError, match='a.pt cannot be loaded on cuda'):
            ThermalLandmarker(out, 'cuda')


# Prints what a model finds where nothing of the training side is installed.
_ALONE = """
import json, sys
sys.modules.update(mmengine=None, mmpose=None)
if not sys.argv[1].endswith('.pt'):
    sys.modules['torch'] = None
import numpy as np
from mmpose_thermal.apis import ThermalLandmarker
face, = ThermalLandmarker(sys.argv[1], detect=False)(np.load(sys.argv[2]))
print(json.dumps(face.to_dict()))
"""


@pytest.mark.parametrize('format, suffix', [('openvino', '.xml'),
                                            ('torchscript', '.pt')])
def test_other_processes_find_what_onnx_finds(format, suffix, onnx, tmp_path):
    if format == 'openvino':
        pytest.importorskip('openvino')
    from mmpose_thermal.deployment import describe, export_model, load_model
    model = load_model(str(onnx.with_name('student.pth')))
    out = str(tmp_path / f'a{suffix}')
    export_model(model, describe(model), out, format)
    np.save(tmp_path / 'grey.npy', GREY)
    ended = subprocess.run(
        [sys.executable, '-c', _ALONE, out, str(tmp_path / 'grey.npy')],
        env=dict(os.environ, PYTHONPATH=str(REPOSITORY)), text=True,
        capture_output=True)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    expected = ThermalLandmarker(str(onnx), detect=False)(GREY)[0].to_dict()
    for name in ('keypoints', 'scores', 'uncertainty_px'):
        assert np.array(found[name]) == pytest.approx(
            np.array(expected[name]), abs=.02), name


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
    monkeypatch.setitem(sys.modules, 'openvino', None)
    with pytest.raises(ImportError, match='a.xml needs the package openvino'):
        exported_network('a.xml', 'landmarks')
