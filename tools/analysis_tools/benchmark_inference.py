"""Times inference, side by side in one run; speeds count as ratios.

For each student: MMPose's inference_topdown on its checkpoint, the bare
network in PyTorch and TorchScript, and exported models in ONNX Runtime, fp32
and int8. Speed does not depend on the weights: without --work-dir they are
random. Calls of all ways take turns, so that a disturbance of the machine
meets all of them alike.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
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
_FRAME = (512, 640)  # a common microbolometer
_BATCHES = (1, 16)
_STREAMED = 16  # frames
_WAYS = ('inference_topdown', 'pytorch', 'torchscript', 'onnx', 'onnx-int8')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'configs',
        nargs='*',
        default=_STUDENTS,
        help="students' stock configs [the zoo's on SF-TL54; the first is what "
        'the others are compared with]')
    parser.add_argument(
        '--seconds',
        type=float,
        default=4.,
        help='of timed calls, for each way, batch and number of threads '
        '[%(default)s]')
    parser.add_argument(
        '--threads',
        type=int,
        nargs='+',
        default=sorted({1, os.cpu_count() or 1}),
        help='%(default)s')
    parser.add_argument(
        '--peers',
        action='store_true',
        help='time face_alignment and MediaPipe too, if they are installed '
        'with their weights')
    parser.add_argument('--out', help='JSON file of all numbers')
    # How the tool calls itself: the memory of one way alone.
    parser.add_argument('--memory-of', nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


def prepare(config, folder):
    """A checkpoint of random weights, and its exports."""
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
    width, height = info.input_size
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, info.channels, height, width), np.uint8)
    export_model(model, info, base + '_int8.onnx', precision='int8',
                 calibration=images)
    return base, info


def ways(base, info, threads, only=None):
    """The calls to be timed, by name: each takes a batch size."""
    width, height = info.input_size
    rng = np.random.default_rng(1)
    faces = rng.integers(0, 256, (max(_BATCHES), info.channels, height, width),
                         np.uint8)
    runs = {}
    wanted = _WAYS if only is None else (only, )
    if set(wanted) & {'inference_topdown', 'pytorch'}:
        runs.update(_of_pytorch(base, info, faces, threads, wanted))
    if 'torchscript' in wanted:
        import torch
        torch.set_num_threads(threads)
        scripted = torch.jit.load(base + '.pt')

        def torchscript(batch):
            with torch.inference_mode():
                return scripted(torch.from_numpy(faces[:batch]))

        runs['torchscript'] = torchscript
    from mmpose_thermal.runtime import OnnxNetwork
    for way, suffix in (('onnx', ''), ('onnx-int8', '_int8')):
        if way in wanted:
            network = OnnxNetwork(
                f'{base}{suffix}.onnx', 'landmarks', threads)
            runs[way] = (lambda network: lambda batch: network(faces[:batch])
                         )(network)
    return runs


def _of_pytorch(base, info, faces, threads, wanted):
    import torch

    from mmpose_thermal.deployment import load_model
    torch.set_num_threads(threads)
    model = load_model(base + '.pth')
    image = np.random.default_rng(2).integers(0, 256, (*_FRAME, 3), np.uint8)
    image[:] = image[..., :1]
    boxes = np.tile(np.float32([[200, 150, 360, 330]]), (max(_BATCHES), 1))
    inputs = torch.rand(len(faces), 3, *info.input_size[::-1])
    runs = {}
    if 'inference_topdown' in wanted:
        from mmpose.apis import inference_topdown
        runs['inference_topdown'] = lambda batch: inference_topdown(
            model, image, boxes[:batch])
    if 'pytorch' in wanted:

        def pytorch(batch):
            with torch.inference_mode():
                return model(inputs[:batch], None, mode='tensor')

        runs['pytorch'] = pytorch
    return runs


def timed(runs, seconds):
    """Seconds of each call, by name: in turns, until all had their time."""
    times = {name: [] for name in runs}
    for run in runs.values():
        run()
    while any(sum(spent) < seconds for spent in times.values()):
        for name, run in runs.items():
            if sum(times[name]) < seconds:
                started = time.perf_counter()
                run()
                times[name].append(time.perf_counter() - started)
    return times


def summary(times, batch):
    ms = 1e3 * np.asarray(times)
    p50, p95 = np.percentile(ms, [50, 95])
    return dict(p50_ms=float(p50), p95_ms=float(p95),
                faces_per_s=1e3 * batch / float(p50))


def end_to_end(base, info, threads, seconds):
    """Frames/s from a 16-bit file to coordinates, and of the bare network."""
    from mmpose_thermal.apis import ThermalLandmarker
    landmarker = ThermalLandmarker(base + '.onnx', 'onnx', threads=threads)
    folder = Path(base).parent
    y, x = np.mgrid[:_FRAME[0], :_FRAME[1]]
    face = 1200 * np.exp(-((x - 300) / 80)**2 - ((y - 250) / 100)**2)
    noise = np.random.default_rng(0).normal(0, 5, _FRAME)
    frame = (29500 + face + noise).astype(np.uint16)
    np.save(folder / 'frame.npy', frame)
    cv2.imwrite(str(folder / 'frame.png'), frame)
    boxes = [[220, 150, 380, 350]]
    crop = np.zeros((1, info.channels, *info.input_size[::-1]), np.uint8)
    # The landmarker's own network: the same session for both.
    network = landmarker._network
    # As many frames at a time as there are threads.
    streams = {
        suffix: ThermalLandmarker(
            f'{base}{suffix}.onnx', 'onnx', threads=1, temperatures=False)
        for suffix in ('', '_int8')
    }
    without = ThermalLandmarker(
        base + '.onnx', 'onnx', threads=threads, temperatures=False)

    def stream(path, precision=''):
        for _ in streams[precision].stream([path] * _STREAMED, boxes, threads):
            pass

    runs = dict(bare=lambda: network(crop))
    for suffix in ('npy', 'png'):
        path = folder / f'frame.{suffix}'
        runs.update({
            suffix: lambda path=path: without(path, boxes),
            f'{suffix}_celsius': lambda path=path: landmarker(path, boxes),
            f'{suffix}_stream': lambda path=path: stream(path)
        })
    runs['npy_int8_stream'] = lambda: stream(folder / 'frame.npy', '_int8')
    return {
        name: (_STREAMED if name.endswith('stream') else 1) /
        float(np.median(spent)) for name, spent in timed(runs, seconds).items()
    }


def peers(seconds):
    """Others' landmark models on one 256x256 face; or why there is none."""
    image = np.random.default_rng(3).integers(0, 256, (256, 256, 3), np.uint8)
    found, missing = {}, {}
    try:
        import face_alignment
        model = face_alignment.FaceAlignment(
            face_alignment.LandmarksType.TWO_D, device='cpu',
            flip_input=False)
        found['face_alignment'] = lambda: model.get_landmarks_from_image(
            image, detected_faces=[[40, 40, 216, 216]])
    except Exception as error:  # whatever a foreign package raises
        missing['face_alignment'] = f'{type(error).__name__}: {error}'
    try:
        import mediapipe
        root = Path(mediapipe.__file__).parent
        models = [*root.rglob('*face_landmark*.tflite'),
                  *root.rglob('face_landmarker*.task')]
        missing['mediapipe'] = (
            f'has the model {models[0].name}, for which there is no code here'
            if models else 'its package holds no model of the face')
    except ImportError as error:
        missing['mediapipe'] = str(error)
    times = timed(found, seconds) if found else {}
    return {name: summary(spent, 1)
            for name, spent in times.items()}, missing


def memory_mb(base, way):
    """Peak memory of a process that does nothing else, one face."""
    output = subprocess.run(
        [sys.executable, __file__, '--memory-of', base, way],
        capture_output=True, text=True, check=True).stdout
    return float(output.splitlines()[-1])


def print_memory(base, way):
    if way.startswith('onnx'):
        # As beside a camera, where these are not installed.
        sys.modules.update(torch=None, mmengine=None)
    from mmpose_thermal.runtime import ModelInfo
    info, _ = ModelInfo.load(base + '.onnx', 'landmarks')
    ways(base, info, 1, way)[way](1)
    # Not getrusage: its maximum is inherited from the parent.
    status = Path('/proc/self/status').read_text()
    print(float(status.split('VmHWM:')[1].split()[0]) / 1024)


def measure(config, args):
    with tempfile.TemporaryDirectory() as folder:
        base, info = prepare(config, folder)
        result = dict(
            config=config,
            size_mb={
                'fp32': os.path.getsize(base + '.onnx') / 1e6,
                'int8': os.path.getsize(base + '_int8.onnx') / 1e6
            },
            threads={})
        for threads in args.threads:
            runs = ways(base, info, threads)
            result['threads'][threads] = {
                batch: {
                    name: summary(spent, batch)
                    for name, spent in timed(
                        {
                            name: (lambda run: lambda: run(batch))(run)
                            for name, run in runs.items()
                        }, args.seconds).items()
                }
                for batch in _BATCHES
            }
            result['threads'][threads]['end_to_end'] = end_to_end(
                base, info, threads, args.seconds)
        result['memory_mb'] = {way: memory_mb(base, way) for way in _WAYS}
    return result


def table(results, threads, batch):
    lines = [
        f'{_plural(threads)}, batch {batch}: faces/s '
        '(p50 / p95 ms of a call)', '',
        '| student | ' + ' | '.join(_WAYS) +
        ' | onnx / inference_topdown | int8 / onnx |',
        '|---|' + '---:|' * (len(_WAYS) + 2)
    ]
    for result in results:
        cells = result['threads'][threads][batch]
        rates = {way: cells[way]['faces_per_s'] for way in _WAYS}
        lines.append(
            f'| {student(result)} | ' + ' | '.join(
                f'{rates[way]:.1f} ({cells[way]["p50_ms"]:.1f} / '
                f'{cells[way]["p95_ms"]:.1f})' for way in _WAYS) +
            f' | {rates["onnx"] / rates["inference_topdown"]:.1f} | '
            f'{rates["onnx-int8"] / rates["onnx"]:.2f} |')
    return '\n'.join(lines)


def end_to_end_table(results, threads):
    columns = [
        f'{kind}{also}' for kind in ('npy', 'png')
        for also in ('', '_celsius', '_stream')
    ] + ['npy_int8_stream']
    over_mmpose = ('npy_stream', 'npy_int8_stream')
    lines = [
        f'{_plural(threads)}, ONNX Runtime: frames/s from a 16-bit file of '
        f'{_FRAME[1]}x{_FRAME[0]} to coordinates, and the share of the bare '
        'network\'s; with temperatures; as many frames at a time as threads',
        '',
        '| student | bare network | ' + ' | '.join(columns) +
        ' | ' + ' | '.join(f'{name} / inference_topdown'
                           for name in over_mmpose) + ' |',
        '|---|' + '---:|' * (len(columns) + 1 + len(over_mmpose))
    ]
    for result in results:
        cells = result['threads'][threads]
        whole = cells['end_to_end']
        mmpose = cells[1]['inference_topdown']['faces_per_s']
        lines.append(f'| {student(result)} | {whole["bare"]:.1f} | ' +
                     ' | '.join(f'{whole[name]:.1f} '
                                f'({100 * whole[name] / whole["bare"]:.0f} %)'
                                for name in columns) +
                     ''.join(f' | {whole[name] / mmpose:.1f}'
                             for name in over_mmpose) + ' |')
    return '\n'.join(lines)


def sizes_table(results):
    first = results[0]['threads']
    lines = [
        'times the first student\'s speed (ONNX, batch 1), file sizes, peak '
        'memory of a process', '', '| student | ' +
        ' | '.join(map(_plural, first)) + ' | MB fp32 / int8 | ' +
        ' | '.join(f'{way}, MB' for way in _WAYS) + ' |',
        '|---|' + '---:|' * (len(first) + 1 + len(_WAYS))
    ]
    for result in results:
        size = result['size_mb']
        speeds = [
            result['threads'][threads][1]['onnx']['faces_per_s'] /
            first[threads][1]['onnx']['faces_per_s'] for threads in first
        ]
        lines.append(f'| {student(result)} | ' +
                     ' | '.join(f'{speed:.1f}' for speed in speeds) +
                     f' | {size["fp32"]:.1f} / {size["int8"]:.1f} | ' +
                     ' | '.join(f'{result["memory_mb"][way]:.0f}'
                                for way in _WAYS) + ' |')
    return '\n'.join(lines)


def _plural(threads):
    return f'{threads} thread{"s" if threads > 1 else ""}'


def student(result):
    return Path(result['config']).stem.split('_1xb')[0]


def main():
    args = parse_args()
    warnings.simplefilter('ignore')
    if args.memory_of:
        return print_memory(*args.memory_of)
    for config in args.configs:
        if not os.path.isfile(config):
            sys.exit(f'benchmark_inference: {config} does not exist')
    from mmpose_thermal.apis import machine_class
    results, failed = [], []
    for number, config in enumerate(args.configs, start=1):
        print(f'[{number}/{len(args.configs)}] {config}', flush=True)
        try:
            results.append(measure(config, args))
        except Exception as error:  # one model less is no reason to lose all
            failed.append(config)
            print(f'not measured: {type(error).__name__}: {error}',
                  file=sys.stderr)
    if not results:
        sys.exit('benchmark_inference: nothing could be measured')
    print(f'\n{machine_class()}, {time.strftime("%Y-%m-%d")}')
    for threads in args.threads:
        for batch in _BATCHES:
            print('\n' + table(results, threads, batch))
        print('\n' + end_to_end_table(results, threads))
    print('\n' + sizes_table(results))
    everything = dict(machine=machine_class(), results=results)
    if args.peers:
        found, missing = peers(args.seconds)
        everything['peers'] = dict(found, **missing)
        for name, cells in found.items():
            print(f'\n{name}: {cells["faces_per_s"]:.1f} faces/s')
        for name, reason in missing.items():
            print(f'\n{name}: not measured ({reason})')
    if args.out:
        Path(args.out).write_text(json.dumps(everything, indent=1))
    if failed:
        sys.exit(f'benchmark_inference: not measured: {", ".join(failed)}')


if __name__ == '__main__':
    main()
