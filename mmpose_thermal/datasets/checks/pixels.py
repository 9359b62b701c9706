"""Checks of the data doctor that need the pixels of images and partners."""
import hashlib
import os.path as osp
from collections import defaultdict
from typing import Any, Dict, List, Optional, Sequence

import cv2
import numpy as np

from mmpose_thermal.runtime.images import thermal_pixels
from mmpose_thermal.runtime.radiometry import (CELSIUS_K, DEFAULT_SCALE,
                                               temperature_problem)

from ..alignment import rgb_to_thermal
from ..datasets.thermal_face_dataset import image_fields
from ..image_files import check_inside, similar_name
from ..transforms.loading import LoadThermalImage, read_image, require_size
from .findings import Add, Faces, image_examples
from .shifts import estimate_shift
from .splits import fingerprint
from .statistics import spread

_BOX_PADDING = .125  # on each side, as in MMPose's crops of 1.25 times the box
_FLAT_LEVELS = 4.


def tasks_of(data: Faces, with_rgb: bool, shift_samples: int) -> List[tuple]:
    """Makes the arguments of :func:`inspect_image` for each image of a file."""
    of_image: Dict[int, List[int]] = defaultdict(list)
    for face, image in enumerate(data.image_of):
        of_image[int(image)].append(face)
    paired = [i for i, image in enumerate(data.images)
              if image.get('rgb_file_name') and of_image[i]]
    chosen = set(paired[::max(len(paired) // max(shift_samples, 1), 1)])
    return [
        (image, data.boxes[of_image[i]].tolist(),
         [data.annotations[face] for face in of_image[i]], i in chosen,
         data.folders, with_rgb) for i, image in enumerate(data.images)
    ]


def inspect_image(task: tuple) -> Dict[str, Any]:
    """Decodes one image and its partner; returns ``errors`` and measurements."""
    image, boxes, faces, estimate, folders, with_rgb = task
    found: Dict[str, Any] = dict(errors=[])
    path = osp.join(folders['img'], image['file_name'])
    check = 'outside'
    try:
        check_inside([path], [folders['root']])
        check = 'unreadable'
        raw = read_image(path, palette=image.get('palette'))
        check = 'size'
        require_size(raw, (image['width'], image['height']), path)
        check = 'pixels'
        sample = dict(image_fields(image), img_path=path)
        thermal = LoadThermalImage().grey_levels(raw, sample)
    except (ValueError, OSError, cv2.error) as error:
        found['errors'].append((_kind_of(error, check), str(error)))
        return found
    found['flat'] = bool(np.ptp(thermal) < _FLAT_LEVELS)
    if raw.dtype != np.uint8:
        found.update(_radiometry(raw, sample))
    found['sha1'] = hashlib.sha1(thermal.tobytes()).hexdigest()
    found['fingerprint'] = fingerprint(thermal)
    found['thermal'] = _moments(thermal, boxes)
    if with_rgb and image.get('rgb_file_name'):
        found.update(_inspect_partner(thermal, image, boxes, faces, estimate,
                                      folders))
    return found


def _inspect_partner(thermal: np.ndarray, image: dict,
                     boxes: Sequence[Sequence[float]], faces: List[dict],
                     estimate: bool, folders: Dict[str, str]) -> dict:
    path = osp.join(folders['rgb'], image['rgb_file_name'])
    check = 'outside'
    try:
        check_inside([path], [folders['root']])
        check = 'unreadable'
        rgb = read_image(path, colour=True)
        check = 'alignment'
        matrices = [rgb_to_thermal(image, face) for face in faces or [{}]]
    except (ValueError, TypeError, OSError, cv2.error) as error:
        return dict(errors=[(_kind_of(error, check), str(error))])
    unaligned = any(matrix is None for matrix in matrices)
    if unaligned and rgb.shape[:2] != thermal.shape:
        return dict(errors=[(
            'pair size', f'{path} is {rgb.shape[1]}x{rgb.shape[0]} pixels, '
            f'its thermal partner {thermal.shape[1]}x{thermal.shape[0]}, and '
            'there is no "rgb_homography". Run tools/misc/register_pairs.py.')])
    if matrices[0] is not None:
        rgb = cv2.warpPerspective(rgb, matrices[0], thermal.shape[::-1])
    found: Dict[str, Any] = dict(rgb=_moments(rgb[..., ::-1], boxes))
    if estimate and len(boxes):
        found['shift'] = estimate_shift(thermal, rgb, boxes[0])
    return found


def _radiometry(raw: np.ndarray, sample: dict) -> dict:
    """Median temperature, problems with it, and whether 16 bits hold 8-bit values."""
    narrow = bool(raw.dtype == np.uint16 and raw.max() < 256)
    raw = thermal_pixels(raw, sample['img_path'])
    scale = sample.get('temperature_scale')
    offset = sample.get('temperature_offset', 0.)
    median = float(np.nanmedian(raw[::4, ::4]))
    known = DEFAULT_SCALE.get(raw.dtype.name, 1.) if scale is None else scale
    return dict(kelvin=median * known + offset, narrow=narrow,
                problem=temperature_problem(raw, scale, offset))


def _kind_of(error: Exception, check: str) -> str:
    if isinstance(error, FileNotFoundError):
        return 'missing'
    if isinstance(error, OSError):
        return 'unreadable'
    return 'depth' if check == 'pixels' and 'bit_depth' in str(error) else check


def _moments(image: np.ndarray, boxes: Sequence[Sequence[float]]):
    """Number, sum and sum of squares of the pixels that crops will contain."""
    total = np.zeros((3, 1 if image.ndim == 2 else 3))
    for x, y, w, h in boxes:
        left, top = int(max(x - _BOX_PADDING * w, 0)), int(
            max(y - _BOX_PADDING * h, 0))
        part = image[top:int(y + (1 + _BOX_PADDING) * h) + 1,
                     left:int(x + (1 + _BOX_PADDING) * w) + 1]
        pixels = part.reshape(-1, total.shape[1]).astype(np.float64)
        total += [np.full(total.shape[1], len(pixels)), pixels.sum(0),
                  (pixels**2).sum(0)]
    return total


def check_pixels(data: Faces, found: List[dict], add: Add) -> Optional[dict]:
    """Reports the results of :func:`inspect_image` for the images of a file.

    Returns the spread of their median temperatures in degrees Celsius, if any.
    """
    # Training never reads an image without faces.
    used = set(map(int, data.image_of))
    by_kind: Dict[tuple, list] = defaultdict(list)
    for i, result in enumerate(found):
        for kind, message in result['errors']:
            by_kind['error' if i in used else 'warning',
                    kind].append((i, message))
    for (level, kind), messages in by_kind.items():
        i, message = messages[0]
        if kind == 'missing':
            message += similar_name(
                osp.join(data.folders['img'], data.images[i]['file_name']))
        faces = '' if level == 'error' else ' without faces'
        add(level, kind, f'{len(messages)} images{faces}. First: {message}',
            image_examples(data.name, [i for i, _ in messages]))
    for level, check, key, message in (
        ('warning', 'flat', 'flat', 'images have hardly any contrast (a closed '
         'shutter, or a 16-bit file stored with 8 bits).'),
        ('error', 'depth', 'narrow', '16-bit images hold only values below '
         '256: they were converted from 8-bit images, and their temperatures '
         'are lost.'),
        ('warning', 'temperatures', 'problem', 'images have temperatures that '
         'are implausible for a scene with a face. First: ')):
        which = [i for i, result in enumerate(found) if result.get(key)]
        if which:
            first = found[which[0]][key]
            add(level, check, f'{len(which)} {message}'
                f'{first if isinstance(first, str) else ""}',
                image_examples(data.name, which))
    kelvin = [result['kelvin'] for result in found if 'kelvin' in result]
    return spread(np.array(kelvin) - CELSIUS_K) if kelvin else None
