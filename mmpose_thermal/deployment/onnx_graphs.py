"""Rewrites ONNX graphs: normalisation, precision, and joining two graphs."""
import os
from dataclasses import dataclass
from typing import Any, List, Optional

import numpy as np

from .onnx_edits import (add_weights, attributes_of, readers_of, replace,
                         weights_of)

_MIN_HALVED = 64  # values: a cast takes more space than a smaller weight saves


@dataclass
class _Normalisation:
    """The first nodes of a network, if they divide by the same number."""
    nodes: List[Any]
    output: str
    mean: int
    std: float

    @classmethod
    def of(cls, model) -> Optional['_Normalisation']:
        """Finds it; None if it is by channel, or its mean is fractional."""
        weights = weights_of(model)
        nodes, name = [], 'image'
        for kind in ('Cast', 'Sub', 'Div'):
            readers = readers_of(model, name)
            if [node.op_type for node in readers] != [kind]:
                return None
            nodes += readers
            name = readers[0].output[0]
        values = [weights.get(node.input[1]) for node in nodes[1:]]
        if any(value is None or value.size != 1 for value in values):
            return None
        mean, std = (value.item() for value in values)
        return cls(nodes, name, int(mean), std) if mean in range(256) else None

    @property
    def quantisation(self):
        """What the image is quantised with: scale and zero point."""
        return np.array(1 / self.std, np.float32), np.array(self.mean, np.uint8)


def merge_normalisation(model):
    """Makes one DequantizeLinear of cast, subtraction and division of the input.

    (x - mean) / std is what DequantizeLinear(x, 1 / std, mean) computes. A
    quantised network then takes the image as it is.

    Args:
        model (onnx.ModelProto): A network that reads ``image``, uint8. Changed
            in place.
    """
    from onnx import helper
    found = _Normalisation.of(model)
    if found is None:
        return
    nodes, weights = found.nodes, weights_of(model)
    merged, readers = [], readers_of(model, found.output)
    if [node.op_type for node in readers] == ['QuantizeLinear']:
        scale, zero = (weights[name].item() for name in readers[0].input[1:])
        if zero != found.mean or not np.isclose(scale, 1 / found.std, 1e-5):
            return
        nodes = nodes + readers
        for node in readers_of(model, readers[0].output[0]):
            node.input[0] = 'image'
    else:
        constants = dict(zip(('image_scale', 'image_zero_point'),
                             found.quantisation))
        add_weights(model, constants)
        merged = [helper.make_node(
            'DequantizeLinear', ['image', *constants], [found.output])]
    replace(model, nodes, merged)


def convolve_before_resizing(model):
    """Lets a 1x1 convolution read maps before they are enlarged and joined.

    Linear interpolation and a convolution of single pixels may change places.
    Where that leaves fewer channels to enlarge, it saves both work and copies.

    Args:
        model (onnx.ModelProto): Maps, some of them enlarged, may be joined by a
            Concat that only a 1x1 convolution reads. Changed in place.
    """
    import onnx
    weights, made = weights_of(model), {
        name: node for node in model.graph.node for name in node.output}
    sizes = {value.name: [side.dim_value for side in
                          value.type.tensor_type.shape.dim] for value in
             onnx.shape_inference.infer_shapes(
                 model, data_prop=True).graph.value_info}
    for conv in [node for node in model.graph.node if node.op_type == 'Conv']:
        join = made.get(conv.input[0])
        kernel, bias = map(weights.get, (*conv.input[1:], '')[:2])
        if join is None or join.op_type != 'Concat' or kernel is None or \
                kernel.shape[2:] != (1, 1) or bias is None or \
                attributes_of(conv).get('strides', [1, 1]) != [1, 1] or \
                any(attributes_of(conv).get('pads', [])) or \
                len(readers_of(model, join.output[0])) > 1:
            continue
        resizes = [made.get(name) for name in join.input]
        if any(each is None or each.op_type != 'Resize' for each in resizes):
            continue
        sources = [sizes.get(each.input[0], []) for each in resizes]
        if not all(len(size) == 4 for size in sources) or sum(
                size[1] for size in sources) != kernel.shape[1]:
            continue
        largest = max(size[2:] for size in sources)
        if any(sizes.get(name, [])[2:] != largest for name in join.input):
            continue  # all are enlarged
        enlarged = [size[1] for size in sources if size[2:] != largest]
        if 0 < len(enlarged) * len(kernel) <= sum(enlarged):
            _split_convolution(model, conv, kernel, bias, resizes, sources)


def _split_convolution(model, conv, kernel, bias, resizes, sources):
    from onnx import helper
    largest = max(size[2:] for size in sources)
    nodes, total, start = [], '', 0
    for index, (resize, size) in enumerate(zip(resizes, sources)):
        name = f'{conv.name}_{index}'
        own = {f'{name}_kernel': kernel[:, start:start + size[1]],
               f'{name}_bias': bias * (index == 0)}
        start += size[1]
        add_weights(model, own)
        nodes.append(helper.make_node(
            'Conv', [resize.input[0], *own], [name], name,
            kernel_shape=[1, 1]))
        if size[2:] != largest:
            scales = np.array([1, 1, *np.divide(largest, size[2:])], np.float32)
            add_weights(model, {f'{name}_scales': scales})
            nodes.append(helper.make_node(
                'Resize', [name, '', f'{name}_scales'], [f'{name}_large'],
                f'{name}_large', **attributes_of(resize)))
        if total:
            nodes.append(helper.make_node(
                'Add', [total, nodes[-1].output[0]], [f'{name}_sum'],
                f'{name}_sum'))
        total = nodes[-1].output[0]
    nodes[-1].output[0] = conv.output[0]
    replace(model, [conv], nodes)


def with_half_weights(model):
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


def joined(network, decoder, names):
    """Joins two graphs; the decoder reads the network's outputs."""
    from onnx import compose
    decoder.ir_version = network.ir_version
    decoder = compose.add_prefix(
        decoder, 'decode/', rename_inputs=False, rename_outputs=False)
    return compose.merge_models(network, decoder,
                                [(name, name) for name in names])


def quantised(path, calibration, folder):
    """Post-training quantisation with calibrated activation ranges."""
    import onnx
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
    model = onnx.load(prepared)
    _widen_first_convolution(model)
    model = onnx.shape_inference.infer_shapes(model)  # overrides need types
    onnx.save(model, prepared)
    found = _Normalisation.of(model)
    fixed = {found.output: [dict(zip(('scale', 'zero_point'), found.quantisation))]
             } if found else {}  # the quantised input is then the image itself
    out = os.path.join(folder, 'int8.onnx')
    quantize_static(
        prepared,
        out,
        Reader(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        extra_options=dict(TensorQuantOverrides=fixed))
    return out


def _widen_first_convolution(model):
    """Rewrites a 7x7 convolution of one channel with stride 2 for four.

    ONNX Runtime's fast int8 convolutions need a multiple of four channels. Four
    neighbours in a row become channels, and two neighbouring outputs are
    computed at once. In the order of memory that quantised convolutions use
    (channels last), both are mere changes of shape.
    """
    from onnx import helper
    found, weights = _Normalisation.of(model), weights_of(model)
    convs = readers_of(model, found.output if found else 'image')
    if [node.op_type for node in convs] != ['Conv'] or not set(
            convs[0].input[1:]) <= set(weights) or len(convs[0].input) != 3:
        return
    conv, = convs
    kernel, bias = (weights[name] for name in conv.input[1:])
    options = attributes_of(conv)
    readers = readers_of(model, conv.output[0])
    *_, height, width = (
        side.dim_value for side in model.graph.input[0].type.tensor_type.shape.dim)
    if kernel.shape[1:] != (1, 7, 7) or options['strides'] != [2, 2] or \
            options['pads'] != [3] * 4 or height % 2 or width % 4 or \
            options.get('dilations', [1, 1]) != [1, 1] or \
            [node.op_type for node in readers] != ['Relu']:
        return
    count = len(kernel)
    # Outputs 2 m and 2 m + 1 sum columns 4 m - 3 to 4 m + 5, which are in the
    # groups of four m - 1 to m + 1.
    both = np.concatenate([
        np.pad(kernel, ((0, 0), (0, 0), (0, 0), ends))
        for ends in ((1, 4), (3, 2))]).reshape(2 * count, 7, 3, 4)
    add_weights(model, dict(
        wide_kernel=both.transpose(0, 3, 1, 2), wide_bias=np.tile(bias, 2),
        groups_shape=np.array([0, height, width // 4, 4]),
        pairs_shape=np.array([0, height // 2, width // 2, count])))
    last, first = dict(perm=[0, 2, 3, 1]), dict(perm=[0, 3, 1, 2])
    chain = [('Reshape', ['groups_shape'], {}), ('Transpose', [], first),
             ('Conv', ['wide_kernel', 'wide_bias'],
              dict(kernel_shape=[7, 3], strides=[2, 1], pads=[3, 1, 3, 1])),
             ('Relu', [], {}), ('Transpose', [], last),
             ('Reshape', ['pairs_shape'], {}), ('Transpose', [], first)]
    nodes, name = [], conv.input[0]
    for index, (kind, constants, attributes) in enumerate(chain):
        out = f'wide_{index}' if chain[index + 1:] else readers[0].output[0]
        nodes.append(helper.make_node(
            kind, [name, *constants], [out], out, **attributes))
        name = out
    replace(model, [conv, *readers], nodes)
