"""Times a landmark model and those of other projects side by side on one thread.

Exports CONFIG's CHECKPOINT to fp32 and int8 and times both, with and without
temperatures, against MMPose's inference_topdown on the same checkpoint and against
the peers. Each finds one face in a given box of a 16-bit frame of 640x512 pixels,
gain included. The calls take turns; only ratios carry over to other machines.
"""
import argparse
import os
import sys
import tempfile
import time
import warnings
from functools import partial

import cv2
import numpy as np
from benchmark_inference import SPOT_BOX, random_faces, warm_spot


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help="the model's config")
    parser.add_argument('checkpoint', help="the model's weights")
    parser.add_argument(
        '--peers', nargs='+', default=[], metavar='FILE',
        help="MediaPipe's wheel (mediapipe 0.10.14) or its face_landmark.tflite, run "
        'in OpenCV; or an ONNX file like PFLD, run in ONNX Runtime')
    parser.add_argument(
        '--seconds', type=float, default=2.,
        help='measuring time of each [%(default)s]')
    return parser.parse_args()


def own_calls(model, info, frame, folder):
    """Calls of the exported model, by name."""
    from mmpose_thermal.apis import ThermalLandmarker, export_model
    calls = {}
    for precision in ('fp32', 'int8'):
        path = os.path.join(folder, f'{precision}.onnx')
        export_model(model, info, path, precision=precision,
                     calibration=random_faces(info, 8))
        for temperatures in (False, True):
            landmarker = ThermalLandmarker(
                path, threads=1, detect=False, temperatures=temperatures)
            name = f'ours, {precision}' + ', temperatures' * temperatures
            calls[name] = partial(landmarker, frame, [SPOT_BOX])
    return calls


def grey_picture(frame, info):
    """The frame as a model for pictures takes it: (H, W, 3), uint8."""
    from mmpose_thermal.runtime import grey_levels
    grey, _ = grey_levels(frame, 'frame', **info.gain)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


def mmpose_call(model, info, frame):
    from mmpose.apis import inference_topdown
    boxes = np.array([SPOT_BOX], np.float32)
    return lambda: inference_topdown(model, grey_picture(frame, info), boxes)


def peer_call(path, info, frame):
    from mmpose_thermal.labelling.facemesh import FaceMesh
    from mmpose_thermal.labelling.pfld import Pfld
    peer = Pfld(path, threads=1) if path.endswith('.onnx') else FaceMesh(path)
    boxes = np.array([SPOT_BOX], float)
    return lambda: peer(grey_picture(frame, info), boxes)


def print_table(times):
    """Prints faces/s of each, and how many times as fast as the others it is."""
    median_ms = {name: float(np.median(ms)) for name, ms in times.items()}
    others = [name for name in times if not name.startswith('ours')]
    print('| | faces/s | ' + ' | '.join(f'times {name}' for name in others) +
          ' |\n|---|' + '---:|' * (1 + len(others)))
    for name, ms in median_ms.items():
        ratios = [f'{median_ms[other] / ms:.1f}' for other in others]
        print(f'| {name} | {1e3 / ms:.1f} | ' + ' | '.join(ratios) + ' |')


def main():
    args = parse_args()
    for path in (args.config, args.checkpoint, *args.peers):
        if not os.path.isfile(path):
            sys.exit(f'benchmark_peers: {path} does not exist')
    warnings.simplefilter('ignore')
    import torch

    from mmpose_thermal.apis import describe, load_model, machine_class, time_in_turns
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    model = load_model((args.config, args.checkpoint))
    model.test_cfg['flip_test'] = False
    info, frame = describe(model), warm_spot()
    with tempfile.TemporaryDirectory() as folder:
        calls = own_calls(model, info, frame, folder)
        calls['inference_topdown'] = mmpose_call(model, info, frame)
        calls.update({os.path.basename(path): peer_call(path, info, frame)
                      for path in args.peers})
        times = time_in_turns(calls, seconds=args.seconds)
    print(f'{machine_class()}, one thread, {time.strftime("%Y-%m-%d")}\n')
    print_table(times)


if __name__ == '__main__':
    main()
