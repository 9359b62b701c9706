import hashlib
import json
import os
import struct
from typing import List, Sequence, Tuple

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from mmpose_thermal.runtime.lmdb_cache import LMDBCache


@TRANSFORMS.register_module()
class CachedLoading(BaseTransform):
    """Loads images once and keeps what is around the face, decoded.

    What the transforms load is cut to the face's box with a margin and stored
    in one LMDB file, which all worker processes and later runs share; next
    time it is read from there. Below ``/dev/shm`` the file is in memory. Boxes
    and landmarks refer to the part from then on, so that this is for training
    alone: predictions could not be brought back.

    Of aligned pairs both images are cut alike; of others each around the
    face. An image that was changed since is loaded anew.

    Required Keys:

    - img_path, rgb_path (optional), bbox, keypoints
    - rgb_to_thermal (optional)

    Modified Keys:

    - img, img_shape, and the other keys that the transforms add
    - bbox, keypoints, rgb_to_thermal: as the part's pixels count

    Args:
        transforms (list): Those that load, configs or built ones.
        path (str): Of the file.
        margin (float): What is kept is a square around the box, with this
            share of its longer side beyond it. Must hold what augmentation
            moves into the crop; outside the part it sees black. Defaults to
            0.8: the corners of a box with padding 1.25, scaled by 1.25, turned
            and shifted by 0.16.

    Raises:
        ImportError: The package ``lmdb`` is missing.
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
        """Loads the images of a sample.

        Args:
            results (dict): The sample.

        Returns:
            dict: The sample with the parts of its images.
        """
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
        self.kept.put({key: _packed(header, parts)})
        return _filled(results, header, parts)

    def _key(self, results) -> bytes:
        """What the part depends on; LMDB wants short keys."""
        parts = [self._how, np.asarray(results['bbox']).tolist()]
        for name in ('img_path', 'rgb_path', 'palette', 'temperature_scale',
                     'temperature_offset', 'bit_depth'):
            parts.append(results.get(name))
        for name in ('img_path', 'rgb_path'):
            if name in results and '://' not in results[name]:
                status = os.stat(results[name])
                parts.append((status.st_mtime_ns, status.st_size))
        if 'rgb_to_thermal' in results:
            parts.append(results['rgb_to_thermal'].tolist())
        return hashlib.sha256(repr(parts).encode()).digest()

    def _cut(self, images, results) -> Tuple[List[np.ndarray], dict]:
        """Parts of images, one channel of equal ones, and what they are."""
        box = np.asarray(results['bbox'], float).reshape(-1, 4)[0]
        half = (.5 + self.margin) * (box[2:] - box[:2]).max()
        corners = .5 * (box[:2] + box[2:]) + half * np.array(
            [[-1, -1], [1, -1], [1, 1], [-1, 1]])
        parts, origins, channels = [], [], []
        for index, image in enumerate(images):
            if index and 'rgb_to_thermal' in results:
                corners = _mapped(
                    np.linalg.inv(results['rgb_to_thermal']), corners)
            size = np.array(image.shape[1::-1])
            low = np.clip(np.floor(corners.min(0)), 0, size - 1).astype(int)
            high = np.clip(np.ceil(corners.max(0)), low + 1, size).astype(int)
            part = image[low[1]:high[1], low[0]:high[0]]
            channels.append(part.shape[2] if part.ndim == 3 else 0)
            if part.ndim == 3 and (part[..., :1] == part[..., 1:]).all():
                part = part[..., 0]
            parts.append(np.ascontiguousarray(part))
            origins.append(low.tolist())
        return parts, dict(origins=origins, channels=channels)

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}({self.transforms}, '
                f'path={self.kept.path!r}, margin={self.margin})')


def _packed(header: dict, parts: List[np.ndarray]) -> bytes:
    text = json.dumps(
        dict(
            header,
            shapes=[part.shape for part in parts],
            dtypes=[part.dtype.str for part in parts])).encode()
    return b''.join([struct.pack('<I', len(text)), text] +
                    [part.tobytes() for part in parts])


def _unpacked(value) -> Tuple[dict, List[np.ndarray]]:
    """What :func:`_packed` packed."""
    length, = struct.unpack_from('<I', value)
    header = json.loads(bytes(value[4:4 + length]))
    start, parts = 4 + length, []
    for shape, dtype in zip(header['shapes'], header['dtypes']):
        count = int(np.prod(shape))
        part = np.frombuffer(value, dtype, count, start).reshape(shape)
        start += part.nbytes
        parts.append(part.copy())  # the file's memory is not ours
    return header, parts


def _filled(results, header, parts) -> dict:
    """A sample that knows of the parts alone."""
    images = [
        cv2.merge([part] * channels) if channels and part.ndim == 2 else part
        for part, channels in zip(parts, header['channels'])
    ]
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


def _mapped(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return cv2.perspectiveTransform(points[None], matrix)[0]
