"""Reads bit depth and size from image file headers."""
import mmap
import os
from dataclasses import dataclass
from typing import BinaryIO, Optional, Tuple

import numpy as np

from .decoders import NPY, PNG, npy_header
from .jpeg import (JPEG, flir_data, orientation_of, radiometric_kind,
                   raw_size)
from .tiff import tiff_pages

_TIFF = (b'II*\0', b'MM\0*')
_UNSIGNED, _FLOAT = 1, 3  # sample formats of TIFF
# Decoded bits by (sample format, stored bits). Signed 16-bit is left out
# because LogLuv-compressed floats declare it too.
_BITS_OF_TIFF = {
    (_UNSIGNED, 8): 8, (_UNSIGNED, 16): 16, (_FLOAT, 16): 32,
    (_FLOAT, 32): 32, (_FLOAT, 64): 32,
}
# Decoded bits by NumPy type; for other types they depend on the values.
_BITS_OF_DTYPE = {
    'uint8': 8, 'int8': 16, 'uint16': 16, 'int16': 16, 'float16': 32,
    'float32': 32, 'float64': 32,
}


@dataclass(frozen=True)
class ImageHead:
    """Decoded bits per channel, and upright (width, height) if known."""
    bits: int
    size: Optional[Tuple[int, int]] = None


def image_head(path: str,
               palette: Optional[str] = None) -> Optional[ImageHead]:
    """Reads an image file's header; ``None`` if it must be decoded instead.

    ``palette`` is that of :func:`decode_image`.
    """
    with open(path, 'rb') as file:
        start = file.read(8)
        if start.startswith(JPEG):
            return ImageHead(8) if palette else _jpeg_head(file)
        if start == PNG:
            return _png_head(file)
        if start.startswith(NPY):
            return _npy_head(file)
        if start.startswith(_TIFF):
            return _tiff_head(file)
    return None


def _jpeg_head(file: BinaryIO) -> Optional[ImageHead]:
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if radiometric_kind(content) != 'FLIR':
            return ImageHead(8)
        size = raw_size(flir_data(content))
        is_upright = orientation_of(content) == 1
    return ImageHead(32, size) if size and is_upright else None


def _png_head(file: BinaryIO) -> Optional[ImageHead]:
    file.seek(8)
    head = file.read(25)
    if len(head) < 25 or head[4:8] != b'IHDR':
        return None
    width, height = (int.from_bytes(head[at:at + 4], 'big') for at in (8, 12))
    while True:
        length, kind = int.from_bytes(file.read(4), 'big'), file.read(4)
        if kind == b'IDAT' and width and height:
            return ImageHead(16 if head[16] == 16 else 8, (width, height))
        if kind in (b'eXIf', b'IDAT', b'IEND', b''):
            return None  # damaged, or rotated by its EXIF orientation
        file.seek(length + 4, 1)


def _npy_head(file: BinaryIO) -> Optional[ImageHead]:
    file.seek(0)
    header = npy_header(file)
    if header is None:
        return None
    shape, _, dtype, start = header
    bits = _BITS_OF_DTYPE.get(dtype.name)
    is_whole = start + dtype.itemsize * int(np.prod(shape)) <= \
        os.fstat(file.fileno()).st_size
    is_image = len(shape) == 2 or len(shape) == 3 and shape[2] in (1, 3, 4)
    if bits is None or not is_whole or not is_image or 0 in shape:
        return None
    return ImageHead(bits, (shape[1], shape[0]))


def _tiff_head(file: BinaryIO) -> Optional[ImageHead]:
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        pages, _ = tiff_pages(content)
    if len(pages) != 1 or pages[0].orientation != 1 or 0 in pages[0].size:
        return None
    page = pages[0]
    stored, _, sample_format = page.pixels
    bits = _BITS_OF_TIFF.get((sample_format, stored))
    return ImageHead(bits, page.size) if bits else None
