"""Times inference in several ways; only ratios of speeds carry over to other machines.

For each student, times MMPose's inference_topdown, the bare network in PyTorch and
TorchScript, exported models in ONNX Runtime (fp32 and int8), and whole frames, from a
16-bit file to coordinates. Weights are random, since they do not affect speed. Calls
are interleaved, so that disturbances of the machine affect all ways equally; on one
thread, CPU time counts.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path

import cv2
import numpy as np

_CONFIGS = 'configs/thermal_face_2d_keypoint/'
_STUDENTS = [
    _CONFIGS + name + '_1xb64-60e_sftl54-thermal-256x256.py'
    for name in ('topdown_heatmap/sftl54/td-hm_hrnetv2-w18',
                 'topdown_heatmap/sftl54/td-hm_hrnetv2-w32',
                 'rtmpose/sftl54/rtmpose-m',
                 'topdown_heatmap/sftl54/td-hm_litehrnet-18',
                 'topdown_heatmap/sftl54/td-hm_mobilenetv2',
                 'rtmpose/sftl54/rtmpose-t',
                 'topdown_heatmap/sftl54/td-hm_shufflenetv2',
                 'topdown_heatmap/sftl54/td-hm_shufflenetv2-w0.5')
]
_FRAME = (512, 640)  # height and width of a common microbolometer
SPOT_BOX = [220, 150, 380, 350]
_BATCHES = (1, 16)
_STREAMED = 16  # frames
_WAYS = ('inference_topdown', 'pytorch', 'torchscript', 'onnx', 'onnx-int8')
_FRAMES = ('bare', 'npy', 'npy_celsius', 'npy_stream', 'png', 'png_celsius',
           'png_stream', 'npy_int8_stream')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'configs', nargs='*', default=_STUDENTS,
        help='stock configs of students; the first is the reference [SF-TL54 students '
        'of the model zoo]')
    parser.add_argument(
        '--seconds', type=float, default=4.,
        help='measuring time per way, batch size and number of threads [%(default)s]')
    parser.add_argument(
        '--threads', type=int, nargs='+', default=sorted({1, os.cpu_count() or 1}),
        help='numbers of threads [%(default)s]')
    parser.add_argument('--out', help='write all numbers to this JSON file')
    # The tool calls itself with this option to measure the memory of one way.
    parser.add_argument('--memory-of', nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


def prepare(config, folder):
    """Writes a random checkpoint and its exports; returns their base path and info."""
    import torch
    from mmengine.config import Config
    from mmpose.apis import init_model

    from mmpose_thermal.deployment import describe, export_model
    cfg = Config.fromfile(config)
    cfg.model.backbone.pop('init_cfg', None)
    torch.manual_seed(0)
    model = init_model(cfg, None, 'cpu')
    info = describe(model)
    base = str(Path(folder) / 'model')
    torch.save(dict(state_dict=model.state_dict(), meta={}), base + '.pth')
    cfg.dump(base + '.py')
    export_model(model, info, base + '.onnx')
    export_model(model, info, base + '.pt', 'torchscript')
    export_model(model, info, base + '_int8.onnx', precision='int8',
                 calibration=random_faces(info, 8))
    return base, info


def random_faces(info, count):
    width, height = info.input_size
    return np.random.default_rng(0).integers(
        0, 256, (count, info.channels, height, width), np.uint8)


def call_of(way, base, info, threads):
    """Returns the function to time, which takes a batch size."""
    faces = random_faces(info, max(_BATCHES))
    if way.startswith('onnx'):
        from mmpose_thermal.runtime import OnnxNetwork
        network = OnnxNetwork(
            f'{base}{"_int8" if way.endswith("int8") else ""}.onnx', 'landmarks',
            threads)
        return lambda batch: network(faces[:batch])
    import torch
    torch.set_num_threads(threads)
    if way == 'torchscript':
        scripted = torch.jit.load(base + '.pt')
        return torch.inference_mode()(
            lambda batch: scripted(torch.from_numpy(faces[:batch])))
    from mmpose_thermal.deployment import load_model
    model = load_model(base + '.pth')
    if way == 'pytorch':
        inputs = torch.rand(len(faces), 3, *info.input_size[::-1])
        return torch.inference_mode()(
            lambda batch: model(inputs[:batch], None, mode='tensor'))
    from mmpose.apis import inference_topdown
    grey = np.random.default_rng(2).integers(0, 256, (*_FRAME, 1), np.uint8)
    image = grey.repeat(3, axis=2)
    boxes = np.tile(np.float32([[200, 150, 360, 330]]), (len(faces), 1))
    return lambda batch: inference_topdown(model, image, boxes[:batch])


def warm_spot():
    """A 16-bit frame with something as warm and large as a face."""
    y, x = np.mgrid[:_FRAME[0], :_FRAME[1]]
    spot = 1200 * np.exp(-((x - 300) / 80)**2 - ((y - 250) / 100)**2)
    noise = np.random.default_rng(0).normal(0, 5, _FRAME)
    return (29500 + spot + noise).astype(np.uint16)


def whole_frames(base, info, threads, seconds):
    """Measures frames/s from a 16-bit file to coordinates, and of the bare network."""
    from mmpose_thermal.apis import ThermalLandmarker, time_in_turns
    folder = Path(base).parent
    frame = warm_spot()
    np.save(folder / 'frame.npy', frame)
    cv2.imwrite(str(folder / 'frame.png'), frame)
    boxes = [SPOT_BOX]
    landmarker = partial(ThermalLandmarker, device='onnx')
    celsius = landmarker(base + '.onnx', threads=threads)
    plain = landmarker(base + '.onnx', threads=threads, temperatures=False)
    # One frame per thread at a time.
    streams = {
        precision: landmarker(f'{base}{precision}.onnx', threads=1, temperatures=False)
        for precision in ('', '_int8')
    }

    def stream(precision, path):
        return list(streams[precision].stream([path] * _STREAMED, boxes, threads))

    crop = random_faces(info, 1)
    # Use the landmarker's network, so that both use the same session.
    runs = dict(bare=lambda: celsius._landmarks._network(crop))
    for suffix in ('npy', 'png'):
        path = folder / f'frame.{suffix}'
        runs[suffix] = partial(plain, path, boxes)
        runs[f'{suffix}_celsius'] = partial(celsius, path, boxes)
        runs[f'{suffix}_stream'] = partial(stream, '', path)
    runs['npy_int8_stream'] = partial(stream, '_int8', folder / 'frame.npy')
    return {
        name: 1e3 * (_STREAMED if name.endswith('stream') else 1) / float(np.median(ms))
        for name, ms in time_in_turns(
            runs, seconds=seconds, clock=clock_for(threads)).items()
    }


def clock_for(threads):
    """On one thread, what other programs take does not count."""
    return time.process_time if threads == 1 else time.perf_counter


def memory_mb(base, way):
    """Measures the peak memory of a separate process for one face."""
    output = subprocess.run(
        [sys.executable, __file__, '--memory-of', base, way],
        capture_output=True, text=True, check=True).stdout
    return float(output.splitlines()[-1])


def print_memory(base, way):
    if way.startswith('onnx'):
        # Deployment does not need these packages.
        sys.modules.update(torch=None, mmengine=None)
    from mmpose_thermal.runtime import ModelInfo
    info, _ = ModelInfo.load(base + '.onnx', 'landmarks')
    call_of(way, base, info, 1)(1)
    # getrusage would inherit the maximum from the parent process.
    status = Path('/proc/self/status').read_text()
    print(float(status.split('VmHWM:')[1].split()[0]) / 1024)


def measure(config, args):
    """Measures everything for one student."""
    from mmpose_thermal.apis import time_in_turns
    result = dict(config=config, threads={})
    with tempfile.TemporaryDirectory() as folder:
        base, info = prepare(config, folder)
        result['size_mb'] = {
            precision: os.path.getsize(f'{base}{suffix}.onnx') / 1e6
            for precision, suffix in (('fp32', ''), ('int8', '_int8'))
        }
        for threads in args.threads:
            calls = {way: call_of(way, base, info, threads) for way in _WAYS}
            cells = result['threads'][threads] = {}
            for batch in _BATCHES:
                times = time_in_turns(
                    {way: partial(call, batch) for way, call in calls.items()},
                    seconds=args.seconds, clock=clock_for(threads))
                cells[batch] = {
                    way: dict(p50_ms=float(np.median(ms)),
                              p95_ms=float(np.percentile(ms, 95)),
                              faces_per_s=1e3 * batch / float(np.median(ms)))
                    for way, ms in times.items()
                }
            cells['end_to_end'] = whole_frames(base, info, threads, args.seconds)
        result['memory_mb'] = {way: memory_mb(base, way) for way in _WAYS}
    return result


def print_table(title, columns, results, row):
    """Prints a Markdown table with one line per student; ``row`` makes the cells."""
    print(f'\n{title}\n\n| student | ' + ' | '.join(columns) + ' |\n|---|' +
          '---:|' * len(columns))
    for result in results:
        student = Path(result['config']).stem.split('_1xb')[0]
        print(f'| {student} | ' + ' | '.join(row(result)) + ' |')


def print_speed(results, threads, batch):
    def row(result):
        cells = result['threads'][threads][batch]
        rate = {way: cells[way]['faces_per_s'] for way in _WAYS}
        return [f'{rate[way]:.1f} ({cells[way]["p50_ms"]:.1f} / '
                f'{cells[way]["p95_ms"]:.1f})' for way in _WAYS] + [
                    f'{rate["onnx"] / rate["inference_topdown"]:.1f}',
                    f'{rate["onnx-int8"] / rate["onnx"]:.2f}']

    print_table(
        f'{threads} thread(s), batch {batch}: faces/s (p50 / p95 ms of a call)',
        [*_WAYS, 'onnx / inference_topdown', 'int8 / onnx'], results, row)


def print_frames(results, threads):
    def row(result):
        cells = result['threads'][threads]
        rate = cells['end_to_end']
        mmpose = cells[1]['inference_topdown']['faces_per_s']
        return [f'{rate[name]:.1f} ({100 * rate[name] / rate["bare"]:.0f} %)'
                for name in _FRAMES] + [
                    f'{rate[name] / mmpose:.1f}'
                    for name in ('npy_stream', 'npy_int8_stream')]

    print_table(
        f'{threads} thread(s), ONNX Runtime: frames/s from a 16-bit file of '
        f'{_FRAME[1]}x{_FRAME[0]} to coordinates, and in percent of the bare '
        'network; celsius: with temperatures; stream: one frame per thread at a '
        'time', [*_FRAMES, 'npy_stream / inference_topdown',
                    'npy_int8_stream / inference_topdown'], results, row)


def print_sizes(results, threads):
    def onnx(result, count):
        return result['threads'][count][1]['onnx']['faces_per_s']

    print_table(
        'speed relative to the first student (ONNX, batch 1), file sizes, peak '
        'memory of the process',
        [f'{count} thread(s)' for count in threads] + ['MB fp32', 'MB int8'] +
        [f'{way}, MB' for way in _WAYS], results, lambda result: [
            f'{onnx(result, count) / onnx(results[0], count):.1f}' for count in threads
        ] + [f'{size:.1f}' for size in result['size_mb'].values()] + [
            f'{result["memory_mb"][way]:.0f}' for way in _WAYS])


def main():
    args = parse_args()
    warnings.simplefilter('ignore')
    if args.memory_of:
        return print_memory(*args.memory_of)
    for config in args.configs:
        if not os.path.isfile(config):
            sys.exit(f'benchmark_inference: {config} does not exist')
    from mmpose_thermal.apis import machine_class
    results = []
    for number, config in enumerate(args.configs, start=1):
        print(f'[{number}/{len(args.configs)}] {config}', flush=True)
        results.append(measure(config, args))
    print(f'\n{machine_class()}, {time.strftime("%Y-%m-%d")}')
    for threads in args.threads:
        for batch in _BATCHES:
            print_speed(results, threads, batch)
        print_frames(results, threads)
    print_sizes(results, args.threads)
    if args.out:
        Path(args.out).write_text(json.dumps(
            dict(machine=machine_class(), results=results), indent=1))


if __name__ == '__main__':
    main()
