"""SF-TL54 (LabelMe json, or labels.jsonl) to COCO json.

The folders define the splits; metadata.csv in the authors' repository
contradicts them.
"""
import csv
import json
import re
from collections import Counter

import numpy as np

from ..converter_tools import SPLITS, ConversionError, Face, LeaveOut, Picture
from ..converter_tools.labelme import face_of_shapes, labelme_content

POINT_SETS = {'': 'sftl54'}
# Parts of labels.jsonl in iBUG's order. Of two symmetric parts, the one on the
# left of the image comes first, regardless of its name.
_JSONL_PARTS = (('chin', ), ('left_eyebrow', 'right_eyebrow'),
                ('nose_bridge', ), ('nose_tip', ), ('left_eye', 'right_eye'))
_ALIGNED_RGB = '3'  # stream number, the last token of a name; 1 is thermal


def _ids_of(stem):
    """Subject, trial and position from the first four tokens of a name."""
    match = re.match(r'(\d+)_(\d+)_\d+_(\d+)_', stem)
    if match is None:
        raise ConversionError(
            f'"{stem}" is not a file name of SF-TL54: expected '
            '{subject}_{trial}_{session}_{position}_..._{stream}.')
    return tuple(map(int, match.groups()))


def _partners(thermal, visible, split):
    """Finds the RGB file of each thermal one by name.

    The authors pair sorted lists, but one missing file would shift all others.
    Partners have the same name except for the last token, the stream. If that
    does not decide, files are paired if no other file has the same subject,
    trial and position: the set holds one frame of each.
    """
    by_frame = {}
    for stem in visible:
        by_frame.setdefault(stem.rsplit('_', 1)[0], []).append(stem)
    found = {}
    for stem in thermal:
        frame = stem.rsplit('_', 1)[0]
        streams = by_frame.get(frame, [])
        aligned = f'{frame}_{_ALIGNED_RGB}'
        if aligned in streams:
            found[stem] = aligned
        elif len(streams) == 1:
            found[stem] = streams[0]
    spare = set(visible) - set(found.values())
    for stem in thermal if spare else ():
        if stem not in found:
            alike = [other for other in spare if _ids_of(other) == _ids_of(stem)]
            rivals = [one for one in thermal if _ids_of(one) == _ids_of(stem)]
            if len(alike) == len(rivals) == 1:
                found[stem] = alike[0]
    lonely = [stem for stem in thermal if stem not in found]
    spare = sorted(set(visible) - set(found.values()))
    if lonely and spare:
        raise ConversionError(
            f'{split}: {len(lonely)} thermal images have no RGB partner with '
            f'their name (first {lonely[0]}), and {len(spare)} RGB images do '
            f'not belong to a thermal one (first {spare[0]}). Pairing them by '
            'order could mix up people; rename or remove them.')
    return found


def _challenging(root):
    path = root / 'challenging_images.csv'
    if not path.exists():
        raise ConversionError(
            f'--leave-out-challenging needs {path}. Copy it from the '
            'authors\' repository.')
    with open(path, newline='', encoding='utf-8-sig') as file:
        return {(int(row['sub_id']), int(row['trial_id']), int(row['pos_id']))
                for row in csv.DictReader(file, skipinitialspace=True)}


def _labels_of_split(folder, images):
    """The labels of each image: the name of a json file or a jsonl record."""
    jsonl = folder / 'labels.jsonl'
    if (folder / 'json').is_dir():
        labels = {path.stem: path.name for path in folder.glob('json/*.json')}
    elif jsonl.exists():
        records = [
            json.loads(line) for line in jsonl.read_text('utf-8-sig').splitlines()
            if line.strip()
        ]
        labels = {
            record['image'].rsplit('/', 1)[-1].rsplit('.', 1)[0]: record
            for record in records
        }
    else:
        raise ConversionError(f'{folder} has neither a folder "json" nor '
                              '"labels.jsonl".')
    for some, others, what in ((images, labels, 'labels'),
                               (labels, images, 'image')):
        lonely = sorted(set(some) - set(others))
        if lonely:
            raise ConversionError(
                f'{folder}: {len(lonely)} names have no {what}, first '
                f'{lonely[0]}. Complete the download.')
    return labels


def list_tasks(root, args):
    """Lists the frames of all splits, and the skipped challenging ones."""
    dropped = _challenging(root) if args.leave_out_challenging else set()
    tasks, left_out = [], []
    for split in SPLITS:
        folder = root / args.palette / split
        images = sorted(path.stem for path in folder.glob('images/*.png'))
        if not images:
            raise ConversionError(
                f'{folder}/images holds no PNG. See docs/dataset_zoo/'
                'sftl54.md for the expected tree.')
        labels = _labels_of_split(folder, images)
        rgb = _partners(
            images,
            [path.stem for path in (root / 'rgb' / split).glob('*.png')],
            split)
        alone = len(images) - len(rgb)
        if alone:
            print(f'{split}: {alone} thermal images have no RGB partner and '
                  'are kept without one.')
        for stem in images:
            ids = _ids_of(stem)
            if ids in dropped:
                left_out.append((stem, 'challenging'))
                continue
            tasks.append((stem, (args.palette, split, stem, labels[stem],
                                 rgb.get(stem))))
    counts = Counter(task[1][1] for task in tasks)
    print('found ' + ', '.join(f'{counts[split]} {split}'
                               for split in SPLITS))
    return tasks, left_out


def _face_of_parts(record):
    """Makes a face from a record of labels.jsonl."""
    keypoints = []
    for names in _JSONL_PARTS:
        parts = [np.asarray(record[name], float) for name in names]
        parts.sort(key=lambda part: part[:, 0].mean())
        keypoints.extend(parts)
    mouth = [
        np.asarray(value, float).reshape(-1, 2)
        for name, value in record.items() if 'lip' in name or 'mouth' in name
    ]
    mouth = np.concatenate(mouth) if mouth else np.empty((0, 2))
    if len(mouth) != 6:
        raise LeaveOut('mouth that does not have six points in labels.jsonl')
    # Corner, top, corner, bottom, inner top, inner bottom.
    by_x, by_y = mouth[:, 0].argsort(), mouth[:, 1].argsort()
    middle = [i for i in by_y if i not in (by_x[0], by_x[-1])]
    order = [by_x[0], middle[0], by_x[-1], middle[3], middle[1], middle[2]]
    return Face(np.concatenate([*keypoints, mouth[order]]))


def read(root, task):
    """Reads one image with its faces."""
    palette, split, stem, labels, rgb = task
    folder = f'{palette}/{split}'
    face = _face_of_parts(labels) if isinstance(
        labels, dict) else face_of_shapes(
            labelme_content(root / folder / 'json' / labels)['shapes'])
    subject, trial, position = _ids_of(stem)
    fields = dict(subject_id=subject, trial_id=trial, position_id=position)
    if palette == 'iron':
        fields['palette'] = 'iron'
    return Picture(
        file_name=f'{folder}/images/{stem}.png',
        split=split,
        faces=[face],
        rgb_file_name=f'rgb/{split}/{rgb}.png' if rgb else None,
        fields=fields)
