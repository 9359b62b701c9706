"""Files and arrays that hold many frames."""
import mmap
import zipfile
import zlib
from pathlib import Path
from typing import Callable, Iterator, Optional, Tuple

import numpy as np

from .decoders import decode_page, npy_header
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

    Args:
        shape (tuple[int, ...]): Of the array.
        name (str): Named in the error.

    Returns:
        bool: Whether the first axis counts images.

    Raises:
        ValueError: It is neither an image nor a batch of images.
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
    """An image of a batch, whose channels may come first.

    Args:
        image (np.ndarray): Shape (H, W), (H, W, C) or (C, H, W).

    Returns:
        np.ndarray: Shape (H, W) or (H, W, C).
    """
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


class Stack:
    """The frames of one file; each is read when it is asked for.

    Args:
        name (str): Of the file.
        count (int): Frames that are there.
        read (Callable): Gives the frame of an index; a ``ValueError`` says
            that it is damaged.
        missing (str, optional): What is wrong with the file beyond them.
        left_out (str, optional): What in it is no frame.
    """

    def __init__(self,
                 name: str,
                 count: int,
                 read: Callable[[int], np.ndarray],
                 missing: Optional[str] = None,
                 left_out: Optional[str] = None) -> None:
        self.name = name
        self._count, self._read = count, read
        self.missing, self.left_out = missing, left_out

    @property
    def is_sequence(self) -> bool:
        """Whether it is more than one image, or was once."""
        return self._count > 1 or self.missing is not None

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> np.ndarray:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return self._read(index)

    def frames(self) -> Iterator[Tuple[int, np.ndarray]]:
        """Yields index and image of all that can be read.

        Raises:
            ValueError: At the end, if a frame is damaged or missing.
        """
        damaged, reason = 0, None
        for index in range(len(self)):
            try:
                image = self[index]
            except ValueError as error:
                damaged, reason = damaged + 1, reason or error
            else:
                yield index, image
        if damaged:
            raise ValueError(f'{damaged} of {len(self)} frames of {self.name} '
                             f'cannot be read: {reason}')
        if self.missing:
            raise ValueError(f'{self.name} is damaged: {self.missing}')


def open_stack(path: str) -> Optional[Stack]:
    """Opens a file that holds many frames.

    ``.npy`` and ``.npz`` (of one array): by :func:`is_batch`. TIFF: more than
    one page.

    Args:
        path (str): Of a file.

    Returns:
        Stack: ``None`` if it is a single image, or damaged so much that only
        reading it as one can say how.

    Raises:
        ValueError: It holds no images.
    """
    suffix = Path(path).suffix.lower()
    if suffix in TIFF:
        return _tiff(path)
    if suffix == NPY:
        return _npy(path)
    if suffix == NPZ:
        return _npz(path)
    return None


def read_image(path: str, palette: Optional[str] = None) -> np.ndarray:
    """Reads a file that holds one image.

    Args:
        path (str): Of any type of image.
        palette (str, optional): See :func:`decode_image`.

    Returns:
        np.ndarray: As stored, see :func:`decode_image`.

    Raises:
        ValueError: It is damaged, or holds many.
    """
    stack = open_stack(path)
    if stack is None:
        return decode_image(Path(path).read_bytes(), path, palette=palette)
    if len(stack) != 1:
        raise ValueError(
            f'{path} holds {len(stack)} frames, and one image is wanted: '
            f'landmarker.stream(Source({path!r})) and tools/demo.py take them '
            'one after the other.')
    if stack.left_out:
        warn_once('pages left out', stack.left_out)
    (_, image), = stack.frames()
    return image


def _mapped(path):
    """A file as memory of this process: changes do not reach the disk."""
    with open(path, 'rb') as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


def _tiff(path):
    if not Path(path).stat().st_size:
        return None
    pages, missing = tiff_pages(_mapped(path))
    if not pages or len(pages) == 1 and not missing:
        return None
    chosen = choose_pages(pages)

    def read(index):
        page = chosen[index]
        try:
            return checked_pixels(decode_page(_mapped(path), page, path), path)
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
    except (zipfile.BadZipFile, EOFError, OSError):
        raise _damaged(path) from None
    if size > _MAX_NPZ_BYTES:
        raise ValueError(f'{path} would take {size >> 30} GiB unpacked: save '
                         'its array as .npy, which is read in parts.')
    try:
        with np.load(path, allow_pickle=False) as arrays:
            names = arrays.files
            array = arrays[names[0]] if len(names) == 1 else None
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error):
        raise _damaged(path) from None
    except ValueError as error:  # Python objects, which are not unpickled
        raise ValueError(
            f'{path} cannot be read: {error} Save its frames as one array of '
            'numbers, np.savez(path, np.stack(frames)).') from None
    if array is None:
        raise ValueError(
            f'{path} holds {len(names)} arrays ({", ".join(names[:5])}): '
            'wanted is one. Save that of the frames as .npy.')
    if not is_batch(array.shape, path):
        array = array[None]
    return _of_array(array, path)


def _damaged(path):
    return ValueError(f'{path} cannot be read: it is truncated or no .npz '
                      'file.')


def _of_array(array, path, missing=None):

    def read(index):
        return checked_pixels(channels_last(array[index]), path)

    return Stack(path, len(array), read, missing)
