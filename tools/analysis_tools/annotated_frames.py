"""Reads what the evaluation tools measure on: annotated faces and frames."""
import os.path as osp
import re
from collections import defaultdict
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path

import cv2
import numpy as np

from mmpose_thermal.datasets.annotations import parse_json, read_annotations
from mmpose_thermal.datasets.datasets import ThermalFaceDataset
from mmpose_thermal.datasets.image_files import image_folder
from mmpose_thermal.datasets.transforms.loading import read_image
from mmpose_thermal.runtime.channels import is_coloured
from mmpose_thermal.runtime.images import grey_levels
from mmpose_thermal.runtime.palettes import palette_fits

_OPERATORS = {'>=': ge, '<=': le, '!=': ne, '=': eq, '>': gt, '<': lt}
_CONDITION = re.compile(rf'(\w+)({"|".join(_OPERATORS)})(.+)')


def read_faces(ann_file, data_root=None, points='ibug68', where=()):
    """Reads annotated faces.

    Args:
        ann_file (str): COCO json, as :class:`ThermalFaceDataset` reads it.
        data_root (str, optional): Folder that image paths start from. Defaults
            to that of :func:`.image_folder`.
        points (str): Point set.
        where (Sequence[str]): Conditions such as ``'quality>=2'``.

    Returns:
        tuple[dict, list[dict]]: The metainfo, and the samples.

    Raises:
        ValueError: A condition is malformed, or none of the faces meets all.
    """
    dataset = ThermalFaceDataset(
        data_root=data_root or image_folder(ann_file),
        ann_file=osp.abspath(ann_file), metainfo=dict(from_file=points),
        test_mode=True, pipeline=[])
    samples = [dataset.get_data_info(index) for index in range(len(dataset))]
    chosen = [sample for sample in samples
              if all(_holds(c, sample['raw_ann_info']) for c in where)]
    if not chosen:
        raise ValueError(f'{ann_file}: no face meets --where {" ".join(where)}. '
                         f'Its fields are {sorted(samples[0]["raw_ann_info"])}.')
    return dataset.metainfo, chosen


def _holds(condition, attributes):
    parts = _CONDITION.fullmatch(condition)
    if not parts:
        raise ValueError(f'--where {condition}: write a field, one of '
                         f'{" ".join(_OPERATORS)} and a value, in quotes.')
    field, operator, wanted = parts.groups()
    value = attributes.get(field)
    if operator in ('=', '!='):
        return _OPERATORS[operator](str(value), wanted)
    try:
        return value is not None and _OPERATORS[operator](
            float(value), float(wanted))
    except ValueError:
        raise ValueError(f'--where {condition}: {operator} compares numbers, but '
                         f'one face has {value!r}.') from None


def read_frames(ann_file, data_root=None):
    """Reads annotated frames, with or without faces, and their boxes.

    Returns:
        list[tuple[dict, np.ndarray, np.ndarray]]: Image records with their
        ``img_path``, boxes (N, 4), ``x1 y1 x2 y2``, and those of crowds.
    """
    found = read_annotations(ann_file)
    found.refuse_faults()
    folder = data_root or image_folder(ann_file)
    faces, crowds = defaultdict(list), defaultdict(list)
    for face in found.faces:
        faces[face['image_id']].append(face['bbox'])
    for face in parse_json(Path(ann_file).read_bytes())['annotations']:
        if face.get('iscrowd') and face.get('bbox'):
            crowds[face['image_id']].append(face['bbox'])
    return [(dict(image, img_path=osp.join(folder, image['file_name'])),
             *(_corners(boxes[image['id']]) for boxes in (faces, crowds)))
            for image in found.images]


def _corners(boxes):
    boxes = np.reshape(boxes, (-1, 4)).astype(float)
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1)


def read_grey(record, gain):
    """Reads a frame as grey levels (H, W), uint8.

    The palette of false colours is guessed if the record has none. A frame of no
    known palette becomes luminance, which is what a user would be left with.

    Args:
        record (dict): Has ``img_path`` and the fields of its image.
        gain (dict): Arguments of ``to_grey`` for radiometric images.
    """
    path, palette = record['img_path'], record.get('palette')
    image = read_image(path, palette=palette or 'white-hot')
    if not palette and image.dtype == np.uint8 and is_coloured(image):
        try:
            return grey_levels(image, path, palette_fits(image)[0].palette)[0]
        except ValueError:
            return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return grey_levels(image, path, palette or 'white-hot',
                       record.get('temperature_scale'),
                       record.get('temperature_offset') or 0., **gain)[0]
