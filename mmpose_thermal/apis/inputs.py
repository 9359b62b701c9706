"""Normalises the inputs of a landmarker: images, batches and sources."""
import os
from collections.abc import Iterable as IterableType
from collections.abc import Mapping, Set
from dataclasses import dataclass
from numbers import Number
from pathlib import Path
from typing import Any, Iterable, List, Optional, Tuple, Union

import numpy as np

from mmpose_thermal.runtime.captures import without_password
from mmpose_thermal.runtime.frames import VIDEOS, Frame, Source
from mmpose_thermal.runtime.images import checked_pixels
from mmpose_thermal.runtime.input_options import InputOptions
from mmpose_thermal.runtime.live import CameraSource, is_live
from mmpose_thermal.runtime.stacks import (channels_last, is_batch,
                                           open_stack, read_image)
from mmpose_thermal.runtime.temperature import to_celsius

from .pil_images import is_pil, read_pil

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
        name (str): Path of the image, or what messages call it.
        time_s (float, optional): Seconds since the start of a recording.
        scale, offset (float): Kelvin are ``raw * scale + offset``; see
            :class:`ThermalLandmarker`.
    """
    raw: np.ndarray
    grey: np.ndarray
    radiometric: bool
    problem: Optional[str] = None
    name: str = ''
    time_s: Optional[float] = None
    scale: Optional[float] = None
    offset: float = 0.

    @property
    def celsius(self) -> Optional[np.ndarray]:
        """Temperatures (H, W) in degrees Celsius, if radiometric."""
        return to_celsius(self.raw, self.scale,
                          self.offset) if self.radiometric else None


#: A path, an array, a :class:`Frame`, a :class:`PreparedFrame`, a PIL image or
#: a PyTorch tensor. ``Any`` because PIL and PyTorch may not be installed.
Image = Any
_PATHS = (str, os.PathLike)
_SINGLE = (*_PATHS, Frame, PreparedFrame)


def listed(images: Image) -> Tuple[List[Image], bool]:
    """Returns the input as a list of images, and whether it is a batch."""
    if isinstance(images, _SINGLE) or is_pil(images):
        return [images], False
    if is_array(images):
        array = to_array(images, 'given')
        if is_batch(array.shape, 'The given image'):
            return [channels_last(image) for image in array], True
        return [array], False
    if isinstance(images, (bytes, bytearray, memoryview, Mapping, Set)) or \
            not isinstance(images, IterableType):
        raise ValueError(f'{shown(images)} was given as image; {_WANTED}.')
    found = list(images)
    if not found:
        raise ValueError('An empty list was given: it has no images.')
    if isinstance(found[0], (Number, list, tuple)):
        raise ValueError('A list of numbers or of lists was given as image: '
                         'convert it with np.array(image, np.uint8).')
    return found, True


def source_of(images: Any,
              palette: Optional[str]) -> Union[Source, CameraSource, None]:
    """Opens what has many frames; returns ``None`` for other inputs.

    Args:
        images (Any): A :class:`Source` or :class:`CameraSource`, the path of
            a folder, pattern, video or stack, the address of a stream or the
            number or path of a camera. A path of a single image is no such
            input.
        palette (str, optional): See :class:`Source`.

    Raises:
        FileNotFoundError, ValueError: See :meth:`InputOptions.open`.
    """
    if isinstance(images, (Source, CameraSource)):
        return images
    if isinstance(images, int) and not isinstance(images, bool):
        images = str(images)
    if not isinstance(images, _PATHS) or _is_one_image(str(images)):
        return None
    return InputOptions(palette).open(str(images))


def is_live_source(images: Any) -> bool:
    """Whether frames come from a camera or stream: they are in no file."""
    return isinstance(images, (Source, CameraSource)) and not images.files


def _is_one_image(path):
    if not os.path.isfile(path) or Path(path).suffix.lower() in VIDEOS:
        return False
    try:
        stack = open_stack(path)
    except (OSError, ValueError):
        return True  # reading it will tell why it cannot be read
    return stack is None or not stack.is_sequence


def sequence_of(images: Any, palette: Optional[str]) -> Iterable[Image]:
    """Returns the images of a stream: of a source, an array or an iterable."""
    source = source_of(images, palette)
    if source is not None:
        return source
    if isinstance(images, _PATHS):
        return [images]
    if is_array(images):
        return listed(images)[0]
    if not isinstance(images, IterableType):
        raise ValueError(f'{shown(images)} was given as images of a stream; '
                         'expected a path, a Source or an iterable of images.')
    return images


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
    elif is_pil(image):
        image, name = read_pil(image, name, palette)
    elif not isinstance(image, np.ndarray):
        if not is_array(image):
            raise ValueError(f'Image {name} is {shown(image)}; {_WANTED}.')
        image = to_array(image, name)
    if is_batch(image.shape, f'Image {name}'):
        raise ValueError(f'Image {name} has the shape {image.shape}: this is '
                         'a batch, but a single image is expected here.')
    return checked_pixels(image, name), name


def is_array(image: Any) -> bool:
    """Whether it is an array, or can become one: PIL images and tensors."""
    # Check the type: asking a PIL image itself would read its pixels.
    return any(hasattr(type(image), name)
               for name in ('__array__', '__array_interface__'))


def to_array(image, name: str) -> np.ndarray:
    """Converts an image of another library to NumPy, colours to BGR.

    PyTorch tensors are taken as RGB, as in torchvision, and may be
    channels-first.

    Raises:
        ValueError: The image cannot be converted.
    """
    if isinstance(image, np.ndarray):
        return image
    try:
        array = np.asarray(image)
    except (TypeError, RuntimeError) as error:
        # A tensor on a GPU, with gradients or in bfloat16.
        raise ValueError(
            f'Image {name}, {shown(image)}, cannot become a NumPy array: '
            f'{error} For a tensor: image.detach().float().cpu().') from None
    return _from_torch(array) if type(image).__module__.split(
        '.')[0] == 'torch' else array


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
    if is_live(path):
        raise ValueError(
            f'Image {without_password(path)} is a camera or stream: give it on '
            'its own, not in a list.')
    if file.is_dir():
        raise ValueError(f'Image {path} is a folder: give it on its own, not '
                         'in a list.')
    if not file.is_file():
        raise FileNotFoundError(f'Image {path} does not exist.')
    if file.suffix.lower() in VIDEOS:
        raise ValueError(f'Image {path} is a video: give it on its own, not '
                         'in a list.')
    return read_image(path, palette)


def shown(value: Any) -> str:
    """Names the type of a value for messages."""
    if value is None:
        return 'None'
    kind = type(value).__name__
    return f'{"an" if kind[0] in "aeiouAEIOU" else "a"} {kind}'
