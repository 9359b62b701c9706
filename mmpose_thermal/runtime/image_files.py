"""Thermal images as files hold them, and the grey levels of any of them."""
from io import BytesIO
from typing import Optional, Tuple

import cv2
import numpy as np

from .palettes import invert_palette
from .radiometry import to_grey


_PNG = b'\x89PNG\r\n\x1a\n'
_MAX_PIXELS = 1 << 27  # 11,000 x 12,000: no thermal camera comes near


def _is_impossible(content: bytes) -> bool:
    """Whether a PNG promises more than may be unpacked.

    A small file can: memory would be taken before its end is missed. OpenCV
    itself stops at eight times as many.
    """
    if not content.startswith(_PNG) or len(content) < 24:
        return False
    width, height = (int.from_bytes(content[at:at + 4], 'big')
                     for at in (16, 20))
    return width * height > _MAX_PIXELS


def decode_image(content: bytes,
                 name: str,
                 flags: int = cv2.IMREAD_UNCHANGED) -> np.ndarray:
    """Decodes the content of an image file.

    Args:
        content (bytes): In a format of OpenCV, or NumPy's ``.npy``.
        name (str): Of the file; ``.npy`` tells NumPy's format.
        flags (int): OpenCV's reading mode. Defaults to unchanged.

    Returns:
        np.ndarray: Shape (H, W) or (H, W, C), as stored; 64-bit floats become
        float32.

    Raises:
        ValueError: It is no readable image.
    """
    if name.endswith('.npy'):
        image = _decode_npy(content)
    else:
        buffer = np.frombuffer(content, np.uint8)
        try:
            image = None if not buffer.size or _is_impossible(
                content) else cv2.imdecode(buffer, flags)
        except cv2.error:  # more pixels than OpenCV reads
            image = None
    if image is None:
        raise ValueError(
            f'Image {name} cannot be decoded: it is truncated or no image '
            f'({len(content)} bytes). Replace it, or remove its record from '
            'the annotation file.')
    return image.astype(np.float32) if image.dtype == np.float64 else image


def _decode_npy(content: bytes) -> Optional[np.ndarray]:
    # Not by np.load, which copies what is in memory already.
    stream = BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read_header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else
            np.lib.format.read_array_header_2_0)
        shape, fortran, dtype = read_header(stream)
        image = np.frombuffer(
            content, dtype, int(np.prod(shape)), stream.tell()).reshape(
                shape, order='F' if fortran else 'C')
    except Exception:  # NumPy evaluates the header: any error may come
        return None
    return image if image.ndim in (2, 3) and image.size else None


def single_channel(image: np.ndarray, name: str) -> np.ndarray:
    """The one channel of a thermal image.

    Args:
        image (np.ndarray): Shape (H, W) or (H, W, C) of equal channels.
        name (str): Named in the error.

    Returns:
        np.ndarray: Shape (H, W).

    Raises:
        ValueError: The channels differ.
    """
    if image.ndim == 2:
        return image
    # Grey PNGs are often stored as three equal channels.
    if image.shape[2] == 1 or (image[..., :1] == image[..., 1:3]).all():
        return np.ascontiguousarray(image[..., 0])
    raise ValueError(
        f'Thermal image {name} has {image.shape[2]} different channels: it '
        'looks like a false-colour palette or a visible-light image. For a '
        'palette set "palette" of the image in the annotation file ("iron", '
        'or an image file with the palette\'s colours).')


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
        raw (np.ndarray): Shape (H, W) or (H, W, C); uint8, uint16 or float32.
        name (str): Of the image, for errors.
        palette (str): Of an 8-bit image: a name or file
            (:func:`palette_colours`).
        scale, offset (float): Kelvin are ``raw * scale + offset``.
        **gain: Further arguments of :func:`to_grey`.

    Returns:
        tuple: The grey image (H, W), uint8, and the kelvin between two levels
        if they are known.

    Raises:
        ValueError: The image is of another type, in colours that are not the
            palette's, or has pixels that are not finite.
    """
    try:
        if raw.dtype == np.uint8:
            # White-hot images are what they should be, and checked.
            return single_channel(
                raw, name) if palette == 'white-hot' else invert_palette(
                    raw[..., :3] if raw.ndim == 3 else raw, palette), None
        return to_grey(
            single_channel(raw, name), scale=scale, offset=offset, **gain)
    except ValueError as error:
        if name in str(error):
            raise
        raise ValueError(f'Thermal image {name}: {error}')


def stored_bits(path: str) -> int:
    """Bits of a channel: 8, 16 or 32. (A stub: the owner of images mends it.)"""
    with open(path, 'rb') as file:
        head = file.read(26)
        if head.startswith(_PNG) and len(head) == 26:
            return 16 if head[24] == 16 else 8
        content = head + file.read()
    return 8 * decode_image(content, str(path)).dtype.itemsize
