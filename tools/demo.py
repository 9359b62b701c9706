"""Landmarks and skin temperatures in images, folders, videos and cameras.

  demo.py --model student_best.pth faces/*.png
  demo.py --model student.onnx --detector detector.onnx sequence16/ video.mp4
  demo.py --model student.onnx --detector detector.onnx --show 0

Written into the output folder: pictures (or a video) with what was found,
results.jsonl (one line a frame, with the name of its picture) and results.csv
(one line a face), both complete up to the last frame whenever it stops.
"""
import argparse
import os
import sys
import time
import warnings
from pathlib import Path

import cv2
import numpy as np

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.runtime import (FaceTracker, ResultFiles, Source,
                                    draw_faces)
from mmpose_thermal.runtime.frames import input_files

_REPORT_EVERY_S = 2.
_FPS_MEMORY = .9
_WHITE_HOT = 'white-hot'
_WRITTEN = ('.png', '.mp4')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'inputs',
        nargs='+',
        metavar='INPUT',
        help='image, folder, pattern, video, stack of frames (.npy, .npz, '
        ".tif) or camera's index; folders and patterns may be sequences, see "
        '--sequence')
    parser.add_argument(
        '--model',
        required=True,
        help='NAME.onnx (exported with --decode) or NAME.pth with NAME.py '
        'beside it, such as student_best.pth')
    parser.add_argument(
        '--detector', help='face detector in the same form; without it a face '
        'is taken to fill the image')
    parser.add_argument(
        '--device',
        help='onnx, cpu or cuda [onnx for .onnx, else cpu]')
    parser.add_argument(
        '--out-dir', default='work_dirs/demo', help='[%(default)s]')
    parser.add_argument(
        '--show', action='store_true', help='in a window; q or Esc ends it')
    parser.add_argument(
        '--box',
        action='append',
        metavar='X1,Y1,X2,Y2',
        help='a face in every frame, instead of a detector')
    parser.add_argument(
        '--sequence',
        action='store_true',
        help='images of a folder or pattern are frames in time: track faces '
        'and write a video')
    parser.add_argument(
        '--detect-every',
        type=int,
        default=10,
        metavar='N',
        help='frames of a video from one run of the detector to the next; 1: '
        'no tracking [%(default)s]')
    parser.add_argument(
        '--min-box-score',
        type=float,
        default=.4,
        help='of the detector [%(default)s]')
    parser.add_argument(
        '--palette',
        default=_WHITE_HOT,
        help='of 8-bit frames: white-hot, black-hot, iron and others, or a '
        'file [%(default)s]')
    parser.add_argument(
        '--temperature-scale',
        type=float,
        help='kelvin are value * scale + offset [0.01 for 16 bits, 1 for '
        'floats]')
    parser.add_argument(
        '--temperature-offset', type=float, default=0., help='[%(default)s]')
    parser.add_argument(
        '--max-frames', type=int, metavar='N', help='of each input')
    return parser.parse_args()


def parse_boxes(texts):
    try:
        boxes = [[float(v) for v in text.split(',')] for text in texts]
        assert all(len(box) == 4 for box in boxes)
    except (ValueError, AssertionError):
        sys.exit(f'demo: --box {texts}: wanted is X1,Y1,X2,Y2')
    return boxes


class Demo:
    """One run over all inputs."""

    def __init__(self, args):
        self.args = args
        self.boxes = None if not args.box else parse_boxes(args.box)
        self.landmarker = ThermalLandmarker(
            args.model,
            args.device,
            None if self.boxes else args.detector,
            min_box_score=args.min_box_score,
            palette=args.palette,
            temperature_scale=args.temperature_scale,
            temperature_offset=args.temperature_offset)
        self.palette = None if args.palette == _WHITE_HOT else args.palette
        _keep_inputs(args.inputs, args.out_dir)
        self.results = ResultFiles(args.out_dir, self.landmarker.info)
        self.frames = self.failed = 0
        self.fps, self.has_warned = None, False
        self.reported = time.monotonic()

    def run(self):
        try:
            for where in self.args.inputs:
                try:
                    source = Source(where, self.palette)
                except (OSError, ValueError) as error:
                    self.complain(str(error))
                    continue
                if not self.run_source(source):
                    break
        except KeyboardInterrupt:
            print('\ndemo: stopped', file=sys.stderr)
        finally:
            self.results.close()
        print(f'{self.frames} frames, {self.results.faces} faces, '
              f'{self.failed} problems: {self.args.out_dir}')
        return 1 if self.failed else 0

    def run_source(self, source):
        """Whether to go on with the next input."""
        moving = source.moving or self.args.sequence
        find = self.landmarker
        if moving and self.landmarker.detector is not None and \
                self.args.detect_every > 1:
            find = FaceTracker(self.landmarker, self.args.detect_every)
        unusable = 0
        for number, frame in enumerate(source):
            if number == self.args.max_frames:
                break
            if frame.error:
                self.complain(frame.error)
                continue
            started = time.perf_counter()
            try:
                prepared = self.landmarker.prepare(frame)
                boxes = self.boxes_in(prepared)
                faces = find(prepared) if boxes is None else find(
                    prepared, boxes)
            except ValueError as error:
                unusable += 1
                # Frames of a video have the same fault, files their own.
                self.complain(
                    f'{source.name}, frame {frame.name}: {error}',
                    is_told=unusable == 1 or not moving)
                continue
            self.measure(time.perf_counter() - started)
            picture = draw_faces(prepared.grey, faces, self.landmarker.info,
                                 self.fps if moving else None)
            self.results.add(source, frame, faces, picture, moving)
            self.report(source, number)
            if self.args.show and not self.show(picture, moving):
                return False
        if moving and unusable > 1:
            say(f'{source.name}: {unusable - 1} more frames likewise')
        self.results.close_video()
        return True

    def boxes_in(self, prepared):
        """Those that were given; without a detector, the whole image."""
        if self.boxes is not None or self.landmarker.detector is not None:
            return self.boxes
        if not self.has_warned:
            self.has_warned = True
            say('neither --detector nor --box: the whole image is taken as '
                'one face')
        height, width = prepared.grey.shape[:2]
        return [[0, 0, width, height]]

    def measure(self, seconds):
        self.frames += 1
        now = 1 / max(seconds, 1e-6)
        self.fps = now if self.fps is None else (
            _FPS_MEMORY * self.fps + (1 - _FPS_MEMORY) * now)

    def show(self, picture, moving):
        cv2.imshow('mmpose_thermal', picture)
        return cv2.waitKey(1 if moving else 0) & 0xFF not in (27, ord('q'))

    def report(self, source, number):
        if time.monotonic() - self.reported > _REPORT_EVERY_S:
            self.reported = time.monotonic()
            total = len(source)
            print(f'{source.name}: {number + 1}{f"/{total}" if total else ""} '
                  f'frames, {self.results.faces} faces, {self.fps:.1f} FPS',
                  flush=True)

    def complain(self, text, is_told=True):
        self.failed += 1
        if is_told:
            say(text)


def say(text):
    print(f'demo: {text}', file=sys.stderr, flush=True)


def _keep_inputs(inputs, out_dir):
    """Refuses an output folder whose pictures could replace inputs."""
    for where in inputs:
        try:
            files = input_files(where)
        except (OSError, ValueError):
            continue  # told when its turn has come
        for path in map(Path, files):
            if path.suffix.lower() in _WRITTEN and \
                    path.resolve().parent == Path(out_dir).resolve():
                raise ValueError(
                    f'{path} lies in the output folder, where results could '
                    'replace it: choose another one, --out-dir')


def main():
    args = parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter('default', UserWarning)
        warnings.showwarning = lambda message, *_, **__: say(message)
        sys.exit(run(args))


def run(args):
    """The exit status: a number or what went wrong."""
    try:
        demo = Demo(args)
    except (OSError, ValueError, NotImplementedError) as error:
        return f'demo: {error}'
    if args.show and not _has_display():
        return ('demo: --show needs a display and an OpenCV with windows '
                '(opencv-python, not opencv-python-headless)')
    try:
        return demo.run()
    except OSError as error:  # the results cannot be written
        return f'demo: {error}'


def _has_display():
    if sys.platform.startswith('linux') and not (
            os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')):
        return False
    try:
        cv2.imshow('mmpose_thermal', np.zeros((10, 10), np.uint8))
    except cv2.error:
        return False
    return True


if __name__ == '__main__':
    main()
