"""Pairs to distil from, as small as can be."""
import json
import shutil
from pathlib import Path

import cv2
import numpy as np

from mmpose_thermal.datasets.point_sets import load_metainfo
from mmpose_thermal.synthetic import SyntheticSpec, make_synthetic_pairs


def write_pairs(folder):
    """Renders twelve aligned pairs; returns their annotation file."""
    return make_synthetic_pairs(
        str(folder), SyntheticSpec(train=12, val=1, test=1, extra=0, per_subject=1,
                                   size=96, difficulty=.1))['train']


def change(ann_file, out, edit_image=None, edit_face=None):
    """Writes a changed annotation file beside another; returns its path."""
    content = json.loads(ann_file.read_text())
    for records, edit in ((content['images'], edit_image),
                          (content['annotations'], edit_face)):
        for number, record in enumerate(records):
            if edit:
                edit(number, record)
    path = ann_file.with_name(out)
    path.write_text(json.dumps(content))
    return path


class PairFolder:
    """Twelve pairs as people keep them, with a teacher that knows their points.

    Images are known by their pixels, as they are and mirrored.

    Attributes:
        root (Path): Folder with ``rgb/`` and ``thermal/``, files of equal names.
        annotations (dict): Content of the annotation file of the pairs.
    """

    def __init__(self, root):
        rendered = Path(write_pairs(root / 'rendered')).parents[1]
        for name in ('rgb', 'thermal'):
            shutil.move(str(rendered / name / 'train'), str(root / name))
        self.root = root
        self.annotations = json.loads(
            (rendered / 'annotations/train.json').read_text())
        self._points = {}
        for image, face in zip(self.annotations['images'],
                               self.annotations['annotations']):
            for field in ('file_name', 'rgb_file_name'):
                image[field] = image[field].replace('train/', '')
            points = np.reshape(face['keypoints'], (68, 3))[:, :2]
            self._learn(cv2.imread(str(root / image['rgb_file_name'])), points)

    def _learn(self, image, points):
        mirrored = points[load_metainfo(dict(from_file='ibug68'))['flip_indices']]
        mirrored[:, 0] = image.shape[1] - 1 - mirrored[:, 0]
        self._points[image.tobytes()] = points
        self._points[image[:, ::-1].tobytes()] = mirrored

    def teacher(self, image, boxes):
        return np.repeat(self._points[image.tobytes()][None], len(boxes), 0)

    def detector(self, image, min_score):
        points = self._points[image.tobytes()]
        return np.concatenate([points.min(0), points.max(0)])[None], np.array([.9])
