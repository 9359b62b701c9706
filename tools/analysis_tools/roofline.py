"""Shows where an ONNX model spends its time, and how close that is to the limit.

Runs the model in ONNX Runtime on one thread and prints a Markdown table by kind of
node. The limit is measured on the same core: the multiply-accumulates of a large
matrix product and the bytes per second of a copy. No node can be faster than the
slower of the two allows. What a node computes beyond the model's own operations,
such as padded channels, counts as time but not as work. Of all times the fastest run
counts, so that other processes disturb little.
"""
import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import astuple, dataclass

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

_GEMM_SIDE, _COPIED_BYTES = 512, 1 << 20


@dataclass
class Kind:
    """All nodes of one kind, in one run."""
    nodes: int = 0
    seconds: float = 0.
    macs: float = 0.
    bytes: float = 0.
    is_int8: bool = False


@dataclass
class Limits:
    """What one core attains: multiply-accumulates and bytes per second."""
    fp32: float
    int8: float
    copy: float

    def seconds(self, kind):
        rate = self.int8 if kind.is_int8 else self.fp32
        return max(kind.macs / rate, kind.bytes / self.copy)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('model', help='NAME.onnx, which takes images (N, C, H, W)')
    parser.add_argument('--batch', type=int, default=1, help='images [%(default)s]')
    parser.add_argument(
        '--seconds', type=float, default=1.,
        help='measuring time of the model, and of the limits [%(default)s]')
    return parser.parse_args()


def session(model, is_optimised=True, profile=None):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = \
        levels.ORT_ENABLE_ALL if is_optimised else levels.ORT_DISABLE_ALL
    if profile:
        options.enable_profiling, options.profile_file_prefix = True, profile
    return onnxruntime.InferenceSession(
        model, options, providers=['CPUExecutionProvider'])


def fastest(call, seconds):
    """Time of the fastest call, after one that is not timed.

    Wall time, as the profiler's: a virtual machine may count no CPU time at all for
    short calls.
    """
    call()
    ends, best = time.perf_counter() + seconds, math.inf
    while time.perf_counter() < ends or best == math.inf:
        started = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - started)
    return best


def measured_limits(seconds):
    source = np.ones(_COPIED_BYTES, np.uint8)
    target = np.zeros_like(source)
    copying = fastest(lambda: np.copyto(target, source), seconds / 3)
    return Limits(
        gemm_rate('MatMul', np.float32, np.float32, TensorProto.FLOAT, seconds / 3),
        gemm_rate('MatMulInteger', np.uint8, np.int8, TensorProto.INT32, seconds / 3),
        2 * _COPIED_BYTES / copying)


def gemm_rate(operator, left, right, output, seconds):
    size = (_GEMM_SIDE, _GEMM_SIDE)
    values = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node(operator, ['image', 'weights'], ['product'])], 'product',
        [values('image', helper.np_dtype_to_tensor_dtype(np.dtype(left)), size)],
        [values('product', output, size)],
        [onnx.numpy_helper.from_array(np.ones(size, right), 'weights')])
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    run, image = session(model.SerializeToString()), {'image': np.ones(size, left)}
    return _GEMM_SIDE**3 / fastest(lambda: run.run(None, image), seconds)


def random_image(run, batch):
    wanted = run.get_inputs()[0]
    kind = np.uint8 if 'uint8' in wanted.type else np.float32
    return {wanted.name: np.random.default_rng(0).integers(
        0, 256, (batch, *wanted.shape[1:])).astype(kind)}


def profiled_nodes(model, batch, seconds, is_optimised):
    """Returns what ONNX Runtime tells of each node that ran, and its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        run = session(model, is_optimised, os.path.join(folder, 'profile'))
        image = random_image(run, batch)
        fastest(lambda: run.run(None, image), seconds)
        with open(run.end_profiling()) as file:
            events = json.load(file)
    times, nodes = defaultdict(list), {}
    for event in events:
        if event['cat'] == 'Node' and event['name'].endswith('_kernel_time'):
            index = event['args']['node_index']
            times[index].append(event['dur'] * 1e-6)
            nodes[index] = event['args']
    return [(node, min(times[index])) for index, node in nodes.items()]


def shapes(node, side):
    return [next(iter(each.values())) for each in node[f'{side}put_type_shape']]


def weights_of(node):
    """Shape of a convolution's weights; None if they were packed beforehand."""
    return next((shape for shape in shapes(node, 'in')[1:] if len(shape) > 2), None)


def name_of(node):
    """Convolutions by kernel; everything else by operator."""
    name, kernel = node['op_name'], weights_of(node)
    if name not in ('Conv', 'FusedConv', 'QLinearConv') or kernel is None:
        return name
    return 'depthwise ' * (kernel[1] == 1) + f'Conv {"x".join(map(str, kernel[2:]))}'


def macs_of(node):
    name, inputs = node['op_name'], shapes(node, 'in')
    output = shapes(node, 'out')[0]
    if name in ('Conv', 'ConvTranspose'):
        values = output if name == 'Conv' else inputs[0]
        return math.prod(values) * math.prod(weights_of(node)[1:])
    return math.prod(output) * inputs[0][-1] if name in ('MatMul', 'Gemm') else 0


def kinds_of(model, batch, seconds):
    kinds = defaultdict(Kind)
    for node, spent in profiled_nodes(model, batch, seconds, True):
        kind = kinds[name_of(node)]
        kind.nodes += 1
        kind.seconds += spent
        kind.bytes += sum(int(node.get(f'{part}_size', 0))
                          for part in ('activation', 'parameter', 'output'))
        kind.is_int8 |= node['op_name'].startswith('QLinear')
    # Optimised graphs pad channels; the original tells what has to be computed.
    for node, _ in profiled_nodes(model, batch, 0, False):
        name = name_of(node)
        kinds[name if name in kinds else node['op_name']].macs += macs_of(node)
    return {name: kind for name, kind in kinds.items() if kind.nodes}


def print_table(kinds, limits):
    total = Kind(*np.sum([astuple(kind)[:4] for kind in kinds.values()], axis=0))
    rows = [(name, kind, limits.seconds(kind)) for name, kind in sorted(
        kinds.items(), key=lambda each: -each[1].seconds)]
    rows.append(('**all**', total, sum(least_s for *_, least_s in rows)))
    print('| node | number | share of time | GMAC/s | GB/s | share of the limit |\n'
          '|---|---:|---:|---:|---:|---:|')
    for name, kind, least_s in rows:
        spent = max(kind.seconds, 1e-6)  # a tick of the profiler
        print(f'| {name} | {kind.nodes:.0f} | {kind.seconds / total.seconds:.1%} | '
              f'{kind.macs / spent / 1e9:.1f} | {kind.bytes / spent / 1e9:.1f} | '
              f'{least_s / spent:.0%} |')


def main():
    args = parse_args()
    if not os.path.isfile(args.model):
        sys.exit(f'roofline: {args.model} does not exist')
    limits = measured_limits(args.seconds)
    kinds = kinds_of(args.model, args.batch, args.seconds)
    spent_ms = 1e3 * sum(kind.seconds for kind in kinds.values())
    print(f'One core: {limits.fp32 / 1e9:.0f} GMAC/s in float32, '
          f'{limits.int8 / 1e9:.0f} in int8, {limits.copy / 1e9:.0f} GB/s. '
          f'Batch {args.batch}: {spent_ms:.2f} ms.\n')
    print_table(kinds, limits)


if __name__ == '__main__':
    main()
