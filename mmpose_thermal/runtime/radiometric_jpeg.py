"""Reads FLIR's radiometric JPEGs with the package flyr."""
from functools import lru_cache
from io import BytesIO
from typing import Any, NamedTuple, Optional

import cv2
import numpy as np

from .decoders import PNG, turned, turning
from .jpeg import (PHOTO, PHOTO_HEAD, flir_data, flir_records,
                   is_truncated, orientation_of)
from .warned_once import warn_once

_PICTURE = ('Its picture alone is read if you name its palette ("palette": '
            '"iron", --palette iron), or white-hot if it is grey.')


class FlyrMissing(ValueError):
    """flyr is not installed."""


class Thermogram(NamedTuple):
    """What a radiometric JPEG holds beside its picture.

    Attributes:
        pixels (np.ndarray): Kelvin, (H, W), float32; or, if the file lacks the
            camera's calibration, its counts, uint16.
        photo (np.ndarray, optional): The visible-light photo, (H, W, 3), BGR,
            uint8.
        photo_to_thermal (np.ndarray, optional): Map from photo to thermal
            pixels, (3, 3), as the camera knows it. It holds for the distance
            that the camera was focused on.
    """
    pixels: np.ndarray
    photo: Optional[np.ndarray] = None
    photo_to_thermal: Optional[np.ndarray] = None


def read_thermogram(content: bytes, name: str) -> Thermogram:
    """Reads temperatures and visible photo of a FLIR radiometric JPEG.

    The EXIF orientation is applied to both.

    Args:
        content (bytes): File content.
        name (str): File name for messages.

    Raises:
        FlyrMissing: flyr is not installed.
        ValueError: The file is truncated, or flyr cannot read it.
    """
    if is_truncated(content):
        raise ValueError(
            f'Image {name} is a FLIR radiometric JPEG that is truncated '
            f'({len(content)} bytes): copy it again, or remove it.')
    try:
        return _thermogram(content, name)
    except ImportError as error:
        raise FlyrMissing(
            f'Image {name} is a FLIR radiometric JPEG. Reading its temperatures '
            'needs the package flyr: pip install "mmpose_thermal[cameras]" or '
            f'pip install flyr ({error}). {_PICTURE}') from None


@lru_cache(maxsize=2)  # a pair reads its file twice
def _thermogram(content: bytes, name: str) -> Thermogram:
    import flyr
    try:
        read = flyr.unpack(BytesIO(content))
        kelvin = read.kelvin.astype(np.float32)
    except Exception as error:  # flyr's parsers raise many types
        counts = _uncalibrated(content, name)
        if counts is not None:
            return Thermogram(counts)
        raise ValueError(
            f'Image {name} is a FLIR radiometric JPEG in a layout that flyr '
            f'does not read ({_reason(content, error)}). Export it as 16-bit '
            "or float TIFF or as CSV with the camera's software. "
            f'{_PICTURE}') from None
    photo = None if read.optical is None else _as_bgr(read.optical, content)
    found = _upright(Thermogram(kelvin, photo,
                                _photo_to_thermal(read, photo, kelvin)),
                     orientation_of(content))
    for array in found:
        if array is not None:
            array.setflags(write=False)  # shared by all who read this file
    return found


def _upright(stored: Thermogram, orientation: int) -> Thermogram:
    """Applies an EXIF orientation to both images."""
    if orientation == 1:
        return stored
    kelvin, photo, to_thermal = stored
    if photo is not None and to_thermal is not None:
        to_thermal = turning(kelvin.shape, orientation) @ to_thermal @ \
            np.linalg.inv(turning(photo.shape, orientation))
    return Thermogram(
        np.ascontiguousarray(turned(kelvin, orientation)),
        None if photo is None else np.ascontiguousarray(
            turned(photo, orientation)), to_thermal)


def _reason(content: bytes, error: Exception) -> str:
    if not flir_records(flir_data(content)):
        return 'unknown maker note'
    return f'{type(error).__name__}: {error}'


def _uncalibrated(content: bytes, name: str) -> Optional[np.ndarray]:
    """Counts of a file whose FLIR data is a 16-bit PNG without any records."""
    data = flir_data(content)
    start = data.find(PNG)
    if start < 0 or flir_records(data):
        return None
    image = cv2.imdecode(np.frombuffer(data, np.uint8, offset=start),
                         cv2.IMREAD_UNCHANGED)
    if image is None or image.dtype != np.uint16 or image.ndim != 2:
        return None
    warn_once(
        'no calibration', f'Image {name} lacks the calibration of its camera: '
        'its raw counts are read, and their unit is a guess.')
    return image.byteswap()  # FLIR writes the low byte first


def _as_bgr(photo: np.ndarray, content: bytes) -> np.ndarray:
    if photo.ndim == 2:
        return cv2.cvtColor(photo, cv2.COLOR_GRAY2BGR)
    data = flir_data(content)
    start = flir_records(data)[PHOTO].start + PHOTO_HEAD
    if data.startswith(PNG, start):  # Y, Cb and Cr, which PNG cannot say
        return cv2.cvtColor(np.ascontiguousarray(photo[..., [0, 2, 1]]),
                            cv2.COLOR_YCrCb2BGR)
    return np.ascontiguousarray(photo[..., 2::-1])


def _photo_to_thermal(read: Any, photo: Optional[np.ndarray],
                      kelvin: np.ndarray) -> Optional[np.ndarray]:
    """FLIR's Real2IR, OffsetX and OffsetY as a map between pixels.

    The thermal image shows the photo's part that is Real2IR times narrower, at
    an offset from the photo's centre in photo pixels.
    """
    info = read.pip_info
    if photo is None or info is None or not 0 < info.real_to_ir < 100:
        return None
    (height, width), thermal = photo.shape[:2], kelvin.shape
    scale = thermal[1] * info.real_to_ir / width
    centre = (np.array([width, height]) - 1) / 2 + [info.offset_x,
                                                    info.offset_y]
    shift = (np.array(thermal[::-1]) - 1) / 2 - scale * centre
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1.]])
