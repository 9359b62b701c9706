"""Reads PIL images, radiometric JPEGs with their temperatures."""
import os
import warnings
from typing import Any, Optional, Tuple

import numpy as np

from mmpose_thermal.runtime.stacks import read_image

_FLIR = b'FLIR\0'


def is_pil(image: Any) -> bool:
    """Whether it is a PIL image. PIL need not be installed."""
    return any(kind.__module__ == 'PIL.Image' and kind.__name__ == 'Image'
               for kind in type(image).__mro__)


def read_pil(image: Any, name: str,
             palette: Optional[str]) -> Tuple[np.ndarray, str]:
    """Reads a PIL image, turned upright; colours become BGR.

    PIL has only the picture of a FLIR radiometric JPEG, so its temperatures
    are read from its file. If the file is gone or the image was resized, the
    picture is used, with a warning.

    Args:
        image (PIL.Image.Image): The image.
        name (str): Name for messages if the image has no file.
        palette (str, optional): See :func:`.decode_image`.

    Returns:
        tuple[np.ndarray, str]: Pixels as stored, and the path or name.

    Raises:
        ValueError: The image cannot be decoded.
    """
    path = getattr(image, 'filename', '')
    name = os.fspath(path) if isinstance(path, (str, os.PathLike)) and \
        path else name
    if palette is None and _is_radiometric(image):
        if _is_as_in_file(image, name):
            return read_image(name), name
        warnings.warn(
            f'Image {name} is a FLIR radiometric JPEG, but PIL has only its '
            'picture, and its file is gone or has another size: no '
            'temperatures are read. Give its path instead.')
    return _pixels(image, name), name


def _is_radiometric(image):
    return any(marker == 'APP1' and content.startswith(_FLIR)
               for marker, content in getattr(image, 'applist', ()))


def _is_as_in_file(image, path):
    from PIL import Image
    if not os.path.isfile(path):
        return False
    with Image.open(path) as stored:
        return stored.size == image.size


def _pixels(image, name):
    from PIL import ImageOps
    try:
        image = ImageOps.exif_transpose(image)
    except (OSError, SyntaxError) as error:  # pixels are read only now
        raise ValueError(f'Image {name} cannot be decoded: {error}. Replace '
                         'or remove it.') from None
    if image.mode == '1':
        image = image.convert('L')
    if image.mode in ('L', 'F') or image.mode.startswith('I'):
        return np.asarray(image)
    return np.ascontiguousarray(np.asarray(image.convert('RGB'))[..., ::-1])
