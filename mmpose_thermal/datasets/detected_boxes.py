"""Boxes of a detector in the place of annotated ones, for testing."""
from collections import defaultdict
from typing import Any, Dict, Iterable, List, Sequence, Tuple

import numpy as np
from mmengine.fileio import exists, get

from mmpose_thermal.runtime.crops import iou

from .annotation_rules import is_number, plain_id, short
from .json_files import parse_json

#: Intersection over union from which a box is that of a face. Detectors frame
#: heads, annotators often the landmarks alone.
SAME_FACE_IOU = .3
_CLEARLY_BETTER = .1  # intersection over union


def read_boxes(bbox_file: str,
               ann_file: str,
               image_ids: Sequence[Any],
               face_categories: Iterable[Any] = ()) -> Dict[Any, List[dict]]:
    """Reads COCO's results of a detector.

    Args:
        bbox_file (str): A json list of ``image_id``, ``bbox`` ([x, y, width,
            height]) and ``score``.
        ann_file (str): Whose images they are of; for messages.
        image_ids (Sequence): Of the images in it.
        face_categories (Iterable): Ids of the categories of its faces. Boxes
            of others are not used, unless no box is of one of them: then the
            detector counts in its own way.

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
        boxes = parse_json(get(bbox_file))
    except ValueError as error:
        raise ValueError(f'{bbox_file} is no JSON ({error}). {form}')
    if not isinstance(boxes, list):
        raise ValueError(f'{bbox_file} holds no list. {form}')
    if not boxes:
        raise ValueError(
            f'{bbox_file} is an empty list: the detector found nothing. Lower '
            'its score threshold, or test with the annotated boxes '
            '(bbox_file=\'\').')
    for number, box in enumerate(boxes):
        if not _is_box(box):
            raise ValueError(
                f'{bbox_file}: record {number} is {short(box)}. {form}')
    found = _by_image(_of_faces(boxes, face_categories), image_ids)
    if not found:
        raise ValueError(
            f'{bbox_file}: none of its {len(boxes)} boxes is of an image of '
            f'{ann_file} (ids such as {short(next(iter(image_ids)))}). Make '
            'it from the same annotation file.')
    return {
        name: sorted(group, key=lambda box: -_score(box))
        for name, group in found.items()
    }


def _of_faces(boxes: List[dict], categories: Iterable[Any]) -> List[dict]:
    faces = set(map(str, categories))
    chosen = [
        box for box in boxes if box.get('category_id') is None
        or str(plain_id(box['category_id'])) in faces
    ]
    return chosen or boxes


def _by_image(boxes: List[dict],
              image_ids: Sequence[Any]) -> Dict[Any, List[dict]]:
    """By the ids of the annotation file; as text if they are in one place."""
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
    """Whether most faces agree clearly better with boxes read as corners."""
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
        ValueError: None was found, or the boxes are two corners each.
    """
    by_image = defaultdict(list)
    for face in faces:
        by_image[face['img_id']].append(face)
    if _are_corners(by_image, boxes):
        example = next(iter(boxes.values()))[0]['bbox'][:4]
        raise ValueError(
            f'{bbox_file}: boxes such as {example} look like [left, top, '
            'right, bottom], but must be [x, y, width, height]: subtract the '
            'first two numbers from the last two.')
    matched, spare = [], 0
    for name, here in by_image.items():
        free, taken = list(here), []
        for box in boxes.get(name, ()):
            x, y, width, height = box['bbox'][:4]
            corners = np.array([x, y, x + width, y + height], np.float32)
            agreement = iou(
                corners, np.concatenate([face['bbox'] for face in free])
            ) if free else np.zeros(1)
            if agreement.max() < SAME_FACE_IOU:
                spare += 1
                continue
            face = free.pop(int(agreement.argmax()))
            taken.append(dict(
                face, bbox=corners[None],
                bbox_score=np.array([_score(box)], np.float32)))
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
