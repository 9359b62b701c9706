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
from .conv_rewrites import lower
from .networks import DeployedNetwork, deploy

#: File suffix of each format.
FORMATS = dict(onnx='.onnx', torchscript='.pt', openvino='.xml')
PRECISIONS = ('fp32', 'fp16', 'int8')
_OPSET = 17
_MIN_HALVED = 64  # values: a cast takes more space than a smaller weight saves


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
    if precision == 'fp16':
        onnx.save(_with_half_weights(onnx.load(path)), path)
    elif precision == 'int8':
        path = _quantised(path, calibration, folder)
    if network.decode is None:
        return path
    decoder = os.path.join(folder, 'decoder.onnx')
    _trace(network.decode, tuple(outputs), decoder, names, info.outputs)
    whole = os.path.join(folder, 'whole.onnx')
    onnx.save(_joined(onnx.load(path), onnx.load(decoder), names), whole)
    return whole


def _with_half_weights(model):
    """Stores weights in float16, with a cast to float32 behind each.

    ONNX Runtime's CPU kernels compute in float32 anyway: it resolves these
    casts once, when it loads the model, and then runs as if nothing had been
    changed. Casts of activations, of which half networks are full, it keeps.
    """
    from onnx import TensorProto, helper, numpy_helper
    casts = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < _MIN_HALVED or \
                np.abs(values).max() > np.finfo(np.float16).max:
            continue
        name, half = weight.name, f'{weight.name}_half'
        weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16),
                                                half))
        casts.append(helper.make_node('Cast', [half], [name], f'{name}_cast',
                                      to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


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


def _joined(network, decoder, names):
    """Joins two graphs; the decoder reads the network's outputs."""
    from onnx import compose
    decoder.ir_version = network.ir_version
    decoder = compose.add_prefix(
        decoder, 'decode/', rename_inputs=False, rename_outputs=False)
    return compose.merge_models(network, decoder,
                                [(name, name) for name in names])


def _quantised(path, calibration, folder):
    """Post-training quantisation with calibrated activation ranges."""
    from onnxruntime.quantization import (CalibrationDataReader, QuantFormat,
                                          QuantType, quantize_static)
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):

        def __init__(self):
            self._images = iter(calibration)

        def get_next(self):
            image = next(self._images, None)
            return None if image is None else dict(image=image[None])

    prepared = os.path.join(folder, 'prepared.onnx')
    quant_pre_process(path, prepared, skip_symbolic_shape=True)
    out = os.path.join(folder, 'int8.onnx')
    quantize_static(
        prepared,
        out,
        Reader(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8)
    return out


def _write_torchscript(network, info, out, precision):
    if precision == 'fp16':
        network = network.half()
        if network.decode is not None:
            network.decode.float()
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
    openvino.save_model(
        openvino.convert_model(onnx), out,
        compress_to_fp16=precision == 'fp16')
