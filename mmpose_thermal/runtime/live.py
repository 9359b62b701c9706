"""Reads live cameras and streams without lag."""
import os
import re
import threading
import time
from functools import partial
from typing import Callable, Iterator, List, Optional, Tuple, Union
from urllib.parse import urlsplit

import cv2
import numpy as np

from .captures import Capture, is_url, without_password
from .frames import Frame, names_for

_DEVICE = re.compile(r'/dev/video(\d+)$')
# Seconds between checks for Ctrl+C, and for the end of a blocked read.
_POLL_S, _CLOSE_S = .5, 2.


def device_index(where: str) -> Optional[int]:
    """Index of a camera given as 0 or /dev/video0, or a link to the latter."""
    if where.isdecimal():
        return None if os.path.exists(where) else int(where)
    found = _DEVICE.match(os.path.realpath(where))
    return int(found.group(1)) if found else None


def is_live(where: str) -> bool:
    """Whether an input is a camera or the address of a stream."""
    return is_url(where) or device_index(where) is not None


class CameraSource:
    """Iterates over the frames of a camera, a stream or a camera's recording.

    Of cameras and endless streams, a thread keeps only the newest frame: while
    one frame is processed, older ones are dropped, so that results do not lag
    behind the scene. Of recordings, every frame is returned. Attributes are
    those of :class:`Source`.

    Args:
        where (str): Camera index, ``/dev/videoN``, URL or video file.
        camera (str, optional): See :class:`Capture`.
        open_capture (Callable): Replacement for ``cv2.VideoCapture``.

    Attributes:
        dropped (int): Number of frames that were dropped so far.

    Raises:
        ValueError: The input cannot be opened, or is of another camera.
    """
    moving = True

    def __init__(self,
                 where: str,
                 camera: Optional[str] = 'auto',
                 open_capture: Optional[Callable] = None) -> None:
        self.name = without_password(where)
        index = device_index(where)
        self.files: List[str] = [] if is_live(where) else [where]
        self.names = _names(where, index)
        opened: Union[str, int] = where if index is None else index
        self._open = partial(
            Capture, opened, open_capture or cv2.VideoCapture, camera)
        self._capture = self._open()
        self._live = is_live(where) and not self._capture.count
        self.fps, self.dropped = self._capture.fps, 0

    def __len__(self) -> int:
        """The number of frames, or 0 if unknown."""
        return self._capture.count

    def __iter__(self) -> Iterator[Frame]:
        """Yields frames; if the source ends too early, an error at last."""
        if self._capture.released:  # iterated before: start again
            self._capture = self._open()
        stem, delivered, problem = self.names[0], 0, None
        numbered = _Newest(self._capture) if self._live else self._every()
        try:
            for processed, (number, time_s, image) in enumerate(numbered):
                delivered, self.dropped = number + 1, number - processed
                yield Frame(f'{stem}_{number:06d}', image, time_s)
        except ValueError as error:
            problem = str(error)
        finally:
            numbered.close()
        problem = problem or self._capture.missing()
        if problem:
            yield Frame(f'{stem}_{delivered:06d}', None, error=problem)

    def _every(self):
        try:
            for number, image in enumerate(self._capture):
                yield number, (self._capture.delivered - 1) / self.fps, image
        finally:
            self._capture.release()


class _Newest:
    """Reads frames in a thread and hands out only the newest one."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._changed = threading.Condition()
        self._newest: Optional[Tuple[int, float, np.ndarray]] = None
        self._problem: Optional[Exception] = None
        self._ended = self._closed = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        started = time.monotonic()
        try:
            for number, image in enumerate(self._capture):
                with self._changed:
                    if self._closed:
                        break
                    self._newest = number, time.monotonic() - started, image
                    self._changed.notify()
        except Exception as error:  # raised where the frames are awaited
            self._problem = error
        finally:
            # The capture must not be released while it is read.
            self._capture.release()
            with self._changed:
                self._ended = True
                self._changed.notify()

    def __iter__(self) -> Iterator[Tuple[int, float, np.ndarray]]:
        """Yields number, time in seconds and image of the newest frame."""
        while True:
            with self._changed:
                while self._newest is None and not self._ended:
                    self._changed.wait(_POLL_S)
                frame, self._newest = self._newest, None
            if frame is None:
                break
            yield frame
        if self._problem is not None:
            raise self._problem

    def close(self) -> None:
        """Stops reading."""
        self._closed = True
        self._thread.join(_CLOSE_S)


def _names(where: str, index: Optional[int]) -> Tuple[str, ...]:
    """Candidate names for results, best first (:class:`UniqueNames`)."""
    if index is not None:
        return (f'camera{index}', )
    if is_url(where):
        parts = urlsplit(without_password(where))
        return (f'{parts.hostname}{parts.path}'.rstrip('/'), )
    return names_for(where)
