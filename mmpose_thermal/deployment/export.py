"""Exports networks to ONNX, TorchScript and OpenVINO."""
import contextlib
import copy
import inspect
import os
import shutil
import tempfile
from typing import List, Optional

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as functional
from torch import Tensor

from mmpose_thermal.runtime.networks import ModelInfo
from mmpose_thermal.runtime.atomic_file import atomic_file
from .conv_rewrites import fold_grey_input, lower
from .networks import DeployedNetwork, deploy
from .onnx_graphs import (convolve_before_resizing, joined,
                          merge_normalisation, quantised, with_half_weights)

#: File suffix of each format.
FORMATS = dict(onnx='.onnx', torchscript='.pt', openvino='.xml')
PRECISIONS = ('fp32', 'fp16', 'int8')
_OPSET = 17


def output_names(model: nn.Module, info: ModelInfo) -> List[str]:
    """Names the outputs of a pose estimator without decoding.

    They are ``['heatmaps']`` (N, K, h, w), ``['simcc_x', 'simcc_y']``
    (N, K, W) and (N, K, H), or ``['coordinates']`` (N, K, 2) as fractions of
    the input size.
    """
    with torch.no_grad():
        outputs = DeployedNetwork(model).eval()(_example(info))
    if len(outputs) == 2:
        return ['simcc_x', 'simcc_y']
    return ['heatmaps' if outputs[0].dim() == 4 else 'coordinates']


def _example(info: ModelInfo, batch: int = 2) -> Tensor:
    width, height = info.input_size
    rng = np.random.default_rng(0)
    return torch.from_numpy(
        rng.integers(0, 256, (batch, info.channels, height, width), np.uint8))


def export_model(model: nn.Module,
                 info: ModelInfo,
                 out: str,
                 format: str = 'onnx',
                 precision: str = 'fp32',
                 decode: bool = True,
                 calibration: Optional[np.ndarray] = None) -> ModelInfo:
    """Exports a model and writes its description next to it.

    The input ``image`` is (N, C, H, W), uint8, with C = 1 for thermal models.
    N is dynamic. Normalisation is part of the graph.

    Args:
        model (nn.Module): Returned by :func:`load_model`.
        info (ModelInfo): Returned by :func:`describe`.
        out (str): File to write, with the suffix from :data:`FORMATS`.
        format (str): ``'onnx'``, ``'torchscript'`` or ``'openvino'``.
        precision (str): ``'fp32'``, ``'fp16'`` (half the size: in ONNX and
            OpenVINO, weights are stored in float16 and computed with in
            float32; TorchScript computes in float16) or ``'int8'`` (weights
            and activations; not for TorchScript). Normalisation and decoding
            stay in float32.
        decode (bool): Whether to compute points and scores in the graph.
            Detectors are always decoded.
        calibration (np.ndarray, optional): Representative inputs
            (N, C, H, W), uint8; required for ``'int8'``.

    Returns:
        ModelInfo: The description as written.

    Raises:
        ValueError: The combination is not supported, or calibration images
            are missing.
        NotImplementedError: The model has no exportable decoder.
    """
    if precision == 'int8' and calibration is None:
        raise ValueError('int8 needs calibration images.')
    if (format, precision) == ('torchscript', 'int8'):
        raise ValueError('TorchScript does not support int8 here: use onnx or '
                         'openvino.')
    if not out.endswith(FORMATS[format]):
        raise ValueError(f'{out}: the file name of a model for {format} must '
                         f'end in {FORMATS[format]}.')
    info = copy.deepcopy(info)
    info.precision = precision
    if info.task == 'landmarks' and not decode:
        info.outputs = output_names(model, info)
        network = DeployedNetwork(model).eval()
    else:
        network = deploy(model, info)
    network = copy.deepcopy(network)
    if info.channels == 1:
        network = fold_grey_input(network, _example(info))
    if precision == 'int8':
        # Deconvolutions would stay in float32; their rewrites do not.
        lower(network.model)
    os.makedirs(os.path.dirname(os.path.abspath(out)), exist_ok=True)
    if format == 'torchscript':
        _write_torchscript(network, info, out, precision)
    else:
        with tempfile.TemporaryDirectory() as folder:
            onnx = _onnx(network, info, precision, calibration, folder)
            if format == 'openvino':
                _write_openvino(onnx, out, precision)
            else:
                with atomic_file(out) as unfinished:
                    shutil.copyfile(onnx, unfinished)
    info.save(out)
    return info


def _onnx(network, info, precision, calibration, folder) -> str:
    """Writes a network as ONNX and returns the path.

    Network and decoder are exported separately because ``precision`` applies
    only to the network.
    """
    import onnx
    path = os.path.join(folder, 'network.onnx')
    bare = copy.copy(network)
    bare._modules = dict(network._modules, decode=None)
    example = _example(info)
    with torch.no_grad():
        outputs = bare(example)
    names = [f'raw_{index}' for index in range(len(outputs))
             ] if network.decode else info.outputs
    _trace(bare, (example, ), path, ['image'], names)
    model = onnx.load(path)
    convolve_before_resizing(model)
    if precision == 'int8':
        onnx.save(model, path)
        model = onnx.load(quantised(path, calibration, folder))
    merge_normalisation(model)
    onnx.save(with_half_weights(model) if precision == 'fp16' else model, path)
    if network.decode is None:
        return path
    decoder = os.path.join(folder, 'decoder.onnx')
    _trace(network.decode, tuple(outputs), decoder, names, info.outputs)
    whole = os.path.join(folder, 'whole.onnx')
    onnx.save(joined(onnx.load(path), onnx.load(decoder), names), whole)
    return whole


def _trace(network, inputs, path, input_names, output_names):
    # The second exporter of newer PyTorch needs an extra package.
    classic = dict(dynamo=False) if 'dynamo' in inspect.signature(
        torch.onnx.export).parameters else {}
    with _constant_sizes():
        torch.onnx.export(
            network,
            inputs,
            path,
            input_names=input_names,
            output_names=output_names,
            dynamic_axes={
                name: {0: 'batch'}
                for name in (*input_names, *output_names)
            },
            opset_version=_OPSET,
            **classic)


@contextlib.contextmanager
def _constant_sizes():
    """Makes adaptive pooling to another tensor's size (LiteHRNet) exportable.

    ONNX has no such operator. Here only the batch size is dynamic, so if sizes
    are divisible, the pooling is an average over equal windows.
    """
    pool = functional.adaptive_avg_pool2d

    def windows(inputs, output_size):
        if not isinstance(output_size, torch.Size):
            return pool(inputs, output_size)
        before = [int(length) for length in inputs.shape[2:]]
        after = [int(length) for length in output_size]
        if any(one % other for one, other in zip(before, after)):
            return pool(inputs, output_size)
        size = [one // other for one, other in zip(before, after)]
        return functional.avg_pool2d(inputs, size, size)

    functional.adaptive_avg_pool2d = windows
    try:
        yield
    finally:
        functional.adaptive_avg_pool2d = pool


def _write_torchscript(network, info, out, precision):
    if precision == 'fp16':  # not of the decoder, whose tables would be rounded
        decode, network.decode = network.decode, None
        network.half()
        network.decode = decode
    with torch.no_grad():
        traced = torch.jit.freeze(
            torch.jit.trace(network, _example(info), check_trace=False))
    with atomic_file(out) as unfinished:
        traced.save(unfinished)


def _write_openvino(onnx, out, precision):
    try:
        import openvino
    except ImportError as error:
        raise ValueError(
            f'OpenVINO cannot be imported ({error}): pip install openvino')
    graph = os.path.join(os.path.dirname(onnx), 'graph.xml')
    openvino.save_model(
        openvino.convert_model(onnx), graph,
        compress_to_fp16=precision == 'fp16')
    weights = out[:-len('.xml')] + '.bin'
    for written, path in ((graph[:-len('.xml')] + '.bin', weights), (graph, out)):
        with atomic_file(path) as unfinished:
            shutil.copyfile(written, unfinished)
