"""Atomic file writes."""
import os
from contextlib import contextmanager
from typing import Iterator, Union

import cv2
import numpy as np

#: Suffix of files that are still being written.
UNFINISHED = '.part'


@contextmanager
def atomic_file(path: Union[str, os.PathLike]) -> Iterator[str]:
    """Yields a temporary path that replaces ``path`` when the block succeeds.

    Folders above it are made. The temporary file is flushed to disk and then
    renamed. If the process is killed or the disk is full, the previous file
    remains intact.
    """
    path = os.fspath(path)
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    unfinished = path + UNFINISHED
    try:
        yield unfinished
        with open(unfinished, 'rb+') as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        if os.path.exists(unfinished):
            os.remove(unfinished)


def write_text(path: Union[str, os.PathLike], text: str) -> None:
    """Writes a text file, as :func:`atomic_file` does."""
    with atomic_file(path) as unfinished, open(
            unfinished, 'w', encoding='utf-8') as file:
        file.write(text)


def write_picture(path: Union[str, os.PathLike], image: np.ndarray) -> None:
    """Writes a picture (H, W) or (H, W, 3), BGR, as :func:`atomic_file` does.

    Raises:
        ValueError: The name does not end like a picture's, or the picture is
            too large for the format.
    """
    suffix = os.path.splitext(path)[1]
    if not suffix or not cv2.haveImageWriter(f'x{suffix}'):
        raise ValueError(f'{path} could not be written: give a .jpg or .png file.')
    good, encoded = cv2.imencode(suffix, image)
    if not good:
        raise ValueError(f'{path} could not be written: {suffix} cannot hold '
                         f'{image.shape[1]}x{image.shape[0]} pixels.')
    with atomic_file(path) as unfinished:
        encoded.tofile(unfinished)
