"""Images as files hold them: one reader for thermal and visible light."""
from pathlib import Path
from typing import Optional, Tuple

import cv2
import numpy as np

from .channels import invert_palette, is_coloured, single_channel
from .dead_pixels import scene_of
from .decoders import NPY, check_size, decode_npy, decode_picture
from .file_headers import image_head, radiometric_kind
from .radiometry import temperature_problem, to_grey
from .warned_once import warn_once

_FLAT_LEVELS = 4


def decode_image(content: bytes,
                 name: str,
                 colour: bool = False,
                 palette: Optional[str] = None) -> np.ndarray:
    """Decodes an image file: every image of this project, everywhere.

    The orientation that EXIF or TIFF tags name is applied, alpha is dropped,
    and byte order is the machine's. Of a TIFF file with thumbnails the
    picture is taken; one of several frames is refused.

    Args:
        content (bytes): In a format of OpenCV, NumPy's ``.npy``, or a TIFF
            file that the package tifffile reads, if that is installed.
        name (str): Of the file.
        colour (bool): Whether it is an image of visible light.
        palette (str, optional): Of a thermal image. A radiometric JPEG in
            false colours is refused unless it is named.

    Returns:
        np.ndarray: With ``colour`` (H, W, 3), BGR, uint8. Otherwise as
        stored, (H, W) or (H, W, 3) in BGR order; the type of pixels is that
        of :func:`checked_pixels`.

    Raises:
        ValueError: It is no readable image, has too many pixels (2^27, or
            32,766 a side), or is a radiometric JPEG.
    """
    content = bytes(content)  # some storages give views
    if content.startswith(NPY) or Path(name).suffix.lower() == '.npy':
        image = decode_npy(content, name)
    else:
        image = decode_picture(content, name)
    image = checked_pixels(image, name)
    if colour:
        return _as_colour(image, name)
    kind = radiometric_kind(content) if palette is None else None
    if kind and is_coloured(image):
        raise ValueError(
            f'Image {name} is a radiometric JPEG ({kind}): its pixels are a '
            'picture in false colours, its temperatures lie beside them and '
            'cannot be read yet. Export it as 16-bit or float TIFF with the '
            "camera's software, or name the palette of its picture "
            '("palette": "iron").')
    return image


def stored_bits(path: str) -> int:
    """Bits of a channel as :func:`decode_image` gives it: 8, 16 or 32."""
    head = image_head(path)
    if head is not None:
        return head.bits
    return 8 * decode_image(Path(path).read_bytes(), str(path)).dtype.itemsize


def checked_pixels(image: np.ndarray, name: str) -> np.ndarray:
    """An image of a file or of a user's own, in one of four types of pixels.

    ==========================  ===============================================
    uint8, uint16               stay
    all floats                  float32
    other whole numbers         uint16 if all values are in its range, or int16
                                if in that; else float32
    bool, complex and others    refused
    ==========================  ===============================================

    Whole numbers of 16 bits have one default of temperatures, signed or not
    (:data:`DEFAULT_SCALE`). Takes (H, W), (H, W, 1), (H, W, 3) and, with
    alpha, (H, W, 4); gives (H, W) or (H, W, 3).
    """
    if image.ndim == 3 and image.shape[0] == 1 and \
            image.shape[2] not in (1, 3, 4):
        image = image[0]
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    if image.ndim not in (2, 3) or not image.size or (
            image.ndim == 3 and image.shape[2] not in (3, 4)):
        raise ValueError(
            f'Image {name} has the shape {image.shape}; an image is (H, W) or '
            '(H, W, 3), and not empty. `mmpose-thermal predict` takes stacks of '
            'frames; or cut it into one file a frame.')
    check_size(image.shape[1], image.shape[0], name)
    return np.ascontiguousarray(_plain_type(image[..., :3] if image.ndim ==
                                            3 else image, name))


def _plain_type(image, name):
    kind = image.dtype.kind
    if kind == 'f':
        with np.errstate(over='ignore'):  # becomes infinite: a dead pixel
            return image.astype(np.float32, copy=False)
    if kind not in 'iu':
        raise ValueError(
            f'Image {name} holds {image.dtype} pixels; wanted are whole '
            'numbers or floats.')
    if image.dtype.name in ('uint8', 'uint16'):
        return image.astype(image.dtype.newbyteorder('='), copy=False)
    low, high = int(image.min()), int(image.max())
    for dtype in (np.uint16, np.int16):
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return image.astype(dtype, copy=False)
    return image.astype(np.float32)


def _as_colour(image, name):
    if image.dtype == np.uint16 and is_coloured(image):
        image = (image >> 8).astype(np.uint8)
    if image.dtype != np.uint8:
        raise ValueError(
            f'Image {name} holds {image.dtype} pixels; images of visible '
            'light have 8 bits. Is it a thermal image?')
    return image if image.ndim == 3 else cv2.cvtColor(image,
                                                      cv2.COLOR_GRAY2BGR)


def thermal_pixels(raw: np.ndarray, name: str) -> np.ndarray:
    """The one channel of a thermal image, as :func:`grey_levels` maps it.

    A thermometer reads temperatures off this: of more than 8 bits it is
    without dead pixels and telemetry (:func:`scene_of`).
    """
    channel = single_channel(checked_pixels(raw, name), name)
    return channel if channel.dtype == np.uint8 else scene_of(channel,
                                                              name).raw


def grey_levels(raw: np.ndarray,
                name: str,
                palette: str = 'white-hot',
                scale: Optional[float] = None,
                offset: float = 0.,
                **gain) -> Tuple[np.ndarray, Optional[float]]:
    """Turns any thermal image into the grey levels that networks see.

    8-bit images keep the levels that the camera gave them (or those behind
    their palette), radiometric ones are mapped by :func:`to_grey`.

    Args:
        raw (np.ndarray): See :func:`checked_pixels`.
        name (str): Of the image, for messages.
        palette (str): Of an 8-bit image, see :func:`palette_colours`.
        scale, offset (float): Kelvin are ``raw * scale + offset``.
        **gain: Further arguments of :func:`to_grey`.

    Returns:
        tuple: The grey image (H, W), uint8, and the kelvin between two levels
        if they are known.
    """
    raw = checked_pixels(raw, name)
    try:
        if raw.dtype == np.uint8 and palette != 'white-hot':
            return invert_palette(raw, palette, name), None
        grey = single_channel(raw, name)
        if raw.dtype == np.uint8:
            return grey, None
        mapped = to_grey(grey, scale=scale, offset=offset, name=name, **gain)
        if gain.get('gain') == 'window':
            _check_window(grey, mapped[0], name, scale, offset)
        return mapped
    except ValueError as error:
        if name in str(error):
            raise
        raise ValueError(f'Thermal image {name}: {error}')


def _check_window(raw, grey, name, scale, offset) -> None:
    """A window of temperatures shows nothing of pixels that are none."""
    problem = temperature_problem(scene_of(raw, name).raw, scale, offset)
    if problem is None:
        return
    message = (f'Thermal image {name} has no plausible temperatures, which '
               f'gain="window" needs: {problem}')
    if np.ptp(grey[::4, ::4]) < _FLAT_LEVELS:
        raise ValueError(message)
    warn_once('window', message)
