"""Frames from images, folders, sequences, videos and cameras."""
import glob
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List, Optional

import cv2
import numpy as np

from .image_files import decode_image

IMAGES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp', '.npy')
VIDEOS = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.wmv')
_CAMERA_TRIES, _CAMERA_WAIT_S = 5, .2


@dataclass
class Frame:
    """One frame of a source.

    Attributes:
        name (str): For files of results: unique within the source.
        image (np.ndarray, optional): As stored; ``None`` if it could not be
            read.
        time_s (float, optional): Since the beginning, of videos and cameras.
        error (str, optional): Why it could not be read.
    """
    name: str
    image: Optional[np.ndarray]
    time_s: Optional[float] = None
    error: Optional[str] = None


class Source:
    """What is seen, frame by frame.

    Args:
        where (str): An image, a folder or a pattern of images, a stack of
            frames (``.npy`` of shape (T, H, W), multi-page ``.tif``), a video,
            or the index of a camera.

    Attributes:
        moving (bool): Whether its frames follow each other in time.
        fps (float): Of videos and cameras, as they say; 25 for stacks.

    Raises:
        FileNotFoundError: There is nothing.
        ValueError: It cannot be opened.
    """

    def __init__(self, where: str) -> None:
        self.name = str(where)
        self.fps = 25.
        self._files: List[str] = []
        self._stack = self._capture = None
        self._camera = self.name.isdigit()
        suffix = Path(self.name).suffix.lower()
        if self._camera or suffix in VIDEOS:
            self._open_capture()
        elif os.path.isdir(self.name):
            self._files = _images(glob.escape(self.name) + '/*')
            if not self._files:
                raise FileNotFoundError(
                    f'{self.name} holds no image ({", ".join(IMAGES)}).')
        elif os.path.isfile(self.name):
            if suffix not in IMAGES:
                raise ValueError(
                    f'{self.name} is none of the known types: images '
                    f'{", ".join(IMAGES)}, videos {", ".join(VIDEOS)}.')
            self._stack = _stack(self.name)
            self._files = [self.name]
        else:
            self._files = _images(self.name)
            if not self._files:
                raise FileNotFoundError(
                    f'{self.name} does not exist, and as a pattern finds no '
                    'image.')
        self.moving = self._capture is not None or self._stack is not None

    def _open_capture(self):
        if not self._camera and not os.path.isfile(self.name):
            raise FileNotFoundError(f'{self.name} does not exist.')
        self._capture = cv2.VideoCapture(
            int(self.name) if self._camera else self.name)
        if not self._capture.isOpened():
            raise ValueError(
                f'Camera {self.name} cannot be opened: check that it is '
                'plugged in and not in use.' if self._camera else
                f'Video {self.name} cannot be opened: it is damaged, or its '
                'codec is unknown to OpenCV. Convert it, for example with '
                'ffmpeg.')
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = rate if 1 <= rate <= 1000 else self.fps

    def __len__(self) -> int:
        """The number of frames if it is known, else 0."""
        if self._stack is not None:
            return len(self._stack)
        if self._capture is not None:
            return 0 if self._camera else max(
                int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)), 0)
        return len(self._files)

    def __iter__(self) -> Iterator[Frame]:
        """Yields all frames; one that cannot be read says why.

        A video or camera that ends too early ends with such a frame.
        """
        if self._capture is not None:
            yield from self._captured()
        elif self._stack is not None:
            stem = Path(self.name).stem
            for index, image in enumerate(self._stack):
                yield Frame(f'{stem}_{index:06d}', image, index / self.fps)
        else:
            names = _unique_stems(self._files)
            for name, path in zip(names, self._files):
                try:
                    content = Path(path).read_bytes()
                    yield Frame(name, decode_image(content, path))
                except (OSError, ValueError) as error:
                    yield Frame(name, None, error=str(error))

    def _captured(self):
        stem = f'camera{self.name}' if self._camera else Path(self.name).stem
        expected, count, started = len(self), 0, time.monotonic()
        try:
            while True:
                image = self._read()
                if image is None:
                    break
                yield Frame(
                    f'{stem}_{count:06d}', image,
                    time.monotonic() -
                    started if self._camera else count / self.fps)
                count += 1
        finally:
            self._capture.release()
        problem = None
        if self._camera:
            problem = (f'Camera {self.name} gives no more frames after '
                       f'{count}: it was unplugged or taken by another '
                       'program.')
        elif not count:
            problem = f'Video {self.name} holds no readable frame.'
        elif count < .9 * expected:
            problem = (f'Video {self.name} ends after {count} of {expected} '
                       'frames: the file is truncated.')
        if problem:
            yield Frame(f'{stem}_{count:06d}', None, error=problem)

    def _read(self):
        # A camera may miss a frame, and go on.
        for _ in range(_CAMERA_TRIES if self._camera else 1):
            good, image = self._capture.read()
            if good and image is not None and image.size:
                return image
            if self._camera:
                time.sleep(_CAMERA_WAIT_S)
        return None


def _images(pattern):
    return sorted(path for path in glob.glob(pattern, recursive=True)
                  if Path(path).suffix.lower() in IMAGES and
                  os.path.isfile(path))


def _unique_stems(paths):
    """Names for results: the stem, with its folders where it is not unique."""
    stems = [Path(path).stem for path in paths]
    return [
        stem if stems.count(stem) == 1 else '_'.join(
            Path(path).with_suffix('').parts[-3:] +
            (Path(path).suffix[1:], ))
        for stem, path in zip(stems, paths)
    ]


def _stack(path):
    """The frames of a file that holds many; None if it holds one."""
    suffix = Path(path).suffix.lower()
    if suffix == '.npy':
        try:
            # Mapped: frames are read when they are needed.
            array = np.load(path, mmap_mode='r', allow_pickle=False)
        except (ValueError, EOFError, OSError):
            return None  # reading it as an image says what is wrong
        return array if array.ndim == 3 and array.shape[2] not in (
            1, 3, 4) else None
    if suffix in ('.tif', '.tiff'):
        try:
            good, pages = cv2.imreadmulti(path, flags=cv2.IMREAD_UNCHANGED)
        except cv2.error:
            return None
        return pages if good and len(pages) > 1 else None
    return None
