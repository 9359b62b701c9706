"""Reads thermal and visible-light images."""
from pathlib import Path
from typing import Optional, Tuple

import cv2
import numpy as np

from .channels import invert_palette, is_coloured, single_channel
from .csv_frames import CSV, decode_csv, names_unit
from .dead_pixels import scene_of
from .decoders import NPY, check_size, decode_npy, decode_picture
from .file_headers import image_head
from .jpeg import JPEG, radiometric_kind
from .radiometric_jpeg import read_thermogram
from .radiometry import temperature_problem, to_grey
from .warned_once import warn_once

_FLAT_LEVELS = 4


def decode_image(content: bytes,
                 name: str,
                 colour: bool = False,
                 palette: Optional[str] = None) -> np.ndarray:
    """Decodes an image file.

    All image reading in this project goes through this function. It applies
    the EXIF or TIFF orientation, drops alpha and converts to native byte
    order. TIFF thumbnails are skipped; multi-frame TIFF files are refused.
    FLIR radiometric JPEGs yield their temperatures in kelvin or, with
    ``colour``, their visible-light photo (:func:`read_thermogram`).

    Args:
        content (bytes): File content in a format that OpenCV supports,
            NumPy's ``.npy``, a CSV table (:func:`.decode_csv`), or TIFF (rare
            kinds need the package tifffile).
        name (str): File name.
        colour (bool): Whether this is a visible-light image.
        palette (str, optional): Palette of a false-colour thermal image. Of
            radiometric JPEGs, it asks for the picture.

    Returns:
        np.ndarray: With ``colour``, (H, W, 3), BGR, uint8. Otherwise as
        stored, (H, W) or (H, W, 3), BGR, with a pixel type of
        :func:`checked_pixels`.

    Raises:
        ValueError: The file is not a readable image, is too large (more than
            2^27 pixels, or 32,766 per side), or is a radiometric JPEG that
            cannot be read.
    """
    content = bytes(content)  # some storage backends return views
    kind = radiometric_kind(content) if palette is None else None
    if kind == 'FLIR':
        return _from_thermogram(content, name, colour)
    suffix = Path(name).suffix.lower()
    if content.startswith(NPY) or suffix == '.npy':
        image = decode_npy(content, name)
    elif suffix == CSV:
        image = decode_csv(content, name)
    else:
        image = decode_picture(content, name)
    image = checked_pixels(image, name)
    if colour:
        return _as_colour(image, name)
    if kind == 'DJI' and is_coloured(image):
        raise ValueError(
            f'Image {name} is a DJI radiometric JPEG: its pixels are false '
            "colours, and only DJI's own software reads its temperatures. "
            'Export it as TIFF with the DJI Thermal Analysis Tool, or convert '
            'it with dji_irp of the DJI Thermal SDK: dji_irp -s a.jpg -a '
            'measure -o a.raw --measurefmt float32, then np.save("a.npy", '
            'np.fromfile("a.raw", "float32").reshape(512, 640)), which holds '
            'degrees Celsius. Its picture alone is read if you name its '
            'palette ("palette": "iron", --palette iron).')
    return image


def _from_thermogram(content, name, colour):
    """Temperatures, or visible-light photo, of a FLIR radiometric JPEG."""
    thermogram = read_thermogram(content, name)
    if not colour:
        # A copy, since the thermogram is cached.
        return checked_pixels(thermogram.pixels, name).copy()
    if thermogram.photo is None:
        raise ValueError(
            f'Image {name} is a FLIR radiometric JPEG without a visible-light '
            'photo: it cannot be the RGB partner of a thermal image.')
    return checked_pixels(thermogram.photo, name).copy()


def stored_bits(path: str) -> int:
    """Bits per channel after :func:`decode_image`: 8, 16 or 32."""
    head = image_head(path)
    if head is not None:
        return head.bits
    return 8 * decode_image(Path(path).read_bytes(), str(path)).dtype.itemsize


def holds_kelvin(path: str) -> bool:
    """Whether a file itself says that :func:`decode_image` yields kelvin.

    True for CSV tables that name their unit and for radiometric JPEGs with
    their camera's calibration, false for what is no such file.
    """
    file = Path(path)
    if not file.is_file():
        return False
    if file.suffix.lower() == CSV:
        return names_unit(file.read_bytes(), path)
    with open(file, 'rb') as start:
        if start.read(len(JPEG)) != JPEG:
            return False
    content = file.read_bytes()
    return radiometric_kind(content) == 'FLIR' and read_thermogram(
        content, path).pixels.dtype == np.float32


def checked_pixels(image: np.ndarray, name: str) -> np.ndarray:
    """Validates an image and converts it to one of four pixel types.

    ==========================  ===============================================
    uint8, uint16               unchanged
    all floats                  float32
    other integers              uint16 or int16, whichever fits first; else
                                float32
    bool, complex and others    refused
    ==========================  ===============================================

    Signed and unsigned 16-bit integers share one default temperature scale
    (:data:`DEFAULT_SCALE`).

    Args:
        image (np.ndarray): Shape (H, W), (H, W, 1), (H, W, 3) or, with alpha,
            (H, W, 4).
        name (str): Image name for messages.

    Returns:
        np.ndarray: Shape (H, W) or (H, W, 3).

    Raises:
        ValueError: The shape, size or type is unsupported.
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
            'frames; or split it into one file per frame.')
    check_size(image.shape[1], image.shape[0], name)
    return np.ascontiguousarray(_plain_type(image[..., :3] if image.ndim ==
                                            3 else image, name))


def _plain_type(image, name):
    kind = image.dtype.kind
    if kind == 'f':
        with np.errstate(over='ignore'):  # overflow becomes a dead pixel
            return image.astype(np.float32, copy=False)
    if kind not in 'iu':
        raise ValueError(
            f'Image {name} holds {image.dtype} pixels; expected integers or '
            'floats.')
    if image.dtype in (np.uint8, np.uint16):  # of this machine's byte order
        return image
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
            f'Image {name} holds {image.dtype} pixels; visible-light images '
            'have 8 bits. Is it a thermal image?')
    return image if image.ndim == 3 else cv2.cvtColor(image,
                                                      cv2.COLOR_GRAY2BGR)


def thermal_pixels(raw: np.ndarray, name: str) -> np.ndarray:
    """Returns a thermal image as one channel, (H, W), for thermometry.

    Dead pixels and telemetry are removed from images with more than 8 bits
    (:func:`scene_of`).
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
    """Converts any thermal image to 8-bit grey levels for a network.

    8-bit images keep the camera's levels, recovered from the palette if
    necessary. Radiometric images are mapped by :func:`to_grey`.

    Args:
        raw (np.ndarray): See :func:`checked_pixels`.
        name (str): Image name for messages.
        palette (str): Palette of an 8-bit image, see :func:`palette_colours`.
        scale, offset (float): Kelvin are ``raw * scale + offset``.
        **gain: Further arguments of :func:`to_grey`.

    Returns:
        tuple: Grey image (H, W), uint8, and kelvin per grey level, or ``None``
        if unknown.

    Raises:
        ValueError: The image or palette is unsuitable.
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
    """Warns if ``gain='window'`` gets implausible temperatures.

    Raises:
        ValueError: The resulting image is flat, too.
    """
    problem = temperature_problem(scene_of(raw, name).raw, scale, offset)
    if problem is None:
        return
    message = (f'Thermal image {name} has no plausible temperatures, which '
               f'gain="window" needs: {problem}')
    if np.ptp(grey[::4, ::4]) < _FLAT_LEVELS:
        raise ValueError(message)
    warn_once('window', message)
