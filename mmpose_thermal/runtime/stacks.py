"""Reads files and arrays of many frames."""
import mmap
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Optional, Tuple

import numpy as np

from .decoders import decode_page, many_frames, npy_header
from .images import checked_pixels, decode_image
from .tiff import choose_pages, frames_behind_one_page, tiff_pages
from .warned_once import warn_once

_CHANNELS = (1, 3, 4)
_MIN_SIDE_PX, _MIN_FRAME_PX = 4, 8
_MAX_NPZ_BYTES = 1 << 32
TIFF, NPY, NPZ = ('.tif', '.tiff'), '.npy', '.npz'
#: File types that can hold many frames.
STACKS = (*TIFF, NPY, NPZ)


def is_batch(shape: Tuple[int, ...], name: str) -> bool:
    """Whether a shape means a batch of images.

    (H, W), and (H, W, C) with 1, 3 or 4 channels, are single images.
    (N, H, W), (N, H, W, C) and (N, C, H, W) are batches, even if N is 1. So
    (3, H, W) means three frames, and a channels-first image needs a leading
    axis: (1, 3, H, W).

    Raises:
        ValueError: The shape is ambiguous, empty or unsupported.
    """
    sizes = _image_axes(shape)
    if sizes is None or not all(shape):
        what = 'expected an image (H, W) or (H, W, 3), or a batch ' \
            '(N, H, W) or (N, H, W, 3), not empty.'
        if 2 in shape[2:]:
            what = (
                'these are two bytes per pixel, as delivered by YUYV and Y16 '
                'cameras: join them with np.ascontiguousarray(frame).view('
                'np.uint16)[..., 0]. In a two-part frame (256x384), the lower '
                'half holds the temperatures.')
        raise ValueError(f'{name} has the shape {shape}: {what}')
    if min(sizes) < _MIN_SIDE_PX:
        raise ValueError(
            f'{name} has the shape {shape}: an image of '
            f'{sizes[1]}x{sizes[0]} pixels is too small for a face. Check the '
            'order of the axes: expected (H, W), (H, W, 3), (N, H, W) or '
            '(N, H, W, 3).')
    if len(shape) == 3 and shape[2] not in _CHANNELS and \
            shape[2] < _MIN_FRAME_PX:
        raise ValueError(
            f'{name} has the shape {shape}: either frames of {shape[2]}x'
            f'{shape[1]} pixels, or time is the last axis, (H, W, T). '
            'Expected (T, H, W): np.moveaxis(a, -1, 0).')
    return len(shape) == 4 or (len(shape) == 3 and
                               shape[2] not in _CHANNELS)


def channels_last(image: np.ndarray) -> np.ndarray:
    """Moves the channels of a batch's image, (C, H, W), to the last axis."""
    if image.ndim == 3 and image.shape[2] not in _CHANNELS:
        return image.transpose(1, 2, 0)
    return image


def _image_axes(shape):
    """Height and width, or ``None`` if axes or channels do not fit."""
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
    """The frames of one file, read on demand.

    Attributes:
        name (str): File name.
        count (int): Number of frames present.
        read (Callable): Returns the frame at an index, or raises a
            ``ValueError`` if it is damaged.
        missing (str, optional): What is wrong with the file after the last
            frame.
        left_out (str, optional): Which pages were left out.
    """
    name: str
    count: int
    read: Callable[[int], np.ndarray]
    missing: Optional[str] = None
    left_out: Optional[str] = None

    @property
    def is_sequence(self) -> bool:
        """Whether the file has more than one frame, or had before damage."""
        return self.count > 1 or self.missing is not None

    def frames(self) -> Iterator[Tuple[int, np.ndarray]]:
        """Yields index and image of every readable frame.

        Raises:
            ValueError: At the end, if frames are damaged or missing.
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
    """Opens a multi-frame file.

    These are ``.npy`` and ``.npz`` files whose array is a batch
    (:func:`is_batch`), and TIFF files with more than one page. Returns
    ``None`` for a single image, and for a damaged file whose problem
    :func:`decode_image` will report.

    Raises:
        ValueError: The file is unreadable or has an unsupported shape.
    """
    suffix = Path(path).suffix.lower()
    read = _tiff if suffix in TIFF else {NPY: _npy, NPZ: _npz}.get(suffix)
    stack = None if read is None else read(path)
    if stack is not None and stack.left_out:
        warn_once('pages left out', stack.left_out)
    return stack


def read_image(path: str, palette: Optional[str] = None) -> np.ndarray:
    """Reads a file with a single image, see :func:`decode_image`."""
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
        # Copy-on-write: changes do not reach the file.
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    pages, missing = tiff_pages(content)
    if not pages or len(pages) == 1 and not missing:
        return _contiguous(path, content, pages[0]) if pages else None
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
            f'out as thumbnails or masks ({"; ".join(sorted(others))}; kept '
            f'{chosen[0]}).')
    return Stack(path, len(chosen), read, missing, left_out)


def _contiguous(path, content, page):
    """Frames behind one directory, as ImageJ and tifffile write long recordings."""
    frames = frames_behind_one_page(content, page)
    if frames < 2:
        return None
    problem = f'{path} holds {frames} frames behind one page'
    try:
        import tifffile
        array = tifffile.memmap(path, mode='r')
        if not is_batch(array.shape, path):
            raise ValueError(f'only {array.shape} is there')
    except ImportError:
        raise ValueError(f'{problem}. Reading them needs the package tifffile: pip '
                         'install "mmpose_thermal[cameras]" or pip install '
                         'tifffile.') from None
    except (ValueError, OSError) as error:
        raise ValueError(
            f'{problem}, and tifffile cannot map them ({error}). The file is '
            'truncated or compressed: write one page per frame.') from None
    return _of_array(array, path)


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
    # Memory-mapped, so that frames are read on demand.
    array = np.memmap(path, dtype, 'r', offset, (count, *shape[1:]),
                      'F' if fortran else 'C')
    missing = None if count == shape[0] else (
        f'it is truncated after {count} of {shape[0]} frames.')
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
        raise ValueError(f'{path} cannot be read: it is truncated or not a '
                         '.npz file.') from None
    except ValueError as error:  # also NumPy's refusal to unpickle objects
        raise ValueError(
            f'{path} cannot be read: {error} Save its frames as one numeric '
            'array with np.save(path, np.stack(frames)): .npy files are read '
            'frame by frame.') from None
    return _of_array(array if is_batch(array.shape, path) else array[None],
                     path)


def _of_array(array, path, missing=None):
    return Stack(
        path, len(array),
        lambda index: checked_pixels(channels_last(array[index]), path),
        missing)
