"""Decoders of files, by OpenCV, NumPy and tifffile."""
import struct
from io import BytesIO

import cv2
import numpy as np

from .tiff import exif_orientation, main_page, starting_at, tiff_pages

#: 11,000 x 12,000: no thermal camera comes near.
MAX_PIXELS = 1 << 27
#: OpenCV's warping ends here.
MAX_SIDE = 32766
PNG = b'\x89PNG\r\n\x1a\n'
_ZIP = b'PK\x03\x04'
_AS_STORED = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR


def check_size(width: int, height: int, name: str) -> None:
    """Checks that an image can be worked on.

    Args:
        width, height (int): Pixels.
        name (str): Of the image.

    Raises:
        ValueError: It has more pixels than :data:`MAX_PIXELS`, or a side
            beyond :data:`MAX_SIDE`.
    """
    if width * height > MAX_PIXELS:
        raise ValueError(f'Image {name} has {width}x{height} pixels, the limit '
                         f'is {MAX_PIXELS}. Cut it into parts.')
    if max(width, height) > MAX_SIDE:
        raise ValueError(
            f'Image {name} has {width}x{height} pixels; the limit of a side '
            f'is {MAX_SIDE}, that of OpenCV. Cut it into parts.')


def _undecodable(content, name, reason='it is truncated or no image'):
    if content.startswith(_ZIP):
        reason = ('it is an archive. Of NumPy arrays, save each by np.save '
                  'instead of np.savez')
    return ValueError(f'Image {name} cannot be decoded: {reason} '
                      f'({len(content)} bytes). Replace it, or leave it out.')


def decode_npy(content: bytes, name: str) -> np.ndarray:
    """Decodes NumPy's own format, without pickle.

    Args:
        content (bytes): Of the file.
        name (str): Of the file.

    Returns:
        np.ndarray: As stored, of any shape and type.

    Raises:
        ValueError: It is damaged.
    """
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


def decode_picture(content: bytes, name: str, colour: bool) -> np.ndarray:
    """Decodes an image format of OpenCV, or a TIFF file of any kind.

    Args:
        content (bytes): Of the file.
        name (str): Of the file.
        colour (bool): Whether it becomes BGR of 8 bits.

    Returns:
        np.ndarray: Shape (H, W) or (H, W, C), BGR, upright.

    Raises:
        ValueError: It is damaged, of an unknown format, or too large.
    """
    pages = tiff_pages(content)
    if pages:
        page = main_page(pages)
        check_size(page.width, page.height, name)
        if page != pages[0]:
            content = starting_at(content, page)
    elif content.startswith(PNG) and len(content) >= 24:
        # A small file can promise more than may be unpacked.
        width, height = struct.unpack_from('>II', content, 16)
        check_size(width, height, name)
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
