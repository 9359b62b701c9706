"""The page of ``mmpose-thermal serve``: what it reads, and what it shows."""
import argparse
import itertools
import math
import tempfile
import threading
import warnings
from pathlib import Path
from typing import Any, Callable, List, NamedTuple, Optional

import numpy as np

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.runtime import FaceTracker, ResultFiles
from mmpose_thermal.runtime.radiometry import CELSIUS_K

from .parsers import input_options
from .pictures import Pictures
from .prediction_run import parsed_box

_MAX_FRAMES = 500
#: Choice of the page if a file tells by itself how to read it.
AS_STORED = 'as stored'
# Threads that catch warnings at the same time do not put the filters back.
_ONE_AT_A_TIME = threading.Lock()
_CELSIUS = '°C'
#: Temperature units of the page, as functions of degrees Celsius.
UNITS = {
    _CELSIUS: lambda celsius: celsius,
    '°F': lambda celsius: celsius * 1.8 + 32,
    'K': lambda celsius: celsius + CELSIUS_K,
}


class Settings(NamedTuple):
    """What the page's fields are set to; options of ``predict`` by name.

    Empty number fields are ``None`` or 0, which means the default.
    """
    palette: str = AS_STORED
    camera: str = AS_STORED
    rotate: int = 0
    mirror: bool = False
    temperature_scale: Optional[float] = None
    temperature_offset: Optional[float] = None
    fps: Optional[float] = None
    boxes: str = ''
    min_box_score: float = .5
    min_face_score: float = 0.
    unit: str = _CELSIUS
    picture_palette: str = 'white-hot'
    regions: bool = False

    def input_options(self):
        """How inputs are read (:class:`.InputOptions`)."""
        return input_options(argparse.Namespace(
            palette=_chosen(self.palette), camera=_chosen(self.camera),
            rotate=self.rotate or None, mirror=self.mirror, fps=self.fps or None,
            temperature_scale=self.temperature_scale or None,
            temperature_offset=self.temperature_offset or 0.))

    def pictures(self, moving: bool) -> Pictures:
        """What draws the results of one input."""
        return Pictures(self.picture_palette, self.regions, moving)

    def face_boxes(self) -> Optional[List[List[float]]]:
        """The boxes, one per line of the field; ``None`` to detect faces."""
        return [parsed_box(line) for line in self.boxes.splitlines()
                if line.strip()] or None


class Answer(NamedTuple):
    """What the page shows: RGB picture, video, table, files and a message."""
    picture: Optional[np.ndarray] = None
    video: Optional[str] = None
    table: List[List[Any]] = []
    files: Optional[List[str]] = None
    message: str = ''


class Analysis:
    """Processes what is uploaded to the page.

    Args:
        load (Callable): Returns a :class:`ThermalLandmarker` with the given
            options; repeated calls should be cheap.
    """

    def __init__(self, load: Callable[..., ThermalLandmarker]) -> None:
        self._load = load
        self._results: Optional[tempfile.TemporaryDirectory] = None

    def of_file(self, path: Optional[str], *fields: Any) -> Answer:
        """Analyses an image, stack or video, with :class:`Settings`."""
        if path is None:
            return Answer(message='Choose a file.')
        return self._answer(self._of_path, path, Settings(*fields))

    def of_webcam(self, picture: Optional[np.ndarray], *fields: Any) -> Answer:
        """Analyses an RGB picture of a camera that the browser reads."""
        if picture is None:
            return Answer(message='The camera shows nothing yet.')
        return self._answer(self._of_picture, picture[..., ::-1],
                            Settings(*fields))

    def _answer(self, analyse, given, settings):
        """Runs an analysis; what goes wrong becomes the message."""
        with _ONE_AT_A_TIME, warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter('always', UserWarning)
            try:
                answer = analyse(given, settings)
            except (OSError, ValueError) as error:
                answer = Answer(message=str(error))
        notes = dict.fromkeys(str(warning.message) for warning in warned
                              if issubclass(warning.category, UserWarning))
        message = '\n'.join([answer.message, *notes])
        if isinstance(given, str):
            # Hide the temporary upload folder from the user.
            message = message.replace(given, Path(given).name)
        return answer._replace(message=message)

    def _landmarker(self, settings):
        return self._load(
            palette=_chosen(settings.palette) or 'white-hot',
            temperature_scale=settings.temperature_scale or None,
            temperature_offset=settings.temperature_offset or 0.,
            min_box_score=settings.min_box_score,
            min_face_score=settings.min_face_score or None)

    def _of_path(self, path, settings):
        options = settings.input_options()
        source = options.open(path)
        frames = options.frames(source)
        if source.moving:
            return self._of_moving(source, frames, settings)
        frame = next(frames)
        if frame.error:
            raise ValueError(frame.error)
        return self._of_image(frame, settings)

    def _of_picture(self, picture, settings):
        turned = settings.input_options().turned(picture)
        return self._of_image(np.ascontiguousarray(turned), settings)

    def _of_image(self, image, settings):
        landmarker = self._landmarker(settings)
        prepared = landmarker.prepare(image, 'of the webcam')
        faces = landmarker(prepared, settings.face_boxes())
        picture = settings.pictures(False)(faces)
        table = _table(faces, settings.unit)
        message = f'{len(faces)} face{"" if len(faces) == 1 else "s"}.'
        if faces and not table:
            message += ' No temperatures: ' + (
                prepared.problem or 'the image is not radiometric (16 bits or '
                'floats).')
        return Answer(picture[..., ::-1], table=table, message=message)

    def _of_moving(self, source, frames, settings):
        landmarker, boxes = self._landmarker(settings), settings.face_boxes()
        find = FaceTracker(landmarker) if landmarker.detector is not None and \
            not boxes else landmarker
        # Gradio has copied the former results, which are deleted here.
        self._results = tempfile.TemporaryDirectory()
        folder = self._results.name
        results = ResultFiles(folder, landmarker.info)
        draw = settings.pictures(True)
        table, problems, count = [], {}, 0
        try:
            for frame in itertools.islice(frames, _MAX_FRAMES):
                try:
                    prepared = landmarker.prepare(frame)
                    faces = find(prepared, boxes) if boxes else find(prepared)
                except ValueError as error:
                    problems[str(error)] = None
                    results.add_error(source, frame, str(error))
                    continue
                count += 1
                table = _table(faces, settings.unit) or table
                results.add(source, frame, faces, draw(faces), True)
            goes_on = next(frames, None) is not None
        finally:
            results.close()
        files = sorted(str(file) for file in Path(folder).iterdir())
        video = next((file for file in files if file.endswith('.mp4')), None)
        note = f' Only the first {_MAX_FRAMES} were read.' if goes_on else ''
        return Answer(None, video, table, files, '\n'.join(
            [f'{count} frames, {results.faces} faces. The table is of the '
             f'last frame with temperatures.{note}', *list(problems)[:3]]))


def _chosen(choice: str) -> Optional[str]:
    return None if choice == AS_STORED else choice


def _table(faces, unit):
    """Rows of face, region, temperature and unit."""
    return [[face.track_id if face.track_id is not None else number, region,
             'not seen' if math.isnan(celsius) else
             f'{UNITS[unit](celsius):.1f}', unit]
            for number, face in enumerate(faces)
            for region, celsius in (face.skin_celsius or {}).items()]
