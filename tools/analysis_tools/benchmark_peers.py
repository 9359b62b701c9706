"""Times a landmark model and those of other projects side by side on one thread.

Exports CONFIG's CHECKPOINT for ONNX Runtime (fp32 and int8) and, where it is
installed, OpenVINO, and times them against MMPose's inference_topdown on the same
checkpoint and against the peers. Each finds faces in given boxes of a 16-bit frame of
640x512 pixels, gain included: one face, or four where it says so. The calls take
turns, and CPU time counts, so that other programs disturb little; only ratios carry
over to other machines.
"""
import argparse
import os
import sys
import tempfile
import time
import warnings
from functools import partial
from importlib.util import find_spec

import cv2
import numpy as np
from benchmark_inference import SPOT_BOX, random_faces, warm_spot

_OF_FOUR = ', four faces'


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help="the model's config")
    parser.add_argument('checkpoint', help="the model's weights")
    parser.add_argument(
        '--peers', nargs='+', default=[], metavar='FILE',
        help="MediaPipe's wheel (mediapipe 0.10.14) or its face_landmark.tflite, run "
        'in OpenCV, and in LiteRT where ai-edge-litert is installed; an ONNX file like '
        "PFLD, run in ONNX Runtime; or a .dat of dlib's shape predictor")
    parser.add_argument(
        '--seconds', type=float, default=2.,
        help='measuring time of each [%(default)s]')
    return parser.parse_args()


def own_calls(model, info, frame, folder):
    """Calls of the exported model, by name."""
    from mmpose_thermal.apis import ThermalLandmarker, export_model
    calls = {}
    for name, out, options in (
            ('ours', 'fp32.onnx', {}),
            ('ours, int8', 'int8.onnx',
             dict(precision='int8', calibration=random_faces(info, 8))),
            ('ours, OpenVINO', 'fp32.xml', dict(format='openvino'))):
        if out.endswith('.xml') and not find_spec('openvino'):
            continue
        path = os.path.join(folder, out)
        export_model(model, info, path, **options)
        landmarker = ThermalLandmarker(
            path, threads=1, detect=False, temperatures=False)
        calls[name] = partial(landmarker, frame, [SPOT_BOX])
        calls[name + _OF_FOUR] = partial(landmarker, frame, [SPOT_BOX] * 4)
    landmarker = ThermalLandmarker(
        os.path.join(folder, 'fp32.onnx'), threads=1, detect=False)
    calls['ours, temperatures and measures'] = partial(landmarker, frame, [SPOT_BOX])
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


def peer_calls(path, info, frame):
    """Calls of another project's model, by name."""
    from mmpose_thermal.labelling.facemesh import FaceMesh
    from mmpose_thermal.labelling.pfld import Pfld
    boxes, name = np.array([SPOT_BOX], float), os.path.basename(path)
    if path.endswith('.onnx'):
        peers = {name: Pfld(path, threads=1)}
    elif path.endswith('.dat'):
        peers = {name: dlib_predictor(path)}
    else:
        peers = {f'{name}, OpenCV': FaceMesh(path)}
        if find_spec('ai_edge_litert'):
            peers[f'{name}, LiteRT'] = LiteRtFaceMesh(path)
    return {name: partial(lambda peer: peer(grey_picture(frame, info), boxes), peer)
            for name, peer in peers.items()}


def dlib_predictor(path):
    import dlib
    predict = dlib.shape_predictor(path)

    def points(image, boxes):
        shapes = [predict(image, dlib.rectangle(*map(int, box))) for box in boxes]
        return [[(point.x, point.y) for point in shape.parts()] for shape in shapes]

    return points


class LiteRtFaceMesh:
    """FaceMesh in the runtime that it was made for; scores and points are not read."""

    def __init__(self, path):
        from ai_edge_litert.interpreter import Interpreter

        from mmpose_thermal.labelling.facemesh import IN_WHEEL
        from mmpose_thermal.labelling.model_files import read_model
        self._run = Interpreter(
            model_content=bytes(read_model(path, IN_WHEEL)), num_threads=1)
        self._run.allocate_tensors()
        self._input, *_ = self._run.get_input_details()

    def __call__(self, image, boxes):
        from mmpose_thermal.labelling.square_crops import SquareCrops
        crop, = SquareCrops(boxes, self._input['shape'][1], 1.5).cut(image)
        self._run.set_tensor(self._input['index'], crop[None] / np.float32(255))
        self._run.invoke()
        return [self._run.get_tensor(output['index'])
                for output in self._run.get_output_details()]


def print_table(times):
    """Prints faces/s of each, and how many times as fast as the others it is."""
    rates = {name: 1e3 * (4 if name.endswith(_OF_FOUR) else 1) / float(np.median(ms))
             for name, ms in times.items()}
    others = [name for name in times if not name.startswith('ours')]
    print('| | faces/s | ' + ' | '.join(f'times {name}' for name in others) +
          ' |\n|---|' + '---:|' * (1 + len(others)))
    for name, rate in rates.items():
        ratios = [f'{rate / rates[other]:.1f}' for other in others]
        print(f'| {name} | {rate:.1f} | ' + ' | '.join(ratios) + ' |')


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
        for path in args.peers:
            calls.update(peer_calls(path, info, frame))
        times = time_in_turns(calls, seconds=args.seconds, clock=time.process_time)
    print(f'{machine_class()}, one thread, {time.strftime("%Y-%m-%d")}\n')
    print_table(times)


if __name__ == '__main__':
    main()
