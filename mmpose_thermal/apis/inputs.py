"""Normalises the inputs of a landmarker: images, batches and boxes."""
import os
from collections.abc import Iterable as IterableType
from collections.abc import Mapping, Set
from dataclasses import dataclass
from numbers import Number
from pathlib import Path
from typing import Any, Iterable, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from mmpose_thermal.runtime.images import checked_pixels
from mmpose_thermal.runtime.frames import VIDEOS, Frame
from mmpose_thermal.runtime.stacks import (channels_last, is_batch,
                                           read_image)

_WANTED = ('expected a path, a NumPy array, a PIL image, a PyTorch tensor, '
           'or a list of them')


@dataclass
class PreparedFrame:
    """A frame prepared for networks and thermometer.

    Attributes:
        raw (np.ndarray): Pixels as delivered by the camera.
        grey (np.ndarray): Network input: grey levels (H, W), or BGR for
            visible-light models; uint8.
        radiometric (bool): Whether ``raw`` holds temperatures.
        problem (str, optional): Why it does not, for images with more than 8
            bits.
    """
    raw: np.ndarray
    grey: np.ndarray
    radiometric: bool
    problem: Optional[str] = None


#: A path, an array, a :class:`Frame`, a :class:`PreparedFrame`, a PIL image or
#: a PyTorch tensor. ``Any`` because PIL and PyTorch may not be installed.
Image = Any
_PATHS = (str, os.PathLike)
_SINGLE = (*_PATHS, Frame, PreparedFrame)


def listed(images: Image) -> Tuple[List[Image], bool]:
    """Returns the input as a list of images, and whether it is a batch."""
    if isinstance(images, _SINGLE):
        return [images], False
    if _is_array(images):
        array = to_array(images, 'given')
        if is_batch(array.shape, 'The given image'):
            return [channels_last(image) for image in array], True
        return [array], False
    if isinstance(images, (bytes, bytearray, memoryview, Mapping, Set)) or \
            not isinstance(images, IterableType):
        raise ValueError(f'{_shown(images)} was given as image; {_WANTED}.')
    found = list(images)
    if not found:
        raise ValueError('An empty list was given: it has no images.')
    if isinstance(found[0], (Number, list, tuple)):
        raise ValueError('A list of numbers or of lists was given as image: '
                         'convert it with np.array(image, np.uint8).')
    return found, True


def read(image: Image,
         name: str,
         palette: Optional[str] = None) -> Tuple[np.ndarray, str]:
    """Reads any single image.

    Args:
        image (Image): See :data:`Image`.
        name (str): Name for messages if the image has none.
        palette (str, optional): See :func:`decode_image`.

    Returns:
        tuple[np.ndarray, str]: Pixels (:func:`checked_pixels`) and name.
    """
    if isinstance(image, Frame):
        name = image.path or image.name
        if image.image is None:
            raise ValueError(image.error)
        image = image.image
    if isinstance(image, _PATHS):
        name = str(image)
        image = _from_file(name, palette)
    elif not isinstance(image, np.ndarray):
        if not _is_array(image):
            raise ValueError(f'Image {name} is {_shown(image)}; {_WANTED}.')
        image = to_array(image, name)
    if is_batch(image.shape, f'Image {name}'):
        raise ValueError(f'Image {name} has the shape {image.shape}: this is '
                         'a batch, but a single image is expected here.')
    return checked_pixels(image, name), name


def _is_array(image):
    # Check the type: asking a PIL image itself would read its pixels.
    return any(hasattr(type(image), name)
               for name in ('__array__', '__array_interface__'))


def to_array(image, name: str) -> np.ndarray:
    """Converts an image of another library to NumPy, colours to BGR.

    PIL images are turned upright. PyTorch tensors are taken as RGB, as in
    torchvision, and may be channels-first.

    Raises:
        ValueError: The image cannot be converted.
    """
    if isinstance(image, np.ndarray):
        return image
    library = type(image).__module__.split('.')[0]
    if library == 'PIL':
        return _from_pil(image, name)
    try:
        array = np.asarray(image)
    except (TypeError, RuntimeError) as error:
        # A tensor on a GPU, with gradients or in bfloat16.
        raise ValueError(
            f'Image {name}, {_shown(image)}, cannot become a NumPy array: '
            f'{error} For a tensor: image.detach().float().cpu().') from None
    return _from_torch(array) if library == 'torch' else array


def _from_pil(image, name):
    from PIL import ImageOps  # installed, since the image is a PIL image
    try:
        image = ImageOps.exif_transpose(image)
    except (OSError, SyntaxError) as error:  # pixels are read only now
        name = getattr(image, 'filename', '') or name
        raise ValueError(f'Image {name} cannot be decoded: {error}. Replace '
                         'or remove it.') from None
    if image.mode == '1':
        image = image.convert('L')
    if image.mode in ('L', 'F') or image.mode.startswith('I'):
        return np.asarray(image)
    return np.ascontiguousarray(np.asarray(image.convert('RGB'))[..., ::-1])


def _from_torch(array):
    """Converts RGB to BGR, and channels-first to channels-last."""
    if array.ndim in (3, 4) and array.shape[-3] in (1, 3) and \
            array.shape[-1] not in (1, 3, 4):
        array = np.moveaxis(array, -3, -1)
    if array.ndim in (3, 4) and array.shape[-1] in (3, 4):
        array = array[..., 2::-1]  # drops alpha
    return np.ascontiguousarray(array)


def _from_file(path, palette):
    file = Path(path)
    if file.is_dir():
        raise ValueError(f'Image {path} is a folder: use landmarker.stream('
                         f'Source({path!r})) for the images in it.')
    if not file.is_file():
        raise FileNotFoundError(f'Image {path} does not exist.')
    if file.suffix.lower() in VIDEOS:
        raise ValueError(f'Image {path} is a video: use landmarker.stream('
                         f'Source({path!r})) for its frames.')
    return read_image(path, palette)


def _shown(value):
    if value is None:
        return 'None'
    kind = type(value).__name__
    return f'{"an" if kind[0] in "aeiouAEIOU" else "a"} {kind}'


def checked_boxes(boxes: Sequence, image: np.ndarray) -> np.ndarray:
    """Validates boxes and returns them as an array (N, 4).

    Raises:
        ValueError: A box is malformed, empty or outside the image.
    """
    try:
        rows = np.asarray(boxes, float)
    except (TypeError, ValueError):
        raise ValueError(f'boxes are {boxes!r:.80}; expected (N, 4): x1, y1, '
                         'x2, y2.') from None
    if rows.size == 0:
        return np.zeros((0, 4))
    if rows.ndim != 2 or rows.shape[1] != 4:
        raise ValueError(f'boxes have the shape {rows.shape}; expected '
                         '(N, 4): x1, y1, x2, y2.')
    height, width = image.shape[:2]
    for index, box in enumerate(rows):
        if not np.isfinite(box).all() or (box[2:] <= box[:2]).any():
            raise ValueError(f'Box {index} is {box.tolist()}: it must be x1, '
                             'y1, x2, y2 with an area.')
        if (np.minimum(box[2:], [width, height]) <= np.maximum(box[:2],
                                                               0)).any():
            raise ValueError(f'Box {index} is {box.tolist()}: it is outside '
                             f'the {width}x{height} image.')
    return rows


def with_boxes(images: Iterable[Image],
               boxes: Optional[Iterable]) -> Iterator[Tuple[Image, object]]:
    """Yields pairs of image and boxes.

    Args:
        images (Iterable): Images.
        boxes (Iterable, optional): One list (N, 4) for all images, or one such
            list per image; ``None`` to use the detector.
    """
    if isinstance(images, _PATHS):
        raise ValueError('A stream takes an iterable of images: use Source('
                         f'{str(images)!r}) for a file, folder or camera.')
    if _is_array(images):
        images, _ = listed(images)
    if not isinstance(images, IterableType):
        raise ValueError(f'{_shown(images)} was given as images of a stream; '
                         'expected a Source or another iterable of images.')
    if not (boxes is None or isinstance(boxes, IterableType)):
        raise ValueError(f'boxes are {_shown(boxes)}; expected (N, 4): x1, '
                         'y1, x2, y2, or one such list per image.')
    if boxes is None or _are_for_all(boxes):
        for image in images:
            yield image, boxes
        return
    given = iter(boxes)
    missing = object()
    for index, image in enumerate(images):
        own = next(given, missing)
        if own is missing:
            raise ValueError(f'boxes end after {index} images: expected one '
                             'list per image, or one list (N, 4) for all.')
        yield image, own


def _are_for_all(boxes):
    """Whether boxes are one list for all images, not one list per image."""
    if _is_array(boxes):
        return len(boxes.shape) < 3
    if isinstance(boxes, (str, Mapping)):
        return True  # refused later
    if not isinstance(boxes, Sequence):
        return False  # an iterator yields one list per image
    return not boxes or any(_is_row(box) for box in boxes)


def _is_row(box):
    """Whether it is a single box or a number, not a list of boxes."""
    if box is None or not hasattr(box, '__len__'):
        return box is not None
    return isinstance(box, (str, Mapping)) or (
        len(box) > 0 and np.ndim(box[0]) == 0)
