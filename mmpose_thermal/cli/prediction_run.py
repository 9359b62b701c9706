"""Implements ``mmpose-thermal predict``."""
import itertools
import os
import sys
import time
import warnings
from pathlib import Path

import cv2
import numpy as np

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.components import register_components
from mmpose_thermal.runtime import FaceTracker, ResultFiles
from mmpose_thermal.runtime.frames import input_files
from mmpose_thermal.runtime.live import is_live
from mmpose_thermal.runtime.networks import is_exported
from mmpose_thermal.runtime.palettes import palette_colours
from mmpose_thermal.weights import with_defaults

from .option_names import with_options
from .parsers import input_options
from .pictures import Pictures

_REPORT_EVERY_S = 2.
_FPS_MEMORY = .9


class PredictionRun:
    """Predicts on all inputs and writes the results.

    Args:
        args (argparse.Namespace): See :mod:`mmpose_thermal.cli.predict`.

    Raises:
        OSError: A model or the output folder cannot be used.
        ValueError: An argument is invalid.
    """

    def __init__(self, args) -> None:
        self.args = args
        self.boxes = [parsed_box(text) for text in args.box or ()]
        self.options = input_options(args)
        _check_picture_palette(args.picture_palette)
        self.landmarker = load_landmarker(
            args.model,
            args.device,
            None if self.boxes else args.detector,
            min_box_score=args.min_box_score,
            palette=args.palette or 'white-hot',
            temperature_scale=args.temperature_scale,
            temperature_offset=args.temperature_offset)
        _keep_inputs(args.inputs, args.out_dir)
        if args.show:
            _check_display()
        self.results = ResultFiles(args.out_dir, self.landmarker.info)
        self.frames = self.failed = 0
        self.fps, self.has_warned = 0., False
        self.known_problems = set()
        self.reported = time.monotonic()

    def run(self) -> int:
        """Processes all inputs and returns the exit status."""
        with warnings.catch_warnings():
            warnings.simplefilter('default', UserWarning)
            warnings.showwarning = lambda message, *_, **__: _warn(message)
            status = 0
            try:
                for where in self.args.inputs:
                    if not self._run_input(where):
                        break
            except KeyboardInterrupt:
                print('\nstopped', file=sys.stderr)
                status = 0 if is_live(where) else 130  # cameras end so
            finally:
                self.results.close()
        print(f'{self.frames} frames, {self.results.faces} faces, '
              f'{self.failed} problems: {self.args.out_dir}')
        if self.frames and not self.results.faces and not self.boxes:
            _warn('no face was found: name one that fills the picture with '
                  '--box 0,0,WIDTH,HEIGHT, or lower --min-box-score or '
                  '--min-face-score')
        return 1 if self.failed else status

    def _run_input(self, where):
        """Processes one input; returns whether to continue with the next."""
        try:
            source = self.options.open(where)
        except (OSError, ValueError) as error:
            self.failed += 1
            _say(f'error: {error}')
            self.results.add_unopened(where, str(error))
            return True
        moving = source.moving or self.args.sequence
        find = self.landmarker
        if moving and self.landmarker.detector is not None and \
                not self.boxes and self.args.detect_every > 1:
            find = FaceTracker(self.landmarker, self.args.detect_every,
                               self.args.min_face_score)
        problems = _Problems(source, moving, self.known_problems, self.results)
        try:
            goes_on = self._run_frames(source, moving, find, problems)
        finally:  # Ctrl-C is how cameras end
            problems.close()
            self.failed += problems.count
        self.results.close_video()
        if getattr(source, 'dropped', 0):
            print(f'{source.name}: {source.dropped} frames dropped to keep up')
        return goes_on

    def _run_frames(self, source, moving, find, problems):
        """Processes frames; returns whether to continue with the next input."""
        draw = Pictures(self.args.picture_palette, self.args.regions, moving)
        frames = itertools.islice(
            self.options.frames(source), self.args.max_frames)
        for number, frame in enumerate(frames):
            if frame.time_s is None and self.args.sequence:
                frame.time_s = number / source.fps
            if frame.error:
                problems.add(frame, frame.error)
                continue
            started = time.perf_counter()
            try:
                prepared = self.landmarker.prepare(frame)
                faces = self._faces_in(prepared, find)
            except ValueError as error:
                problems.add(frame, str(error))
                continue
            self._measure(time.perf_counter() - started)
            picture = draw(self.landmarker.results(prepared, faces),
                           self.fps if moving else None)
            self.results.add(source, frame, faces, picture, moving)
            self._report(source, number)
            if self.args.show and not _show(picture, moving):
                return False
        return True

    def _faces_in(self, prepared, find):
        """All faces in given boxes; otherwise, those that score enough."""
        if self.boxes:
            return find(prepared, self.boxes)
        faces = find(prepared) if self.landmarker.detector is not None else \
            find(prepared, [self._whole(prepared)])
        return [face for face in faces
                if face.face_score >= (self.args.min_face_score or 0)]

    def _whole(self, prepared):
        if not self.has_warned:
            self.has_warned = True
            _warn('neither --detector nor --box was given: the whole image is '
                  'treated as one face')
        height, width = prepared.grey.shape[:2]
        return [0, 0, width, height]

    def _measure(self, seconds):
        now = 1 / max(seconds, 1e-6)
        self.fps = now if not self.frames else (
            _FPS_MEMORY * self.fps + (1 - _FPS_MEMORY) * now)
        self.frames += 1

    def _report(self, source, number):
        if time.monotonic() - self.reported > _REPORT_EVERY_S:
            self.reported = time.monotonic()
            total = len(source)
            print(f'{source.name}: {number + 1}{f"/{total}" if total else ""} '
                  f'frames, {self.results.faces} faces, {self.fps:.1f} FPS',
                  flush=True)


class _Problems:
    """Tells the problems of one input's frames, and each kind in full once.

    Args:
        source (Source): The input.
        moving (bool): Whether the frames are consecutive in time. All of them
            usually share one problem, so the others are only counted.
        known (set): Problems that were told, also of other inputs.
        results (ResultFiles): Gets all of them.
    """

    def __init__(self, source, moving, known, results):
        self._source, self._name = source, source.name
        self._moving, self._known, self._results = moving, known, results
        self._untold = self.count = 0

    def add(self, frame, problem):
        self.count += 1
        self._results.add_error(self._source, frame, problem)
        path = frame.path or frame.name
        if frame.error or not self._moving:
            kind = problem.replace(path, '')
            text = problem if frame.error or path in problem else \
                f'{path}: {problem}'
        else:
            kind = f'unusable: {self._name}'
            text = f'{self._name}, frame {frame.name}: {problem}'
        if kind not in self._known:
            self._known.add(kind)
            _say(f'error: {text}')
        elif self._moving:
            self._untold += 1
        else:
            _say(f'error: {path}: the same problem')

    def close(self):
        if self._untold:
            _warn(f'{self._name}: {self._untold} more frames are unusable')


def load_landmarker(model, device, detector, **options):
    """Loads a landmarker; registers components if PyTorch models need them."""
    model, detector = with_defaults(model, detector)
    if not all(is_exported(path) for path in (model, detector) if path):
        register_components()
    return ThermalLandmarker(model, device, detector, **options)


def parsed_box(text):
    """Reads a box given as X1,Y1,X2,Y2."""
    try:
        left, top, right, bottom = (float(value) for value in text.split(','))
    except ValueError:
        raise ValueError(f'--box {text}: give four numbers, X1,Y1,X2,Y2')
    return [left, top, right, bottom]


def _check_picture_palette(name):
    """Fails early if it is unknown."""
    try:
        palette_colours(name)
    except ValueError as error:
        raise ValueError(
            str(error).replace('"palette"', '--picture-palette')) from None


def _keep_inputs(inputs, out_dir):
    """Refuses an output folder where results would be among the inputs."""
    out = Path(out_dir).resolve()
    for where in inputs:
        if Path(where).resolve() == out:
            raise ValueError(f'{where} is input and output folder: choose '
                             'another --out-dir')
        try:
            files = input_files(where)
        except (OSError, ValueError):
            continue  # reported when its turn comes
        for path in map(Path, files):
            if path.resolve().parent == out:
                raise ValueError(
                    f'{path} is in the output folder, where results would be '
                    'among the inputs: choose another --out-dir')


def _check_display():
    if sys.platform.startswith('linux') and not (
            os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')):
        raise ValueError('--show needs a display')
    try:
        cv2.imshow('mmpose_thermal', np.zeros((10, 10), np.uint8))
    except cv2.error:
        raise ValueError('--show needs OpenCV with GUI support (opencv-python, '
                         'not opencv-python-headless)')


def _show(picture, moving):
    cv2.imshow('mmpose_thermal', picture)
    return cv2.waitKey(1 if moving else 0) & 0xFF not in (27, ord('q'))


def _warn(message):
    _say(f'warning: {message}')


def _say(text):
    print(with_options(text), file=sys.stderr, flush=True)
