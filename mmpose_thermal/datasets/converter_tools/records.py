"""Labelled pictures of a data set, and their records in annotation files."""
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

import numpy as np

from ..annotations.rules import box_breach, landmarks, outside_image
from ..image_files import head_of


class ConversionError(ValueError):
    """The data set as a whole is not what the converter expects."""


class LeaveOut(Exception):
    """One picture cannot be used; has a reason for counting, and details."""

    def __init__(self, reason: str, details: str = '') -> None:
        super().__init__(reason)
        self.details = details


@dataclass
class Face:
    """One face, labelled or with a box only.

    Keypoints are in pixels, (K, 2) with NaN for unlabelled points, or (K, 3)
    with COCO visibility. A face with a box and no labelled point is unlabelled.
    """
    keypoints: np.ndarray
    # x, y, width, height; computed from the keypoints with a margin by default.
    bbox: Optional[Sequence[float]] = None
    rgb_keypoints: Optional[np.ndarray] = None  # if RGB is not aligned
    fields: dict = field(default_factory=dict)  # further annotation fields


@dataclass
class Picture:
    """One thermal image with its faces; file names are relative to the root."""
    file_name: str
    split: str  # 'train', 'val' or 'test'
    faces: List[Face]
    rgb_file_name: Optional[str] = None  # RGB partner
    kind: str = ''  # each kind is written to its own {kind}_{split}.json
    fields: dict = field(default_factory=dict)  # subject_id, palette, ...
    # Width and height of the image when it was labelled.
    labelled_size: Optional[Tuple[float, float]] = None
    ignored: List[str] = field(default_factory=list)  # labels not used
    numbers: Set[int] = field(default_factory=set)  # used as point labels, if any


def with_visibility(keypoints: np.ndarray) -> np.ndarray:
    """Converts keypoints (K, 2) or (K, 3) to (K, 3); unlabelled rows become 0."""
    points = np.asarray(keypoints, dtype=float)
    if points.shape[1] == 2:
        points = np.column_stack([points, np.full(len(points), 2.)])
    return np.where(
        np.isfinite(points).all(1, keepdims=True) & (points[:, 2:] > 0),
        points, 0.)


def box_around(keypoints: np.ndarray, margin: float) -> np.ndarray:
    """Computes the box (x, y, width, height) around a face's labelled points.

    ``margin`` is added on each side, as a fraction of width and height.
    """
    points = with_visibility(keypoints)
    points = points[points[:, 2] > 0, :2]
    low, high = points.min(0), points.max(0)
    extent = high - low
    return np.concatenate([low - margin * extent, (1 + 2 * margin) * extent])


def box_fields(box: np.ndarray, size: Sequence[float]) -> dict:
    """COCO's fields for a box (x, y, width, height) clipped to an image."""
    low = np.clip(box[:2], 0, size)
    extent = np.clip(box[:2] + box[2:], 0, size) - low
    return dict(bbox=[*low.round(2).tolist(), *extent.round(2).tolist()],
                area=round(float(extent.prod()), 2))


def listed(keypoints: np.ndarray) -> list:
    """Converts keypoints (K, 3) to COCO's ``[x, y, v] * K``."""
    return [
        number for x, y, v in keypoints.tolist()
        for number in (round(x, 2), round(y, 2), int(v))
    ]


def _annotation(face: Face, size: Tuple[int, int], metainfo: dict,
                margin: float) -> dict:
    keypoints = with_visibility(face.keypoints)
    labelled = keypoints[:, 2] > 0
    if not labelled.any() and face.bbox is not None and \
            face.rgb_keypoints is None:  # which could not be aligned
        return _unlabelled(face, size)
    points = metainfo['num_keypoints']
    if len(keypoints) != points:
        raise LeaveOut(
            f'{len(keypoints)} points instead of {points}',
            'two faces without group ids?'
            if len(keypoints) and len(keypoints) % points == 0 else '')
    if labelled.sum() < 2:
        raise LeaveOut('fewer than two labelled points')
    outside = outside_image(keypoints[:, :2], np.array(size))
    if outside[labelled].all():
        raise LeaveOut('all points outside the image')
    keypoints[labelled & outside, 2] = 1
    box = np.asarray(
        box_around(keypoints, margin) if face.bbox is None else face.bbox,
        dtype=float)
    _, breach = landmarks(
        keypoints.ravel().tolist(), points, 'it', metainfo['dataset_name'])
    breach = breach or box_breach(box.tolist(), size[0], size[1], 'it')
    if breach:
        raise LeaveOut(f'face {breach[1]}', breach[2])
    annotation = dict(
        **box_fields(box, size),
        keypoints=listed(keypoints),
        num_keypoints=int(labelled.sum()),
        **face.fields)
    if face.rgb_keypoints is not None:
        annotation['rgb_keypoints'] = listed(
            with_visibility(face.rgb_keypoints))
    return annotation


def _unlabelled(face: Face, size: Tuple[int, int]) -> dict:
    """Makes an annotation with a box and no keypoints."""
    box = np.asarray(face.bbox, dtype=float)
    breach = box_breach(box.tolist(), size[0], size[1], 'it')
    if breach:
        raise LeaveOut(f'face {breach[1]}', breach[2])
    return dict(**box_fields(box, size), num_keypoints=0, **face.fields)


def _check_labelled_size(picture: Picture, size: Tuple[int, int]) -> None:
    """Leaves out pictures labelled at another size, whose points would be wrong."""
    labelled = picture.labelled_size
    if labelled is None or tuple(labelled) == size:
        return
    inside = all(
        (np.nan_to_num(face.keypoints[:, :2]) <= size).all()
        for face in picture.faces)
    if tuple(labelled) == size[::-1] and inside:
        return  # width and height are swapped in the file, not in the labels
    raise LeaveOut('labelled in an image of another size',
                   f'labelled {labelled[0]:g}x{labelled[1]:g}, the image is '
                   f'{size[0]}x{size[1]}')


def record_of(root: Path, picture: Picture, metainfos: Dict[str, dict],
              margin: float) -> dict:
    """Makes a record from a picture, using the metainfo of its kind.

    Returns a dict with ``image`` and ``annotations`` as in the file but without
    ids, ``kind``, ``split``, and ``rgb_size`` if there is a partner. Raises
    LeaveOut if the picture cannot be used, FileNotFoundError or ValueError if
    the image cannot be read.
    """
    head = head_of(str(root / picture.file_name), with_size=True,
                   palette=picture.fields.get('palette'))
    assert head.size is not None
    width, height = head.size
    _check_labelled_size(picture, (width, height))
    image = dict(file_name=picture.file_name, width=width, height=height)
    if head.bits != 8:
        image['bit_depth'] = head.bits
    image.update(picture.fields)
    record: Dict[str, Any] = dict(kind=picture.kind, split=picture.split, image=image)
    if picture.rgb_file_name:
        image['rgb_file_name'] = picture.rgb_file_name
        record['rgb_size'] = head_of(
            str(root / picture.rgb_file_name), with_size=True).size
        aligned = 'rgb_homography' not in image and all(
            face.rgb_keypoints is None for face in picture.faces)
        if aligned and record['rgb_size'] != head.size:
            raise LeaveOut('RGB partner of another size',
                           '{}x{}, thermal {}x{}'.format(
                               *record['rgb_size'], width, height))
    if not picture.faces:
        raise LeaveOut('no face')
    record['annotations'] = [
        _annotation(face, (width, height), metainfos[picture.kind], margin)
        for face in picture.faces
    ]
    return record
