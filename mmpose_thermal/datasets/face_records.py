"""Labelled pictures of a data set, and what is kept of each."""
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

import numpy as np

from mmpose_thermal.runtime.images import decode_image
from mmpose_thermal.runtime.file_headers import image_head

from .annotation_rules import box_breach, landmarks


class ConversionError(ValueError):
    """The tree as a whole is not what the converter expects."""


class LeaveOut(Exception):
    """One picture cannot be used.

    Args:
        reason (str): For the count.
        details (str): Of this picture alone.
    """

    def __init__(self, reason: str, details: str = '') -> None:
        super().__init__(reason)
        self.details = details


@dataclass
class Face:
    """One labelled face.

    Attributes:
        keypoints (np.ndarray): Pixels, (K, 2) with NaN for points without a
            label, or (K, 3) with COCO's visibility.
        bbox (Sequence[float], optional): x, y, width, height; by default from
            the keypoints with a margin.
        rgb_keypoints (np.ndarray, optional): Likewise in the RGB image, if it
            is not aligned.
        fields (dict): More fields of the annotation.
    """
    keypoints: np.ndarray
    bbox: Optional[Sequence[float]] = None
    rgb_keypoints: Optional[np.ndarray] = None
    fields: dict = field(default_factory=dict)


@dataclass
class Picture:
    """One thermal image with its faces.

    Attributes:
        file_name (str): Relative to the data set's root.
        split (str): 'train', 'val' or 'test'.
        faces (list[Face]): Those with labels.
        rgb_file_name (str, optional): The partner, relative to the root.
        kind (str): Goes into files of their own, ``{kind}_{split}.json``.
        fields (dict): More fields of the image (subject_id, palette, ...).
        labelled_size (tuple, optional): Width and height of what was shown
            when it was labelled.
        ignored (list[str]): Labels that belong to no face, for the count.
        numbers (set[int]): Those by which points are labelled, if they are.
    """
    file_name: str
    split: str
    faces: List[Face]
    rgb_file_name: Optional[str] = None
    kind: str = ''
    fields: dict = field(default_factory=dict)
    labelled_size: Optional[Tuple[float, float]] = None
    ignored: List[str] = field(default_factory=list)
    numbers: Set[int] = field(default_factory=set)


def image_header(path: str) -> Tuple[int, int, int]:
    """Size and depth of an image, as everything here reads it.

    Args:
        path (str): Of a format of :func:`decode_image`.

    Returns:
        tuple[int, int, int]: Width and height in pixels, bits a channel.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no image.
    """
    head = image_head(path)
    if head is not None and head.size is not None:
        return (*head.size, head.bits)
    image = decode_image(Path(path).read_bytes(), str(path))
    return image.shape[1], image.shape[0], 8 * image.dtype.itemsize


def box_around(keypoints: np.ndarray, margin: float) -> np.ndarray:
    """The box of labelled points, larger by a share of its size each side.

    Args:
        keypoints (np.ndarray): Shape (K, 2) or (K, 3), pixels; NaN or
            visibility 0 where there is no label.
        margin (float): Share of width and height, on each side.

    Returns:
        np.ndarray: x, y, width, height.
    """
    points = with_visibility(keypoints)
    points = points[points[:, 2] > 0, :2]
    low, high = points.min(0), points.max(0)
    extent = high - low
    return np.concatenate([low - margin * extent, (1 + 2 * margin) * extent])


def with_visibility(keypoints: np.ndarray) -> np.ndarray:
    """Adds COCO's visibility: 2, or a row of zeros where there is no label.

    Args:
        keypoints (np.ndarray): Shape (K, 2) or (K, 3).

    Returns:
        np.ndarray: Shape (K, 3), finite.
    """
    points = np.asarray(keypoints, dtype=float)
    if points.shape[1] == 2:
        points = np.column_stack([points, np.full(len(points), 2.)])
    return np.where(
        np.isfinite(points).all(1, keepdims=True) & (points[:, 2:] > 0),
        points, 0.)


def clipped(box: np.ndarray, size) -> np.ndarray:
    """The part of a box (x, y, width, height) inside an image."""
    low = np.clip(box[:2], 0, size)
    return np.concatenate([low, np.clip(box[:2] + box[2:], 0, size) - low])


def box_fields(box: np.ndarray) -> dict:
    """The fields of COCO for a box (x, y, width, height)."""
    return dict(
        bbox=box.round(2).tolist(), area=round(float(box[2:].prod()), 2))


def listed(keypoints: np.ndarray) -> list:
    """COCO's ``[x, y, v] * K`` of keypoints (K, 3)."""
    return [
        number for x, y, v in keypoints.tolist()
        for number in (round(x, 2), round(y, 2), int(v))
    ]


def _annotation(face: Face, size: Tuple[int, int], metainfo: dict,
                margin: float) -> dict:
    keypoints = with_visibility(face.keypoints)
    points = metainfo['num_keypoints']
    if len(keypoints) != points:
        raise LeaveOut(
            f'{len(keypoints)} points instead of {points}',
            'two faces without group ids?'
            if len(keypoints) and len(keypoints) % points == 0 else '')
    labelled = keypoints[:, 2] > 0
    if labelled.sum() < 2:
        raise LeaveOut('fewer than two labelled points')
    outside = ((keypoints[:, :2] < -.5) |
               (keypoints[:, :2] > np.array(size) - .5)).any(1)
    if outside[labelled].all():
        raise LeaveOut('all points outside the image')
    keypoints[labelled & outside, 2] = 1
    box = np.asarray(
        box_around(keypoints, margin) if face.bbox is None else face.bbox,
        dtype=float)
    breach = landmarks(
        keypoints.ravel().tolist(), points, 'it', metainfo['dataset_name'])[
            1] or box_breach(box.tolist(), size[0], size[1], 'it')
    if breach:
        raise LeaveOut(f'face {breach[1]}', breach[2])
    annotation = dict(
        **box_fields(clipped(box, size)),
        keypoints=listed(keypoints),
        num_keypoints=int(labelled.sum()),
        **face.fields)
    if face.rgb_keypoints is not None:
        annotation['rgb_keypoints'] = listed(
            with_visibility(face.rgb_keypoints))
    return annotation


def _check_labelled_size(picture: Picture, size: Tuple[int, int]) -> None:
    """Landmarks of a smaller copy would all be at wrong places."""
    labelled = picture.labelled_size
    if labelled is None or tuple(labelled) == size:
        return
    inside = all(
        (np.nan_to_num(face.keypoints[:, :2]) <= size).all()
        for face in picture.faces)
    if tuple(labelled) == size[::-1] and inside:
        return  # sides exchanged in the file, not in the labels
    raise LeaveOut('labelled in an image of another size',
                   f'labelled {labelled[0]:g}x{labelled[1]:g}, the image is '
                   f'{size[0]}x{size[1]}')


def record_of(root: Path, picture: Picture, metainfos: Dict[str, dict],
              margin: float) -> dict:
    """Makes a record of a picture.

    Args:
        root (Path): Of the data set.
        picture (Picture): With its faces.
        metainfos (dict[str, dict]): Parsed, by kind of picture.
        margin (float): Of boxes that are not given, see :func:`box_around`.

    Returns:
        dict: ``image`` and ``annotations`` as in the file but for their ids;
        ``kind``, ``split``; ``rgb_size`` if there is a partner.

    Raises:
        FileNotFoundError: There is no such image.
        LeaveOut: It cannot be used.
        ValueError: It is no readable image.
    """
    width, height, bits = image_header(str(root / picture.file_name))
    _check_labelled_size(picture, (width, height))
    image = dict(file_name=picture.file_name, width=width, height=height)
    if bits != 8:
        image['bit_depth'] = bits
    image.update(picture.fields)
    record: Dict[str, Any] = dict(kind=picture.kind, split=picture.split, image=image)
    if picture.rgb_file_name:
        image['rgb_file_name'] = picture.rgb_file_name
        rgb_size = image_header(
            str(root / picture.rgb_file_name))[:2]
        aligned = 'rgb_homography' not in image and all(
            face.rgb_keypoints is None for face in picture.faces)
        if aligned and rgb_size != (width, height):
            raise LeaveOut('RGB partner of another size',
                           f'{rgb_size[0]}x{rgb_size[1]}, thermal '
                           f'{width}x{height}')
        record['rgb_size'] = rgb_size
    if not picture.faces:
        raise LeaveOut('no labelled face')
    record['annotations'] = [
        _annotation(face, (width, height), metainfos[picture.kind], margin)
        for face in picture.faces
    ]
    return record
