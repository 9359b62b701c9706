"""Reads frames from images, folders, stacks, videos and cameras."""
import glob
import os
import re
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Set, Tuple

import cv2
import numpy as np

from .captures import Capture, is_url, without_password
from .csv_frames import CSV
from .foreign_files import foreign_file
from .images import decode_image
from .stacks import STACKS, Stack, open_stack

IMAGES = ('.png', '.jpg', '.jpeg', '.bmp', '.webp', *STACKS)
#: Text files with one frame each. In a folder, they count if there is no image.
TABLES = (CSV, )
VIDEOS = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.wmv', '.mpg',
          '.mpeg', '.3gp', '.nut')
_STACK_FPS = 25.
_MAX_NAME = 120  # bytes; file systems limit names to 255


@dataclass
class Frame:
    """One frame of a source.

    Attributes:
        name (str): Name for result files, unique within the source.
        image (np.ndarray, optional): Pixels as stored, or ``None`` if the
            frame is unreadable.
        time_s (float, optional): Seconds since the start (videos, cameras
            and stacks of frames).
        error (str, optional): Why the frame could not be read.
        path (str, optional): Source file (images and stacks).
        names (tuple[str]): Candidate names for result files, best first, for
            use across several sources (:class:`UniqueNames`).
    """
    name: str
    image: Optional[np.ndarray]
    time_s: Optional[float] = None
    error: Optional[str] = None
    path: Optional[str] = None
    names: Tuple[str, ...] = ()


class Source:
    """Iterates over the frames of an input.

    Args:
        where (str): An image or a CSV table of one frame, a folder or glob
            pattern of images, a stack of frames (``.npy`` or ``.npz`` of shape
            (T, H, W), (T, H, W, C) or (T, C, H, W), or a multi-page TIFF), a
            video, or a camera index
            (if no file or folder has that name). Folders and patterns may
            include stacks. Brackets that match nothing as a pattern are taken
            literally.
        palette (str, optional): Palette of false-colour images. Without it,
            radiometric JPEGs yield temperatures (:func:`decode_image`).
        open_capture (Callable): Replacement for ``cv2.VideoCapture``.

    Attributes:
        moving (bool): Whether the frames are consecutive in time.
        fps (float): Frame rate reported by a video or camera; otherwise 25.
        files (list[str]): Files to read; empty for a camera.

    Raises:
        FileNotFoundError: The input does not exist or has no images.
        ValueError: The input cannot be opened.
    """

    def __init__(self,
                 where: str,
                 palette: Optional[str] = None,
                 open_capture: Callable = cv2.VideoCapture) -> None:
        self.name = str(where)
        self.fps = _STACK_FPS
        self.files = input_files(self.name)
        self._stack: Optional[Stack] = None
        self._capture: Optional[Capture] = None
        self._camera = not self.files
        self._palette, self._open_capture = palette, open_capture
        if self._camera or _suffix(self.files[0]) in VIDEOS:
            self._capture = self._opened()
            self.fps = self._capture.fps
        elif self.files == [self.name]:
            self._stack = open_stack(self.name)
        self.moving = self._capture is not None or (
            self._stack is not None and self._stack.is_sequence)

    def _opened(self):
        return Capture(
            int(self.name) if self._camera else self.name, self._open_capture)

    @property
    def names(self) -> Tuple[str, ...]:
        """Candidate names for results, best first (:class:`UniqueNames`)."""
        if self._camera:
            return (f'camera{self.name}', )
        if self.files == [self.name]:
            return names_for(self.name)
        folder = Path(self.name)
        while glob.has_magic(str(folder)) and not folder.exists():
            folder = folder.parent
        folder = folder.resolve()
        return folder.name, f'{folder.parent.name}_{folder.name}'

    def __len__(self) -> int:
        """The number of frames, or 0 if unknown."""
        if self._stack is not None:
            return self._stack.count
        if self._capture is not None:
            return self._capture.count
        if self.files == [self.name]:
            return 1
        return 0 if any(_suffix(path) in STACKS
                        for path in self.files) else len(self.files)

    def __iter__(self) -> Iterator[Frame]:
        """Yields all frames; an unreadable one has its ``error`` set.

        If a video, camera or stack ends too early, the last frame is such an
        error.
        """
        if self._capture is not None:
            yield from self._captured()
            return
        names = UniqueNames()
        for path in self.files:
            yield from self._of_file(path, names)

    def _of_file(self, path, names):
        wanted = names_for(path)

        def frame(image, index=None, error=None):
            own = wanted if index is None else tuple(
                f'{name}_{index:06d}' for name in wanted)
            time_s = None if index is None or not self.moving else (
                index / self.fps)
            return Frame(names.take(*own), image, time_s, error, path, own)

        try:
            stack = self._stack or open_stack(path)
            if stack is None:
                yield frame(
                    decode_image(
                        Path(path).read_bytes(), path, palette=self._palette))
                return
            for index, image in stack.frames():
                yield frame(image, index if stack.is_sequence else None)
        except (OSError, ValueError) as error:
            yield frame(None, error=str(error))

    def _captured(self):
        capture, count, started = self._capture, 0, time.monotonic()
        if capture.released:  # iterated before: start again
            capture = self._capture = self._opened()
        stem, problem = self.names[0], None
        try:
            for image in capture:
                yield Frame(
                    f'{stem}_{count:06d}', image,
                    time.monotonic() -
                    started if self._camera else count / self.fps)
                count += 1
        except ValueError as error:
            problem = str(error)
        finally:
            capture.release()
        problem = problem or capture.missing()
        if problem:
            yield Frame(f'{stem}_{count:06d}', None, error=problem)


def input_files(where: str) -> List[str]:
    """Lists the files of an input (see :class:`Source`); none for a camera."""
    if where.isdecimal() and not os.path.exists(where):
        return []
    if is_url(where):
        raise ValueError(
            f'{without_password(where)} is the address of a stream: open it with '
            'InputOptions().open(ADDRESS), or ThermalLandmarker()(ADDRESS)')
    if os.path.isdir(where):
        return _found(where, glob.escape(where) + '/*',
                      f'{where} holds no image ({", ".join(IMAGES)})')
    if os.path.isfile(where):
        if _suffix(where) not in IMAGES + TABLES + VIDEOS:
            foreign = foreign_file(where)
            raise ValueError(
                f'{where} cannot be read: it is {foreign}' if foreign else
                f'{where} is not of a supported type: images '
                f'{", ".join(IMAGES + TABLES)}, videos {", ".join(VIDEOS)}.')
        return [where]
    return _found(where, where, f'{where} does not exist' + (
        ', and matches no image as a pattern' if glob.has_magic(where) else ''))


def _found(where, pattern, nothing):
    """Returns the images that match a pattern, and reports what is left out.

    Numbers in names count as numbers: frame_2 comes before frame_10.
    """
    matching = sorted(_matching(pattern), key=_in_order)
    paths = [path for path in matching if os.path.isfile(path)]
    files = [path for path in paths if _suffix(path) in IMAGES] or [
        path for path in paths if _suffix(path) in TABLES]
    videos = [path for path in paths if _suffix(path) in VIDEOS]
    note = ''
    if videos:
        note = (f' It has {len(videos)} videos: give each as a separate input, '
                f'such as {videos[0]}.')
    read = {*files, *videos}
    foreign = [(path, what) for path in paths if path not in read
               for what in [foreign_file(path)] if what]
    if foreign:
        path, what = foreign[0]
        others = f' {len(foreign) - 1} other files are not read either.' if \
            foreign[1:] else ''
        note += f' {path} is {what}{others}'
    dangling = [path for path in matching
                if path not in read and not os.path.exists(path)]
    if dangling:
        note += f' {dangling[0]} is a link to a file that does not exist.'
    if os.path.isdir(where) and any(
            _suffix(path) in IMAGES for path in _matching(pattern + '/*')):
        note += f" Of folders inside, give '{where}/**/*.png' or the like."
    if not files:
        raise FileNotFoundError(f'{nothing}.{note}')
    if note:
        warnings.warn(f'{where}: only its {len(files)} images are read.{note}')
    return files


def _in_order(path):
    parts = re.split('([0-9]+)', path)  # every second is a number
    parts[1::2] = map(int, parts[1::2])
    return parts, path


def _matching(pattern):
    """Matching paths; brackets that match nothing are taken literally."""
    folder, file = os.path.split(pattern)
    literal = folder.replace('[', '[[]')
    patterns = (pattern, os.path.join(literal, file),
                os.path.join(literal, file.replace('[', '[[]')))
    found = (glob.glob(each, recursive=True) for each in patterns)
    return next(filter(None, found), [])


def _suffix(path):
    return Path(path).suffix.lower()


class UniqueNames:
    """Hands out unique file names.

    Names that differ only in case count as equal, as on some file systems.
    """

    def __init__(self) -> None:
        self._taken: Set[str] = set()

    def take(self, *wanted: str) -> str:
        """Takes the first free name, or else numbers the last one.

        Characters that are unsafe in file names are replaced.
        """
        names = [_safe(name) for name in wanted]
        number, name = 2, next(filter(self._is_free, names), names[-1])
        while not self._is_free(name):
            name = f'{names[-1]}_{number}'
            number += 1
        self._taken.add(name.casefold())
        return name

    def _is_free(self, name):
        return name.casefold() not in self._taken


def names_for(path: str) -> Tuple[str, ...]:
    """Candidate names for the results of a file, best first."""
    file = Path(path)
    folder = file.resolve().parent.name
    return (file.stem, f'{folder}_{file.stem}',
            f'{folder}_{file.stem}_{file.suffix[1:]}')


def _safe(name):
    safe = ''.join(c if c.isalnum() or c in '-_.' else '_' for c in name)
    return safe.encode()[:_MAX_NAME].decode(errors='ignore') or '_'
