"""Files and arrays that hold many frames."""
import mmap
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Optional, Tuple

import numpy as np

from .decoders import decode_page, many_frames, npy_header
from .images import checked_pixels, decode_image
from .tiff import choose_pages, tiff_pages
from .warned_once import warn_once

_CHANNELS = (1, 3, 4)
_MIN_SIDE_PX, _MIN_FRAME_PX = 4, 8
_MAX_NPZ_BYTES = 1 << 32
TIFF, NPY, NPZ = ('.tif', '.tiff'), '.npy', '.npz'
#: Types of files that may hold many frames.
STACKS = (*TIFF, NPY, NPZ)


def is_batch(shape: Tuple[int, ...], name: str) -> bool:
    """Whether an array is many images, by its shape alone.

    (H, W) is an image; (H, W, C) with 1, 3 or 4 channels, too. (N, H, W),
    (N, H, W, C) and (N, C, H, W) are many, and (1, H, W) is many of which
    there is one. So three frames (3, H, W) are three images, and an image
    whose channels come first needs a leading axis, (1, 3, H, W).
    """
    sizes = _image_axes(shape)
    if sizes is None or not all(shape):
        what = 'wanted is an image (H, W) or (H, W, 3), or many of them, ' \
            '(N, H, W) or (N, H, W, 3), not empty.'
        if 2 in shape[2:]:
            what = (
                'these are two bytes a pixel, as YUYV and Y16 cameras deliver '
                'them: join them with np.ascontiguousarray(frame).view('
                'np.uint16)[..., 0]. Of a picture in two parts (256x384) the '
                'temperatures are the lower half.')
        raise ValueError(f'{name} has the shape {shape}: {what}')
    if min(sizes) < _MIN_SIDE_PX:
        raise ValueError(
            f'{name} has the shape {shape}: an image of '
            f'{sizes[1]}x{sizes[0]} pixels holds no face. Which axis is '
            'which? Wanted is (H, W), (H, W, 3), (N, H, W) or (N, H, W, 3).')
    if len(shape) == 3 and shape[2] not in _CHANNELS and \
            shape[2] < _MIN_FRAME_PX:
        raise ValueError(
            f'{name} has the shape {shape}: these are frames of {shape[2]}x'
            f'{shape[1]} pixels, or time is the last axis, (H, W, T). Wanted '
            'is (T, H, W): np.moveaxis(a, -1, 0).')
    return len(shape) == 4 or (len(shape) == 3 and
                               shape[2] not in _CHANNELS)


def channels_last(image: np.ndarray) -> np.ndarray:
    """An image (H, W), (H, W, C) or (C, H, W) of a batch, channels last."""
    if image.ndim == 3 and image.shape[2] not in _CHANNELS:
        return image.transpose(1, 2, 0)
    return image


def _image_axes(shape):
    """Height and width, if the number of axes and channels fits."""
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in _CHANNELS):
        return shape[:2]
    if len(shape) == 3 and shape[2] != 2:
        return shape[1:]
    if len(shape) == 4 and shape[3] in _CHANNELS:
        return shape[1:3]
    if len(shape) == 4 and shape[1] in _CHANNELS:
        return shape[2:]
    return None


@dataclass
class Stack:
    """The frames of one file; each is read when it is asked for.

    Attributes:
        name (str): Of the file.
        count (int): Frames that are there.
        read (Callable): Gives the frame of an index; a ``ValueError`` says
            that it is damaged.
        missing (str, optional): What is wrong with the file beyond them.
        left_out (str, optional): What in it is no frame.
    """
    name: str
    count: int
    read: Callable[[int], np.ndarray]
    missing: Optional[str] = None
    left_out: Optional[str] = None

    @property
    def is_sequence(self) -> bool:
        """Whether it is more than one image, or was once."""
        return self.count > 1 or self.missing is not None

    def frames(self) -> Iterator[Tuple[int, np.ndarray]]:
        """Yields index and image of all that can be read.

        A ``ValueError`` at the end names what is damaged or missing.
        """
        damaged, reason = 0, None
        for index in range(self.count):
            try:
                image = self.read(index)
            except ValueError as error:
                damaged, reason = damaged + 1, reason or error
            else:
                yield index, image
        if damaged:
            raise ValueError(f'{damaged} of {self.count} frames of {self.name} '
                             f'cannot be read: {reason}')
        if self.missing:
            raise ValueError(f'{self.name} is damaged: {self.missing}')


def open_stack(path: str) -> Optional[Stack]:
    """Opens a file that holds many frames.

    ``.npy`` and ``.npz`` (of one array): by :func:`is_batch`. TIFF: more than
    one page. ``None`` stands for a single image, or a file so damaged that
    only reading it as one can say how.
    """
    suffix = Path(path).suffix.lower()
    read = _tiff if suffix in TIFF else {NPY: _npy, NPZ: _npz}.get(suffix)
    stack = None if read is None else read(path)
    if stack is not None and stack.left_out:
        warn_once('pages left out', stack.left_out)
    return stack


def read_image(path: str, palette: Optional[str] = None) -> np.ndarray:
    """Reads a file that holds one image, see :func:`decode_image`."""
    stack = open_stack(path)
    if stack is None:
        return decode_image(Path(path).read_bytes(), path, palette=palette)
    if stack.count != 1:
        raise many_frames(path, stack.count)
    (_, image), = stack.frames()
    return image


def _tiff(path):
    if not Path(path).stat().st_size:
        return None
    with open(path, 'rb') as file:
        # Memory of this process: changes do not reach the disk.
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    pages, missing = tiff_pages(content)
    if not pages or len(pages) == 1 and not missing:
        return None
    chosen = choose_pages(pages)

    def read(index):
        page = chosen[index]
        try:
            return checked_pixels(decode_page(content, page, path), path)
        except ValueError as error:
            number = pages.index(page) + 1
            raise ValueError(f'page {number}: {error}') from None

    left_out = None
    if len(chosen) < len(pages):
        others = {str(page) for page in pages if page not in chosen}
        left_out = (
            f'{path}: {len(pages) - len(chosen)} of {len(pages)} pages left '
            f'out as thumbnails or masks ({"; ".join(sorted(others))} beside '
            f'{chosen[0]}).')
    return Stack(path, len(chosen), read, missing, left_out)


def _npy(path):
    with open(path, 'rb') as file:
        header = npy_header(file)
    if header is None or header[2].hasobject:
        return None
    shape, fortran, dtype, offset = header
    if not is_batch(shape, path):
        return None
    size = dtype.itemsize * int(np.prod(shape[1:]))
    count = min(shape[0], (Path(path).stat().st_size - offset) // size)
    if not count or (fortran and count < shape[0]):
        return None
    # Mapped: frames are read when they are needed.
    array = np.memmap(path, dtype, 'r', offset, (count, *shape[1:]),
                      'F' if fortran else 'C')
    missing = None if count == shape[0] else (
        f'it is truncated behind {count} of {shape[0]} frames.')
    return _of_array(array, path, missing)


def _npz(path):
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > _MAX_NPZ_BYTES:
            raise ValueError(f'it would take {size >> 30} GiB unpacked.')
        with np.load(path, allow_pickle=False) as arrays:
            names = arrays.files
            if len(names) != 1:
                raise ValueError(f'it holds {len(names)} arrays '
                                 f'({", ".join(names[:5])}).')
            array = arrays[names[0]]
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error):
        raise ValueError(f'{path} cannot be read: it is truncated or no .npz '
                         'file.') from None
    except ValueError as error:  # NumPy's, too: objects are not unpickled
        raise ValueError(
            f'{path} cannot be read: {error} Save its frames as one array of '
            'numbers, np.save(path, np.stack(frames)): .npy is read in '
            'parts.') from None
    return _of_array(array if is_batch(array.shape, path) else array[None],
                     path)


def _of_array(array, path, missing=None):
    return Stack(
        path, len(array),
        lambda index: checked_pixels(channels_last(array[index]), path),
        missing)
