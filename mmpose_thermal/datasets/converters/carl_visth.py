"""CARL or EURECOM VIS-TH with Alpkant's labels (6 points) to COCO json.

Both modalities are labelled, in one dlib XML file per subject. The cameras are
not aligned, so the RGB points become "rgb_keypoints".
"""
import re
from pathlib import PurePosixPath, PureWindowsPath
from xml.etree import ElementTree

import numpy as np

from ..converter_tools import ConversionError, Face, Picture, split_by_subject

POINT_SETS = {'': 'carl_visth'}
_NAMES = ('righteye_outer', 'righteye_inner', 'lefteye_inner',
          'lefteye_outer', 'mouthcorner_right', 'mouthcorner_left')


def _partner_of(path):
    """The RGB partner of a thermal path; None if the path is itself RGB."""
    folder, name = path.parent, path.name
    eurecom = re.fullmatch(r'TH_(.+)', name)
    if eurecom:
        parts = ['VIS' if part == 'TH' else part for part in folder.parts]
        return PurePosixPath(*parts, f'VIS_{eurecom.group(1)}')
    carl = re.fullmatch(r'(\d\dS\d)B(.+)', name)
    if carl:
        parts = [
            'classic' if part == 'thermal_bmp' else part
            for part in folder.parts
        ]
        return PurePosixPath(*parts, f'{carl.group(1)}C{carl.group(2)}')
    return None


def _labels_of(file):
    """Points and boxes of all images of an XML file, by path."""
    found = {}
    for image in ElementTree.parse(file).iter('image'):
        # Some paths were written on Windows.
        path = PurePosixPath(*PureWindowsPath(image.get('file')).parts)
        box = image.find('box')
        if box is None:
            continue
        points = np.full((len(_NAMES), 2), np.nan)
        for part in box.iter('part'):
            if part.get('name') in _NAMES:
                points[_NAMES.index(part.get('name'))] = [
                    float(part.get('x')),
                    float(part.get('y'))
                ]
        frame = [
            float(box.get(side)) for side in ('left', 'top', 'width', 'height')
        ]
        found[path] = points.tolist(), frame
    return found


def list_tasks(root, args):
    """Lists the labelled thermal images, and those without an RGB partner."""
    files = sorted((root / args.labels).glob('*.xml'))
    if not files:
        raise ConversionError(f'{root / args.labels} holds no XML file.')
    splits = split_by_subject([int(file.stem) for file in files],
                              args.val_subjects, args.test_subjects)
    tasks, left_out = [], []
    for file in files:
        subject = int(file.stem)
        labels = _labels_of(file)
        for path, (points, box) in labels.items():
            partner = _partner_of(path)
            if partner is None:
                continue  # an RGB image, handled with its thermal one
            if partner not in labels:
                left_out.append((str(path), 'no labelled RGB partner'))
                continue
            tasks.append((str(path), (str(path), str(partner), points, box,
                                      labels[partner][0], subject,
                                      splits[subject])))
    return tasks, left_out


def read(root, task):
    """Reads one image with its faces."""
    path, partner, points, box, rgb_points, subject, split = task
    face = Face(np.array(points), box, np.array(rgb_points))
    return Picture(
        path, split, [face], partner, fields=dict(subject_id=subject))
