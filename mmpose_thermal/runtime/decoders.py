"""Decodes image files with OpenCV, NumPy and tifffile."""
import struct
from io import BytesIO
from mmap import mmap
from typing import Any, BinaryIO, Optional, Sequence, Tuple, Union

import cv2
import numpy as np

from .foreign_files import foreign_format
from .tiff import (TiffPage, begin_at, choose_pages, exif_orientation,
                   frames_behind_one_page, tiff_pages)

#: 11,000 x 12,000: far beyond any thermal camera.
MAX_PIXELS = 1 << 27
#: Limit of OpenCV's warping.
MAX_SIDE = 32766
PNG, NPY = b'\x89PNG\r\n\x1a\n', b'\x93NUMPY'
_ZIP = b'PK\x03\x04'
# (bits, sample format) of TIFF: 32- and 64-bit integers, half floats.
_NOT_BY_OPENCV = {(32, 1), (32, 2), (64, 1), (64, 2), (16, 3)}
_MAX_OPENCV_BYTES = (1 << 31) - 1
_AS_STORED = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR


def check_size(width: int, height: int, name: str) -> None:
    """Raises a ``ValueError`` for images that are too large."""
    if width * height > MAX_PIXELS:
        raise ValueError(f'Image {name} has {width}x{height} pixels, the limit '
                         f'is {MAX_PIXELS}. Cut it into parts.')
    if max(width, height) > MAX_SIDE:
        raise ValueError(
            f'Image {name} has {width}x{height} pixels; OpenCV limits a side '
            f'to {MAX_SIDE}. Cut it into parts.')


def many_frames(name: str, count: int) -> ValueError:
    """The error for a multi-frame file where a single image is expected."""
    return ValueError(
        f'{name} holds {count} frames, but a single image is expected: split '
        f'it into one file per frame, or use landmarker.stream(Source({name!r}'
        ')) or `mmpose-thermal predict`, which process all frames.')


def _undecodable(content, name, reason='it is truncated or not an image'):
    if content[:4] == _ZIP:
        reason = ('it is an archive. For NumPy arrays, save each with np.save '
                  'instead of np.savez')
    foreign = foreign_format(name, content[:16], len(content))
    if foreign:
        return ValueError(f'{name} cannot be read: it is {foreign}')
    return ValueError(f'Image {name} cannot be decoded: {reason} '
                      f'({len(content)} bytes). Replace or remove it.')


def npy_header(
        file: BinaryIO) -> Optional[Tuple[Tuple[int, ...], bool, np.dtype, int]]:
    """Reads a ``.npy`` header: shape, Fortran order, dtype and data offset.

    Returns ``None`` if the header is damaged.
    """
    try:
        version = np.lib.format.read_magic(file)
        read_header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else
            np.lib.format.read_array_header_2_0)
        return (*read_header(file), file.tell())
    except Exception:  # NumPy evaluates the header, which can raise anything
        return None


def decode_npy(content: bytes, name: str) -> np.ndarray:
    """Decodes a ``.npy`` file as stored; pickled objects are refused."""
    header = npy_header(BytesIO(content))
    if header is None:
        raise _undecodable(content, name)
    shape, fortran, dtype, start = header
    if dtype.hasobject:
        raise _undecodable(content, name, 'it holds Python objects. Save numbers: '
                           'np.save(path, np.stack(frames))')
    try:
        # np.load would copy the data.
        return np.frombuffer(
            content, dtype, int(np.prod(shape)), start).reshape(
                shape, order='F' if fortran else 'C')
    except Exception:  # the header may hold any values
        raise _undecodable(content, name) from None


def decode_picture(content: bytes, name: str) -> np.ndarray:
    """Decodes any TIFF file or any image format that OpenCV supports.

    Returns:
        np.ndarray: Upright image, (H, W) or (H, W, C) in BGR order, in the
        stored type.
    """
    pages, _ = tiff_pages(content)
    if pages:
        chosen = choose_pages(pages)
        count = len(chosen) if len(pages) > 1 else frames_behind_one_page(
            content, chosen[0])
        if count > 1:
            raise many_frames(name, count)
        return decode_page(bytearray(content), chosen[0], name)
    if content.startswith(PNG) and len(content) >= 24:
        # A small file can decompress to a huge image.
        width, height = struct.unpack_from('>II', content, 16)
        check_size(width, height, name)
    # OpenCV before 4.12 ignores the orientation of WebP files.
    is_webp = content[8:12] == b'WEBP'
    image = _by_opencv(content, name,
                       cv2.IMREAD_IGNORE_ORIENTATION if is_webp else 0)
    if image is None:
        raise _undecodable(content, name)
    return turned(image, _webp_orientation(content)) if is_webp else image


def _by_opencv(content, name, flags=0):
    if not content:
        return None
    try:
        return cv2.imdecode(
            np.frombuffer(content, np.uint8), _AS_STORED | flags)
    except cv2.error as error:  # OpenCV's own limits, among others
        raise _undecodable(content, name,
                           f'OpenCV reports "{error.err}"') from None


def decode_page(content: Union[bytearray, mmap], page: TiffPage,
                name: str) -> np.ndarray:
    """Decodes one TIFF page. Patches ``content`` so that it comes first."""
    check_size(*page.size, name)
    if 0 in page.size:
        raise _undecodable(content, name)
    begin_at(content, page)
    bits, channels, form = page.pixels
    image = None
    # For these, OpenCV prints errors or reduces 16 bits to 8.
    if (bits, form) not in _NOT_BY_OPENCV and not (
            bits > 8 and channels == 2) and len(content) <= _MAX_OPENCV_BYTES:
        image = _by_opencv(content, name)
        if image is not None and not (
                page.is_inverted and image.dtype != np.uint8):
            return image  # OpenCV has applied orientation and 8-bit inversion
    if image is None:
        image = turned(_by_tifffile(content, name), page.orientation)
    if page.is_inverted and image.dtype.kind == 'u':
        image = np.iinfo(image.dtype).max - image
    return image


def _by_tifffile(content: Union[bytearray, mmap], name: str) -> np.ndarray:
    """Decodes what OpenCV cannot: half floats, 32-bit integers, rare codecs."""
    try:
        import tifffile
    except ImportError:
        raise _undecodable(
            content, name, 'OpenCV does not support this kind of TIFF file, or '
            'one of 2 GiB (or it is damaged). `pip install tifffile '
            'imagecodecs`, or convert it to uncompressed 16-bit or float TIFF'
        ) from None
    stream: Any = content if isinstance(content, mmap) else BytesIO(content)
    stream.seek(0)  # a mapping may have been read before
    try:
        with tifffile.TiffFile(stream) as file:
            page = file.pages[0]
            image = page.asarray()
            is_rgb = page.photometric == tifffile.PHOTOMETRIC.RGB
            if image.ndim == 3 and page.axes.startswith('S'):
                image = np.moveaxis(image, 0, -1)  # one plane per channel
    except Exception as error:  # its decoders raise many types
        raise _undecodable(content, name, f'tifffile reports "{error}"') from None
    if image.ndim == 3 and image.shape[2] == 2:
        return image[..., 0]  # the second is alpha
    return image[..., 2::-1] if is_rgb and image.ndim == 3 else image


def _webp_orientation(content: bytes) -> int:
    """Reads the orientation from the "EXIF" chunk of a WebP file."""
    place = 12
    while place + 8 <= len(content):
        size = int.from_bytes(content[place + 4:place + 8], 'little')
        if content[place:place + 4] == b'EXIF':
            exif = content[place + 8:place + 8 + size]
            return exif_orientation(exif[6:] if exif.startswith(b'Exif\0\0')
                                    else exif)
        place += 8 + size + size % 2
    return 1


def turned(image: np.ndarray, orientation: int) -> np.ndarray:
    """Applies an EXIF orientation, 1 to 8."""
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return image


def turning(shape: Sequence[int], orientation: int) -> np.ndarray:
    """The map (3, 3) of pixels by :func:`turned`, for a shape (H, W, ...)."""
    (height, width), matrix = shape[:2], np.eye(3)
    if orientation in (5, 6, 7, 8):
        matrix, height, width = matrix[[1, 0, 2]], width, height
    if orientation in (3, 4, 7, 8):
        matrix = np.array([[1, 0, 0], [0, -1, height - 1], [0, 0, 1.]]) @ matrix
    if orientation in (2, 3, 6, 7):
        matrix = np.array([[-1, 0, width - 1], [0, 1, 0], [0, 0, 1.]]) @ matrix
    return matrix
