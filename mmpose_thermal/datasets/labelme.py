"""Faces in LabelMe's json files."""
import json
from pathlib import Path
from typing import List, Sequence

import numpy as np

from .conversion import Face, LeaveOut

_BOX_LABEL = 'face'


def labelme_shapes(path: Path) -> List[dict]:
    """Reads the shapes of a LabelMe file.

    Args:
        path (Path): The json file.

    Returns:
        list[dict]: With ``label`` and ``points`` each.
    """
    return json.loads(Path(path).read_text(encoding='utf-8'))['shapes']


def face_of_shapes(shapes: Sequence[dict], names: Sequence[str] = ()) -> Face:
    """Makes one face of its shapes.

    A shape labelled 'face' is the box, by two corners. The points of all
    others are the landmarks: by name if each label is one of ``names`` (those
    that do not occur are not labelled), else by number if each label is one,
    else in the order of the file, one or several a shape.

    Args:
        shapes (Sequence[dict]): Of LabelMe.
        names (Sequence[str]): Of the points.

    Returns:
        Face: With a box if there is one.

    Raises:
        LeaveOut: A box without two corners, or a name or number that occurs
            twice or is none of the points.
    """
    box = None
    points = []
    for shape in shapes:
        corners = np.asarray(shape['points'], dtype=float)
        if shape['label'] != _BOX_LABEL:
            points.extend((shape['label'], point) for point in corners)
        elif corners.shape != (2, 2):
            raise LeaveOut('face box without two corners')
        else:
            low, high = corners.min(0), corners.max(0)
            box = np.concatenate([low, high - low])
    labels = [str(label) for label, _ in points]
    order = None
    if labels and set(labels) <= set(names):
        order = [names.index(label) for label in labels]
    elif names and labels and all(label.isdigit() for label in labels):
        order = [int(label) for label in labels]
        if max(order) >= len(names):
            raise LeaveOut(f'point number above {len(names) - 1}')
    keypoints = np.array([point for _, point in points]).reshape(-1, 2)
    if order is not None:
        if len(set(order)) < len(order):
            raise LeaveOut('the same point twice')
        sparse = np.full((len(names), 2), np.nan)
        sparse[order] = keypoints
        keypoints = sparse
    return Face(keypoints, box)
