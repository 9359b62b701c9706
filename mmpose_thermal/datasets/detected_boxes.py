"""Boxes of a detector in the place of annotated ones, for testing."""
import json
from collections import defaultdict
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
from mmengine.fileio import exists, get

from .annotation_rules import is_number, short

#: Intersection over union from which a box is that of a face. Detectors frame
#: heads, annotators often the landmarks alone.
SAME_FACE_IOU = .3


def read_boxes(bbox_file: str, ann_file: str,
               image_ids: Sequence[Any]) -> Dict[Any, List[dict]]:
    """Reads COCO's results of a detector.

    Args:
        bbox_file (str): A json list of ``image_id``, ``bbox`` ([x, y, width,
            height]) and ``score``.
        ann_file (str): Whose images they are of; for messages.
        image_ids (Sequence): Of the images in it.

    Returns:
        dict: By image id its boxes, the surest first.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It has another form, or is of other images.
    """
    if not exists(bbox_file):
        raise FileNotFoundError(f'`bbox_file` {bbox_file} does not exist.')
    form = ('It must be a json list of {"image_id": ..., "bbox": [x, y, '
            'width, height], "score": ...}, as MMDetection\'s CocoMetric '
            'writes it with outfile_prefix=....')
    try:
        boxes = json.loads(get(bbox_file).decode('utf-8-sig'))
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{bbox_file} is no JSON ({error}). {form}')
    if not isinstance(boxes, list):
        raise ValueError(f'{bbox_file} holds no list. {form}')
    known, found = set(image_ids), defaultdict(list)
    for number, box in enumerate(boxes):
        if not _is_box(box):
            raise ValueError(
                f'{bbox_file}: record {number} is {short(box)}. {form}')
        if box['image_id'] in known:
            found[box['image_id']].append(box)
    if not found:
        raise ValueError(
            f'{bbox_file}: none of its {len(boxes)} boxes is of an image of '
            f'{ann_file} (ids such as {short(next(iter(image_ids)))}). Make '
            'it from the same annotation file.')
    return {
        name: sorted(group, key=lambda box: -box.get('score', 1.))
        for name, group in found.items()
    }


def _is_box(box: Any) -> bool:
    return (isinstance(box, dict)
            and isinstance(box.get('image_id'), (int, str))
            and isinstance(box.get('bbox'), list) and len(box['bbox']) >= 4
            and all(map(is_number, box['bbox'][:4]))
            and is_number(box.get('score', 1.)))


def _iou(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Of one box (left, top, right, bottom) with others, (N, 4)."""
    low = np.maximum(one[:2], others[:, :2])
    high = np.minimum(one[2:], others[:, 2:])
    shared = np.clip(high - low, 0, None).prod(1)
    areas = (others[:, 2:] - others[:, :2]).prod(1)
    union = np.clip(one[2:] - one[:2], 0, None).prod() + areas - shared
    return shared / np.maximum(union, 1e-9)


def match_boxes(faces: List[dict], boxes: Dict[Any, List[dict]],
                bbox_file: str) -> Tuple[List[dict], str]:
    """Gives each face the surest detected box that is its own.

    Landmarks are compared with those of the annotated face, so that a face
    without a detection cannot be tested, nor a detection without a face.

    Args:
        faces (list[dict]): Samples, each with ``img_id`` and ``bbox``, (1, 4).
        boxes (dict): Of :func:`read_boxes`.
        bbox_file (str): For the message.

    Returns:
        tuple[list[dict], str]: The faces that were found, with ``bbox`` and
        ``bbox_score`` of the detector; and how many were not.

    Raises:
        ValueError: None was found.
    """
    by_image = defaultdict(list)
    for face in faces:
        by_image[face['img_id']].append(face)
    matched, spare = [], 0
    for name, here in by_image.items():
        free, taken = list(here), []
        for box in boxes.get(name, ()):
            x, y, width, height = box['bbox'][:4]
            corners = np.array([x, y, x + width, y + height], np.float32)
            agreement = _iou(
                corners, np.concatenate([face['bbox'] for face in free])
            ) if free else np.zeros(1)
            if agreement.max() < SAME_FACE_IOU:
                spare += 1
                continue
            face = free.pop(int(agreement.argmax()))
            taken.append(dict(
                face, bbox=corners[None],
                bbox_score=np.array([box.get('score', 1.)], np.float32)))
        matched += taken
    if not matched:
        raise ValueError(
            f'{bbox_file}: no box is that of an annotated face (intersection '
            f'over union of {SAME_FACE_IOU} or more). Boxes must be '
            '[x, y, width, height] in pixels of the image.')
    return matched, (
        f'{bbox_file}: {len(matched)} of {len(faces)} faces were detected and '
        f'are tested; {len(faces) - len(matched)} were missed, and no metric '
        f'of landmarks counts them; {spare} boxes are of no annotated face.')
