"""Images as files hold them: one reader for thermal and visible light."""
import struct
from io import BytesIO
from pathlib import Path
from typing import Optional, Tuple

import cv2
import numpy as np

from .channels import MAX_COLOURED_SHARE, coloured_share, single_channel
from .dead_pixels import scene_of
from .palette_inversion import invert_palette
from .radiometric_jpeg import radiometric_kind
from .radiometry import temperature_problem, to_grey
from .tiff import exif_orientation, main_page, starting_at, tiff_pages
from .warned_once import warn_once

_PNG = b'\x89PNG\r\n\x1a\n'
_NPY = b'\x93NUMPY'
_ZIP = b'PK\x03\x04'
#: 11,000 x 12,000: no thermal camera comes near.
MAX_PIXELS = 1 << 27
#: OpenCV's warping ends here.
MAX_SIDE = 32766
_FLAT_LEVELS = 4
_AS_STORED = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR


def decode_image(content: bytes,
                 name: str,
                 colour: bool = False,
                 palette: Optional[str] = None) -> np.ndarray:
    """Decodes an image file: every image of this project, everywhere.

    The orientation that EXIF or TIFF tags name is applied, alpha is dropped,
    and byte order is the machine's. Of a TIFF file with thumbnails the
    picture is taken.

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
        ValueError: It is no readable image, has more pixels than
            :data:`MAX_PIXELS` or a side beyond :data:`MAX_SIDE`, or is a
            radiometric JPEG.
    """
    if content.startswith(_NPY) or Path(name).suffix.lower() == '.npy':
        image = _decode_npy(content, name)
    else:
        image = _decode_picture(content, name, colour)
    image = checked_pixels(image, name)
    if colour:
        return _as_colour(image, name)
    kind = radiometric_kind(content) if palette is None else None
    if kind and coloured_share(image) > MAX_COLOURED_SHARE:
        raise ValueError(
            f'Image {name} is a radiometric JPEG ({kind}): its pixels are a '
            'picture in false colours, its temperatures lie beside them and '
            'cannot be read yet. Export it as 16-bit or float TIFF with the '
            "camera's software, or name the palette of its picture "
            '("palette": "iron").')
    return image


def stored_bits(path: str) -> int:
    """Bits of a channel of an image file, as :func:`decode_image` gives it.

    Args:
        path (str): Of the file.

    Returns:
        int: 8, 16 or 32.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no readable image.
    """
    content = Path(path).read_bytes()
    if content.startswith(b'\xff\xd8\xff'):
        return 8
    if content.startswith(_PNG) and len(content) > 24:
        return 16 if content[24] == 16 else 8
    image = decode_image(content, str(path))
    return 8 * image.dtype.itemsize


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
    (:data:`DEFAULT_SCALE`).

    Args:
        image (np.ndarray): Shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4),
            the last with alpha; any byte order.
        name (str): Of the image, for messages.

    Returns:
        np.ndarray: Shape (H, W) or (H, W, 3); uint8, uint16, int16 or
        float32 in the machine's byte order.

    Raises:
        ValueError: Another shape or type, no pixels, or too many.
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
            '(H, W, 3), and not empty. A stack of frames goes to the demo or '
            'is cut into one file a frame.')
    _check_size(image.shape[1], image.shape[0], name)
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


def _check_size(width: int, height: int, name: str) -> None:
    if width * height > MAX_PIXELS:
        raise ValueError(f'Image {name} has {width}x{height} pixels, the limit '
                         f'is {MAX_PIXELS}. Cut it into parts.')
    if max(width, height) > MAX_SIDE:
        raise ValueError(
            f'Image {name} has {width}x{height} pixels; the limit of a side '
            f'is {MAX_SIDE}, that of OpenCV. Cut it into parts.')


def _as_colour(image, name):
    if image.dtype != np.uint8:
        raise ValueError(
            f'Image {name} holds {image.dtype} pixels; images of visible '
            'light have 8 bits. Is it a thermal image?')
    return image if image.ndim == 3 else cv2.cvtColor(image,
                                                      cv2.COLOR_GRAY2BGR)


def _undecodable(content, name, reason='it is truncated or no image'):
    if content.startswith(_ZIP):
        reason = ('it is an archive. Of NumPy arrays, save each by np.save '
                  'instead of np.savez')
    return ValueError(f'Image {name} cannot be decoded: {reason} '
                      f'({len(content)} bytes). Replace it, or leave it out.')


def _decode_npy(content: bytes, name: str) -> np.ndarray:
    # Not by np.load, which copies what is in memory already.
    stream = BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read_header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else
            np.lib.format.read_array_header_2_0)
        shape, fortran, dtype = read_header(stream)
        return np.frombuffer(
            content, dtype, int(np.prod(shape)), stream.tell()).reshape(
                shape, order='F' if fortran else 'C')
    except Exception:  # NumPy evaluates the header: any error may come
        raise _undecodable(content, name) from None


def _decode_picture(content: bytes, name: str, colour: bool) -> np.ndarray:
    pages = tiff_pages(content)
    if pages:
        page = main_page(pages)
        _check_size(page.width, page.height, name)
        if page != pages[0]:
            content = starting_at(content, page)
    elif content.startswith(_PNG) and len(content) >= 24:
        # A small file can promise more than may be unpacked.
        width, height = struct.unpack_from('>II', content, 16)
        _check_size(width, height, name)
    # OpenCV before 4.12 does not turn WebP.
    is_webp = content[8:12] == b'WEBP'
    flags = cv2.IMREAD_COLOR if colour else _AS_STORED
    try:
        image = None if not content else cv2.imdecode(
            np.frombuffer(content, np.uint8),
            flags | (cv2.IMREAD_IGNORE_ORIENTATION if is_webp else 0))
    except cv2.error as error:  # beyond OpenCV's own limits, among others
        raise _undecodable(content, name,
                           f'OpenCV says "{error.err}"') from None
    if image is None and pages:
        return _turned(_decode_tiff(content, name), main_page(pages).orientation)
    if image is None:
        raise _undecodable(content, name)
    return _turned(image, _webp_orientation(content)) if is_webp else image


def _decode_tiff(content: bytes, name: str) -> np.ndarray:
    """What OpenCV does not know: halves, 32-bit counts, rare compressions."""
    try:
        import tifffile
    except ImportError:
        raise _undecodable(
            content, name, 'OpenCV does not know this kind of TIFF file (or '
            'it is damaged). `pip install tifffile imagecodecs`, or convert '
            'it to uncompressed 16-bit or float TIFF') from None
    try:
        with tifffile.TiffFile(BytesIO(content)) as file:
            page = file.pages[0]
            image = page.asarray()
            is_rgb = page.photometric == tifffile.PHOTOMETRIC.RGB
    except Exception as error:  # of any of its decoders
        raise _undecodable(content, name, f'tifffile says "{error}"') from None
    return image[..., 2::-1] if is_rgb and image.ndim == 3 else image


def _webp_orientation(content: bytes) -> int:
    """By the chunk "EXIF" of a RIFF file."""
    place = 12
    while place + 8 <= len(content):
        size = int.from_bytes(content[place + 4:place + 8], 'little')
        if content[place:place + 4] == b'EXIF':
            exif = content[place + 8:place + 8 + size]
            return exif_orientation(exif[6:] if exif.startswith(b'Exif\0\0')
                                    else exif)
        place += 8 + size + size % 2
    return 1


def _turned(image: np.ndarray, orientation: int) -> np.ndarray:
    """An image as EXIF's orientation 1 to 8 means it to be seen."""
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return image


def thermal_pixels(raw: np.ndarray, name: str) -> np.ndarray:
    """The one channel of a thermal image, as :func:`grey_levels` maps it.

    A thermometer reads temperatures off this: dead pixels have none.

    Args:
        raw (np.ndarray): Shape (H, W) or (H, W, C), of any type that
            :func:`checked_pixels` takes.
        name (str): Of the image, for messages.

    Returns:
        np.ndarray: Shape (H, W); of more than 8 bits without dead pixels and
        telemetry (:func:`scene_of`).

    Raises:
        ValueError: The image is in colours, or has too many dead pixels.
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
        raw (np.ndarray): Shape (H, W) or (H, W, C), of any type that
            :func:`checked_pixels` takes.
        name (str): Of the image, for messages.
        palette (str): Of an 8-bit image: a name or file
            (:func:`palette_colours`).
        scale, offset (float): Kelvin are ``raw * scale + offset``.
        **gain: Further arguments of :func:`to_grey`.

    Returns:
        tuple: The grey image (H, W), uint8, and the kelvin between two levels
        if they are known.

    Raises:
        ValueError: The image is of another type, in colours that are not the
            palette's, or has too many dead pixels; or it is flat, since the
            gain ``'window'`` got pixels that are no temperatures.
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
    problem = temperature_problem(raw, scale, offset)
    if problem is None:
        return
    message = (f'Thermal image {name} has no plausible temperatures, which '
               f'gain="window" needs: {problem}')
    if np.ptp(grey[::4, ::4]) < _FLAT_LEVELS:
        raise ValueError(message)
    warn_once('window', message)
