"""TFW (5 points, several faces per image) to COCO json."""
import csv
import os
import re

import numpy as np

from ..converter_tools import SPLITS, ConversionError, Face, LeaveOut, Picture

POINT_SETS = {'': 'tfw'}
_COLUMNS = 1 + 4 + 5 * 2
_SPEAKING_FACES = re.compile(r'(\d+)_\d+_[12]_\d+_(?:\d+_)+1\.png')


def _aligned_frames(root, folder):
    """Aligned RGB frames of SpeakingFaces below a folder, by name."""
    if folder is None:
        return {}
    if not (root / folder).is_dir():
        raise ConversionError(f'{root / folder} is not a folder. Link '
                              'SpeakingFaces there, or omit --rgb.')
    return {
        name: os.path.relpath(os.path.join(path, name), root)
        for path, _, names in os.walk(root / folder, followlinks=True)
        for name in names if name.endswith('_3.png')
    }


def list_tasks(root, args):
    """Lists the images of all tables, and rows of the wrong length."""
    visible = _aligned_frames(root, args.rgb)
    tasks, left_out = [], []
    for split in SPLITS:
        for place in ('indoor', 'outdoor'):
            table = root / split / f'{place}.csv'
            if not table.exists():
                continue
            folder = place + ('_gray' if args.palette == 'gray' else '')
            with open(table, newline='', encoding='utf-8-sig') as file:
                rows = [row for row in csv.reader(file) if row][1:]
            faces = {}  # images have one row per face
            for number, row in enumerate(rows, start=2):
                if len(row) != _COLUMNS:
                    left_out.append((f'{table}, line {number}',
                                     f'{len(row)} columns instead of '
                                     f'{_COLUMNS}'))
                    continue
                faces.setdefault(row[0], []).append(row[1:])
            for name, numbers in faces.items():
                path = f'{split}/{folder}/{name}'
                partner = visible.get(re.sub(r'_1\.png$', '_3.png', name))
                tasks.append((path, (path, split, place, numbers, partner,
                                     args.palette)))
    return tasks, left_out


def read(root, task):
    """Reads one image with its faces."""
    path, split, place, rows, partner, palette = task
    faces = []
    for row in rows:
        try:
            numbers = np.array(row, dtype=float)
        except ValueError:
            raise LeaveOut('a coordinate that is not a number')
        low, high = numbers[:2], numbers[2:4]
        faces.append(
            Face(numbers[4:].reshape(5, 2), np.concatenate([low, high - low])))
    fields = dict(place=place)
    person = _SPEAKING_FACES.fullmatch(path.rsplit('/', 1)[-1])
    if person:
        fields['subject_id'] = int(person.group(1))
    if palette == 'iron':
        fields['palette'] = 'iron'
    return Picture(path, split, faces, partner, fields=fields)
