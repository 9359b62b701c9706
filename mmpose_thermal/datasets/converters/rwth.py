"""RWTH-Aachen's thermal faces (Menpo ljson, 68 points) to COCO json."""
import json
import re

import numpy as np

from ..alignment import is_mirrored
from ..converter_tools import (ConversionError, Face, LeaveOut, Picture,
                               split_by_subject)

POINT_SETS = {'': 'rwth'}
# Margins that SF-TL54's authors add around the points to make a box, in pixels.
_LEFT, _TOP, _RIGHT, _BOTTOM = 5, 40, 5, 5


def list_tasks(root, args):
    """Lists the label files; nothing is skipped."""
    # Only the final extension is stripped: '...frm00006.jpg_lfb.png'.
    labels = sorted(root.glob('**/*.ljson'))
    subjects = {}
    for path in labels:
        match = re.search(r'sub(\d+)_', path.name)
        if match is None:
            raise ConversionError(f'{path} has no "subNNN_" in its name.')
        subjects[path] = int(match.group(1))
    if not labels:
        raise ConversionError(f'{root} holds no .ljson file.')
    splits = split_by_subject(subjects.values(), args.val_subjects,
                              args.test_subjects)
    return [(path.name, (str(path.relative_to(root)), subject,
                         splits[subject], args.author_boxes))
            for path, subject in subjects.items()], []


def read(root, task):
    """Reads one image with its faces."""
    path, subject, split, author_boxes = task
    labels = json.loads((root / path).read_text('utf-8-sig'))['landmarks']
    points = np.array(
        [[np.nan, np.nan] if None in point else point
         for point in labels['points']], float)[:, ::-1]  # y comes first
    if is_mirrored(points[36], points[45], points[8]):
        raise LeaveOut('mirrored face: x and y swapped?')
    box = None
    if author_boxes:
        low = np.nanmin(points, 0) - (_LEFT, _TOP)
        high = np.nanmax(points, 0) + (_RIGHT, _BOTTOM)
        box = np.concatenate([low, high - low])
    return Picture(
        f'{path[:-len(".ljson")]}.png',
        split, [Face(points, box)],
        fields=dict(subject_id=subject))
