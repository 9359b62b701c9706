"""Times the shipped models on a live camera's frames, on one thread.

Rendered faces move through 16-bit frames of 640x512 pixels. The detector runs in
every frame, or a tracker calls it in every tenth only. CPU time counts, as if the
program had the core to itself. Start-up and memory are those of a new process, which
imports the package, loads both models and finds the faces of one frame.
"""
import argparse
import json
import subprocess
import sys
import time

import cv2
import numpy as np

_HEIGHT, _WIDTH, _TILE = 512, 640, 224
_MOVED_PX = 3  # a frame
_NEW_PROCESS = '''
import json, sys, time
sys.argv = ['mmpose-thermal']  # a command, which registers nothing with MMPose
import numpy as np
frame, spent = np.full((512, 640), 29500, np.uint16), [time.process_time()]
from mmpose_thermal.apis import ThermalLandmarker
spent.append(time.process_time())
landmarker = ThermalLandmarker(threads=1)
spent.append(time.process_time())
landmarker(frame)
spent.append(time.process_time())
peak_kb = open('/proc/self/status').read().split('VmHWM:')[1].split()[0]
print(json.dumps(dict(seconds=spent, peak_mb=int(peak_kb) / 1024)))
'''


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--frames', type=int, default=100, help='timed frames [%(default)s]')
    parser.add_argument(
        '--faces', type=int, nargs='+', default=[1, 4], choices=range(1, 5),
        metavar='N', help='faces in a frame, at most 4 [1 4]')
    return parser.parse_args()


def scene(faces):
    """A frame with rendered faces, (512, 640), centikelvin."""
    from mmpose_thermal.synthetic import SyntheticSpec
    from mmpose_thermal.synthetic.pictures import pictures_of
    spec = SyntheticSpec(seed=2026, size=_TILE)
    frame = np.random.default_rng(0).normal(
        29500, 5, (_HEIGHT, _WIDTH)).astype(np.uint16)
    for person in range(faces):
        picture, = pictures_of(spec, 'test', person, 1)
        top, left = divmod(person, 2)
        top, left = 16 + 256 * top, 48 + 320 * left
        frame[top:top + _TILE, left:left + _TILE] = picture.thermal16
    return frame


def moving(frame, count):
    """Frames in which the scene moves to and fro."""
    steps = np.abs(np.arange(count) % 20 - 10)
    return [np.roll(frame, _MOVED_PX * step, axis=1) for step in steps]


def milliseconds(find, frames):
    """CPU time of each frame, and the number of faces found in each."""
    find(frames[0])
    spent_ms, found = [], []
    for frame in frames:
        started = time.process_time()
        found.append(len(find(frame)))
        spent_ms.append(1e3 * (time.process_time() - started))
    return np.array(spent_ms), np.array(found)


def new_process(runs=5):
    """Seconds of each part of a start, the median of several; and MB at its peak."""
    started = [json.loads(subprocess.run(
        [sys.executable, '-c', _NEW_PROCESS], capture_output=True, text=True,
        check=True).stdout) for _ in range(runs)]
    seconds = np.median([np.diff(each['seconds'], prepend=0) for each in started], 0)
    return seconds, max(each['peak_mb'] for each in started)


def main():
    args = parse_args()
    cv2.setNumThreads(1)
    from mmpose_thermal.apis import ThermalLandmarker, machine_class
    from mmpose_thermal.runtime import FaceTracker
    landmarker = ThermalLandmarker(threads=1)
    print(f'{machine_class()}, one thread, CPU time, {time.strftime("%Y-%m-%d")}\n\n'
          '| faces | detector | faces found | frames/s | ms a frame: median | 95 % |'
          '\n|---|---|---:|---:|---:|---:|')
    for faces in args.faces:
        frames = moving(scene(faces), args.frames)
        for name, find in (
                ('in every frame', landmarker),
                ('in every tenth, tracker', FaceTracker(landmarker))):
            spent_ms, found = milliseconds(find, frames)
            print(f'| {faces} | {name} | {found.mean():.2f} | '
                  f'{1e3 / spent_ms.mean():.0f} | {np.median(spent_ms):.1f} | '
                  f'{np.percentile(spent_ms, 95):.1f} |')
    seconds, peak_mb = new_process()
    names = ('NumPy', 'import', 'both models', 'first frame')
    print('\n| start of a new process | s of CPU time |\n|---|---:|')
    for name, spent in zip(names, seconds):
        print(f'| {name} | {spent:.2f} |')
    print(f'| **all** | {seconds.sum():.2f} |\n\nPeak memory: {peak_mb:.0f} MB.')


if __name__ == '__main__':
    main()
