"""What a landmarker is given: images of all kinds, batches, boxes."""
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

_WANTED = ('wanted is a path, a NumPy array, a PIL image, a PyTorch tensor, '
           'or a list of them')


@dataclass
class PreparedFrame:
    """A frame as networks and thermometer need it.

    Attributes:
        raw (np.ndarray): As the camera gave it.
        grey (np.ndarray): What networks see: grey levels (H, W), or BGR for
            models of visible light; uint8.
        radiometric (bool): Whether ``raw`` holds temperatures.
        problem (str, optional): Why it does not, if it could.
    """
    raw: np.ndarray
    grey: np.ndarray
    radiometric: bool
    problem: Optional[str] = None


#: A path, an array as stored, a frame of a source, what
#: :meth:`ThermalLandmarker.prepare` gave, a PIL image or a PyTorch tensor
#: (whose types may be absent here).
Image = Any
_PATHS = (str, os.PathLike)
_SINGLE = (*_PATHS, Frame, PreparedFrame)


def listed(images: Image) -> Tuple[List[Image], bool]:
    """The images that were given, and whether they are a batch."""
    if isinstance(images, _SINGLE):
        return [images], False
    if _is_array(images):
        array = to_array(images, 'given')
        if is_batch(array.shape, 'What was given as image'):
            return [channels_last(image) for image in array], True
        return [array], False
    if isinstance(images, (bytes, bytearray, memoryview, Mapping, Set)) or \
            not isinstance(images, IterableType):
        raise ValueError(f'{_shown(images)} was given as image; {_WANTED}.')
    found = list(images)
    if not found:
        raise ValueError('An empty list was given: there is no image in it.')
    if isinstance(found[0], (Number, list, tuple)):
        raise ValueError('A list of numbers or of lists was given as image: '
                         'make an array of it, np.array(image, np.uint8).')
    return found, True


def read(image: Image,
         name: str,
         palette: Optional[str] = None) -> Tuple[np.ndarray, str]:
    """An image as an array (:func:`checked_pixels`), and its name, which is
    ``name`` if it has none of its own.
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
        raise ValueError(f'Image {name} has the shape {image.shape}: these '
                         'are many images, and one is wanted here.')
    return checked_pixels(image, name), name


def _is_array(image):
    # Of its type: PIL reads the pixels when an image is asked.
    return any(hasattr(type(image), name)
               for name in ('__array__', '__array_interface__'))


def to_array(image, name: str) -> np.ndarray:
    """An image of another library as a NumPy array, BGR if it has colours.

    PIL images are turned upright; PyTorch tensors are RGB, as torchvision's
    are, and may have their channels first.
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
    from PIL import ImageOps  # the user has it: the image is of its type
    try:
        image = ImageOps.exif_transpose(image)
    except (OSError, SyntaxError) as error:  # pixels are read only now
        name = getattr(image, 'filename', '') or name
        raise ValueError(f'Image {name} cannot be decoded: {error}. Replace '
                         'it, or leave it out.') from None
    if image.mode == '1':
        image = image.convert('L')
    if image.mode in ('L', 'F') or image.mode.startswith('I'):
        return np.asarray(image)
    return np.ascontiguousarray(np.asarray(image.convert('RGB'))[..., ::-1])


def _from_torch(array):
    """RGB as BGR, and (C, H, W) and (N, C, H, W) as (H, W, C)."""
    if array.ndim in (3, 4) and array.shape[-3] in (1, 3) and \
            array.shape[-1] not in (1, 3, 4):
        array = np.moveaxis(array, -3, -1)
    if array.ndim in (3, 4) and array.shape[-1] in (3, 4):
        array = array[..., 2::-1]  # without alpha
    return np.ascontiguousarray(array)


def _from_file(path, palette):
    file = Path(path)
    if file.is_dir():
        raise ValueError(f'Image {path} is a folder: landmarker.stream(Source('
                         f'{path!r})) takes the images in it.')
    if not file.is_file():
        raise FileNotFoundError(f'Image {path} does not exist.')
    if file.suffix.lower() in VIDEOS:
        raise ValueError(f'Image {path} is a video: landmarker.stream(Source('
                         f'{path!r})) takes its frames.')
    return read_image(path, palette)


def _shown(value):
    if value is None:
        return 'None'
    kind = type(value).__name__
    return f'{"an" if kind[0] in "aeiouAEIOU" else "a"} {kind}'


def checked_boxes(boxes: Sequence, image: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) in an image: an error says which one is wrong."""
    try:
        rows = np.asarray(boxes, float)
    except (TypeError, ValueError):
        raise ValueError(f'boxes are {boxes!r:.80}; wanted is (N, 4): x1, y1, '
                         'x2, y2.') from None
    if rows.size == 0:
        return np.zeros((0, 4))
    if rows.ndim != 2 or rows.shape[1] != 4:
        raise ValueError(f'boxes have the shape {rows.shape}; wanted is '
                         '(N, 4): x1, y1, x2, y2.')
    height, width = image.shape[:2]
    for index, box in enumerate(rows):
        if not np.isfinite(box).all() or (box[2:] <= box[:2]).any():
            raise ValueError(f'Box {index} is {box.tolist()}: it must be x1, '
                             'y1, x2, y2 with an area.')
        if (np.minimum(box[2:], [width, height]) <= np.maximum(box[:2],
                                                               0)).any():
            raise ValueError(f'Box {index} is {box.tolist()}: it lies outside '
                             f'the {width}x{height} image.')
    return rows


def with_boxes(images: Iterable[Image],
               boxes: Optional[Iterable]) -> Iterator[Tuple[Image, object]]:
    """Yields images with their boxes.

    Args:
        images (Iterable): Any number.
        boxes (Iterable, optional): The same for all images, (N, 4), or such a
            list for each image; ``None`` for those of the detector.
    """
    if isinstance(images, _PATHS):
        raise ValueError(f'A stream is many images: Source({str(images)!r}) '
                         'has those of a file, folder or camera.')
    if _is_array(images):
        images, _ = listed(images)
    if not isinstance(images, IterableType):
        raise ValueError(f'{_shown(images)} was given as images of a stream; '
                         'wanted is a Source, or another iterable of images.')
    if not (boxes is None or isinstance(boxes, IterableType)):
        raise ValueError(f'boxes are {_shown(boxes)}; wanted is (N, 4): x1, '
                         'y1, x2, y2, or one such list for each image.')
    if boxes is None or _are_for_all(boxes):
        for image in images:
            yield image, boxes
        return
    given = iter(boxes)
    missing = object()
    for index, image in enumerate(images):
        own = next(given, missing)
        if own is missing:
            raise ValueError(f'boxes end after {index} images: wanted is one '
                             'list for each, or one list (N, 4) for all.')
        yield image, own


def _are_for_all(boxes):
    """Whether boxes are rows of numbers, not lists of such rows."""
    if _is_array(boxes):
        return len(boxes.shape) < 3
    if isinstance(boxes, (str, Mapping)):
        return True  # which is then refused
    if not isinstance(boxes, Sequence):
        return False  # made as they are needed
    return not boxes or any(_is_row(box) for box in boxes)


def _is_row(box):
    """Whether it is one box, or less."""
    if box is None or not hasattr(box, '__len__'):
        return box is not None
    return isinstance(box, (str, Mapping)) or (
        len(box) > 0 and np.ndim(box[0]) == 0)
