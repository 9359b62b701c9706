"""Replaces annotated boxes by those of a detector, for testing."""
from collections import defaultdict
from typing import Any, Dict, Iterable, List, Sequence, Tuple

import numpy as np
from mmengine.fileio import exists, get

from mmpose_thermal.runtime.crops import iou

from .annotations.file_formats import parse_json
from .annotations.rules import LIKE_CORNERS, is_number, plain_id, short

#: Minimum intersection over union to match a box to a face. It is low, since
#: detectors frame heads, but annotators often only the landmarks.
SAME_FACE_IOU = .3
_CLEARLY_BETTER = .1  # intersection over union
_FORM = ('It must be a json list of {"image_id": ..., "bbox": [x, y, width, '
         'height], "score": ...}, as written by MMDetection\'s CocoMetric with '
         'outfile_prefix=....')


def read_boxes(bbox_file: str,
               ann_file: str,
               image_ids: Sequence[Any],
               face_categories: Iterable[Any] = ()) -> Dict[Any, List[dict]]:
    """Reads a detector's COCO results; returns boxes by image id, best score first.

    Only boxes of the annotation file's ``face_categories`` are used. If there
    are none, all boxes are used, since the detector may number categories
    differently.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file has another format, or is for other images.
    """
    boxes = _content(bbox_file)
    faces = set(map(str, face_categories))
    of_faces = [box for box in boxes if box.get('category_id') is None
                or str(plain_id(box['category_id'])) in faces]
    found = _by_image(of_faces or boxes, image_ids)
    if not found:
        raise ValueError(
            f'{bbox_file}: none of its {len(boxes)} boxes is in an image of '
            f'{ann_file} (ids such as {short(next(iter(image_ids)))}). Run the '
            'detector on the same annotation file.')
    return {name: sorted(group, key=lambda box: -_score(box))
            for name, group in found.items()}


def _content(bbox_file: str) -> List[dict]:
    if not exists(bbox_file):
        raise FileNotFoundError(f'`bbox_file` {bbox_file} does not exist.')
    try:
        boxes = parse_json(get(bbox_file))
    except ValueError as error:
        raise ValueError(f'{bbox_file} is not JSON ({error}). {_FORM}')
    if not isinstance(boxes, list):
        raise ValueError(f'{bbox_file} does not hold a list. {_FORM}')
    if not boxes:
        raise ValueError(
            f'{bbox_file} is an empty list: the detector found nothing. Lower '
            'its score threshold, or test with the annotated boxes '
            '(bbox_file=\'\').')
    for number, box in enumerate(boxes):
        if not _is_box(box):
            raise ValueError(
                f'{bbox_file}: record {number} is {short(box)}. {_FORM}')
    return boxes


def _by_image(boxes: List[dict],
              image_ids: Sequence[Any]) -> Dict[Any, List[dict]]:
    """Groups boxes by image id; compares ids as text if nothing matches."""
    for as_key in (plain_id, lambda name: str(plain_id(name))):
        names = {as_key(name): name for name in image_ids}
        found: Dict[Any, List[dict]] = defaultdict(list)
        for box in boxes:
            key = as_key(box['image_id'])
            if key in names:
                found[names[key]].append(box)
        if found:
            break
    return found


def _score(box: dict) -> float:
    return 1. if box.get('score') is None else box['score']


def _is_box(box: Any) -> bool:
    return (isinstance(box, dict)
            and isinstance(box.get('image_id'), (int, float, str))
            and isinstance(box.get('bbox'), list) and len(box['bbox']) >= 4
            and all(map(is_number, box['bbox'][:4]))
            and is_number(_score(box)))


def _are_corners(faces: Dict[Any, List[dict]],
                 boxes: Dict[Any, List[dict]]) -> bool:
    """Whether most faces match clearly better if boxes are read as corners."""
    better = []
    for name, here in faces.items():
        numbers = np.array([box['bbox'][:4] for box in boxes.get(name, ())],
                           float).reshape(-1, 4)
        if not len(numbers):
            continue
        as_sizes = numbers + np.pad(numbers[:, :2], ((0, 0), (2, 0)))
        for face in here:
            own = np.asarray(face['bbox'], float)[0]
            better.append(
                iou(own, numbers).max() - iou(own, as_sizes).max())
    return sum(gain > _CLEARLY_BETTER for gain in better) > len(better) / 2


def match_boxes(faces: List[dict], boxes: Dict[Any, List[dict]],
                bbox_file: str) -> Tuple[List[dict], str]:
    """Assigns each face its detected box with the best score.

    Metrics compare landmarks with an annotated face, so faces without a
    detection and detections without a face cannot be tested. Returns the
    matched samples, with ``bbox``, (1, 4), and ``bbox_score`` of the detector,
    and a message with the counts.
    """
    by_image = defaultdict(list)
    for face in faces:
        by_image[face['img_id']].append(face)
    if _are_corners(by_image, boxes):
        example = next(iter(boxes.values()))[0]['bbox'][:4]
        raise ValueError(
            f'{bbox_file}: boxes such as {example} {LIKE_CORNERS}')
    matched, spare = [], 0
    for name, free in by_image.items():
        for box in boxes.get(name, ()):
            x, y, width, height = box['bbox'][:4]
            corners = np.array([x, y, x + width, y + height], np.float32)
            agreement = iou(
                corners, np.concatenate([face['bbox'] for face in free])
            ) if free else np.zeros(1)
            if agreement.max() < SAME_FACE_IOU:
                spare += 1
                continue
            matched.append(dict(
                free.pop(int(agreement.argmax())), bbox=corners[None],
                bbox_score=np.array([_score(box)], np.float32)))
    if not matched:
        raise ValueError(
            f'{bbox_file}: no box matches an annotated face (intersection '
            f'over union of {SAME_FACE_IOU} or more). Boxes must be '
            '[x, y, width, height] in pixels of the image.')
    return matched, (
        f'{bbox_file}: {len(matched)} of {len(faces)} faces were detected and '
        f'are tested; {len(faces) - len(matched)} were missed and are ignored '
        f'by landmark metrics; {spare} boxes match no annotated face.')
