import hashlib
import json
import math
import os
import struct
import warnings
from typing import Any, Callable, Dict, List, Sequence, Tuple

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from ..alignment import moved

# Virtual memory only; the file grows as it is filled.
_MAP_SIZE = 1 << 40
_READERS = 1024
_OPEN: Dict[str, Any] = {}  # by path; each process opens a file only once
_DEPENDS_ON = ('img_path', 'rgb_path', 'palette', 'temperature_scale',
               'temperature_offset', 'bit_depth')


def _close_all() -> None:
    while _OPEN:
        _OPEN.popitem()[1].close()


if hasattr(os, 'register_at_fork'):
    # LMDB's files must not be carried over into worker processes.
    os.register_at_fork(before=_close_all)


class LMDBCache:
    """Key-value store in one LMDB file, shared by processes and runs."""

    def __init__(self, path: str) -> None:
        try:
            import lmdb  # noqa: F401
        except ImportError:
            raise ImportError('Caching needs the package lmdb: pip install '
                              'lmdb, or remove `cache`.')
        self.path = path
        self._place = os.path.realpath(path)
        self._full = False

    def get(self, key: bytes, convert: Callable[[memoryview], Any]) -> Any:
        """Returns ``convert(value)``, which must copy the data; None if missing."""
        with self._open().begin(buffers=True) as reading:
            stored = reading.get(key)
            return None if stored is None else convert(stored)

    def put(self, key: bytes, value: bytes) -> None:
        """Writes a value; if the file is full, warns once and skips it."""
        import lmdb
        if self._full:
            return
        try:
            with self._open().begin(write=True) as writing:
                writing.put(key, value)
        except lmdb.Error as error:
            self._full = True
            warnings.warn(f'{self.path} cannot store any more images ({error}). '
                          'The remaining images are loaded from disk each time.')

    def _open(self) -> Any:
        import lmdb
        if self._place not in _OPEN:
            os.makedirs(os.path.dirname(self._place), exist_ok=True)
            # Not synchronised: losing a cache in a power failure is acceptable.
            _OPEN[self._place] = lmdb.open(
                self._place, subdir=False, map_size=_MAP_SIZE,
                max_readers=_READERS, sync=False, metasync=False)
        return _OPEN[self._place]


@TRANSFORMS.register_module()
class CachedLoading(BaseTransform):
    """Loads images once and keeps the decoded region around the face.

    Loaded images are cropped to the face's box with a margin and stored in one
    LMDB file shared by all worker processes and later runs; below ``/dev/shm``
    it is in memory. Boxes and landmarks then refer to the crop, so this is for
    training only. Aligned pairs are cropped identically; unaligned images are
    each cropped around the face. Images that have changed are loaded again.

    Required Keys:

    - img_path, rgb_path (optional), bbox, keypoints
    - rgb_to_thermal (optional)

    Modified Keys:

    - img, img_shape, and the other keys that the transforms add
    - bbox, keypoints, rgb_to_thermal: in pixels of the crop

    Args:
        transforms (list): Loading transforms, as configs or built.
        path (str): The LMDB file.
        margin (float): The stored region is a square around the box, extended
            on each side by this fraction of the box's longer side. It must
            cover everything that augmentation can move into the network's
            crop; pixels outside are black. Defaults to 0.8, which covers a box
            with padding 1.25, scaled by 1.25, rotated and shifted by 0.16.
    """

    def __init__(self,
                 transforms: Sequence,
                 path: str,
                 margin: float = .8) -> None:
        if margin < 0:
            raise ValueError(f'CachedLoading: `margin` is {margin}, but must '
                             'not be negative.')
        self.transforms = [
            TRANSFORMS.build(t) if isinstance(t, dict) else t
            for t in transforms
        ]
        self.kept = LMDBCache(path)
        self.margin = margin
        self._how = f'{margin}{self.transforms}'

    def transform(self, results: dict) -> dict:
        """Loads the images of a sample, from the cache if possible."""
        key = self._key(results)
        stored = self.kept.get(key, _unpacked)
        if stored is not None:
            return _filled(results, *stored)
        before = set(results)
        for transform in self.transforms:
            results = transform(results)
        loaded = results.pop('img')
        pair = isinstance(loaded, list)
        parts, header = self._cut(loaded if pair else [loaded], results)
        header.update(
            pair=pair,
            added={k: v for k, v in results.items() if k not in before})
        self.kept.put(key, _packed(header, parts))
        return _filled(results, header, _with_channels(parts, header))

    def _key(self, results: dict) -> bytes:
        """Hashes everything that the crop depends on; LMDB requires short keys."""
        parts = [self._how, np.asarray(results['bbox']).tolist(),
                 [results.get(name) for name in _DEPENDS_ON]]
        for name in _DEPENDS_ON[:3]:  # a palette may be a file
            if os.path.isfile(results.get(name) or ''):
                status = os.stat(results[name])
                parts.append((status.st_mtime_ns, status.st_size))
        if 'rgb_to_thermal' in results:
            parts.append(results['rgb_to_thermal'].tolist())
        return hashlib.sha256(repr(parts).encode()).digest()

    def _cut(self, images: Sequence[np.ndarray],
             results: dict) -> Tuple[List[np.ndarray], dict]:
        """Crops images, reduces equal channels to one, and returns a header."""
        box = np.asarray(results['bbox'], float).reshape(-1, 4)[0]
        half = (.5 + self.margin) * (box[2:] - box[:2]).max()
        corners = .5 * (box[:2] + box[2:]) + half * np.array(
            [[-1, -1], [1, -1], [1, 1], [-1, 1]])
        parts, origins, channels = [], [], []
        for index, image in enumerate(images):
            if index and 'rgb_to_thermal' in results:
                corners = moved(
                    corners, np.linalg.inv(results['rgb_to_thermal']))
            size = np.array(image.shape[1::-1])
            low = np.clip(np.floor(corners.min(0)), 0, size - 1).astype(int)
            high = np.clip(np.ceil(corners.max(0)), low + 1, size).astype(int)
            part = image[low[1]:high[1], low[0]:high[0]]
            channels.append(part.shape[2] if part.ndim == 3 else 0)
            if part.shape[2:] == (3, ) and (
                    part[..., :1] == part[..., 1:]).all():
                part = part[..., 0]
            parts.append(np.ascontiguousarray(part))
            origins.append(low.tolist())
        return parts, dict(origins=origins, channels=channels)

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}({self.transforms}, '
                f'path={self.kept.path!r}, margin={self.margin})')


def _packed(header: dict, parts: List[np.ndarray]) -> bytes:
    text = json.dumps(
        dict(header, arrays=[(p.shape, p.dtype.str) for p in parts])).encode()
    return b''.join([struct.pack('<I', len(text)), text] +
                    [part.tobytes() for part in parts])


def _unpacked(value: memoryview) -> Tuple[dict, List[np.ndarray]]:
    """The inverse of :func:`_packed`."""
    length, = struct.unpack_from('<I', value)
    header = json.loads(bytes(value[4:4 + length]))
    start, parts = 4 + length, []
    for shape, dtype in header['arrays']:
        part = np.frombuffer(value, dtype, math.prod(shape), start)
        start += part.nbytes
        parts.append(part.reshape(shape))
    return header, _with_channels(parts, header)


def _with_channels(parts: List[np.ndarray], header: dict) -> List[np.ndarray]:
    """Copies crops, LMDB's memory among them, and restores equal channels."""
    return [
        cv2.cvtColor(part, cv2.COLOR_GRAY2BGR)
        if channels and part.ndim == 2 else part.copy()
        for part, channels in zip(parts, header['channels'])
    ]


def _filled(results: dict, header: dict, images: List[np.ndarray]) -> dict:
    """Replaces the images of a sample by their crops and adjusts coordinates."""
    origin, *of_rgb = np.array(header['origins'], np.float32)
    for name, value in header['added'].items():
        results[name] = tuple(value) if isinstance(value, list) else value
    results['img'] = images if header['pair'] else images[0]
    results['img_shape'] = images[0].shape[:2]
    results['bbox'] = results['bbox'] - np.tile(origin, 2)
    results['keypoints'] = results['keypoints'] - origin
    if 'rgb_to_thermal' in results:
        results['rgb_to_thermal'] = _shift(-origin) @ results[
            'rgb_to_thermal'] @ _shift(of_rgb[0])
    return results


def _shift(by: np.ndarray) -> np.ndarray:
    matrix = np.eye(3)
    matrix[:2, 2] = by
    return matrix
