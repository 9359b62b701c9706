"""Public data sets in miniature: their trees, names and formats, our faces.

Each function writes a tree below ``root`` as the set is distributed (see
docs/dataset_zoo) from synthetic faces.
"""
import csv
import json
from collections import namedtuple
from pathlib import Path

import cv2
import numpy as np

from mmpose_thermal.runtime.palettes import apply_palette

SFTL54_OF_IBUG = [*range(49), 51, 54, 57, 62, 66]

Sample = namedtuple('Sample', 'split subject thermal counts rgb points box')


def load_samples(pairs_root):
    """The faces of a synthetic data set: two train, val and test people."""
    samples = []
    for split in ('train', 'val', 'test'):
        coco = json.loads(
            (pairs_root / f'annotations/{split}_16bit.json').read_text())
        for image, annotation in zip(coco['images'], coco['annotations']):
            counts = cv2.imread(
                str(pairs_root / image['file_name']), cv2.IMREAD_UNCHANGED)
            thermal = cv2.imread(
                str(pairs_root / image['file_name'].replace(
                    'thermal16', 'thermal')), cv2.IMREAD_UNCHANGED)
            rgb = cv2.imread(str(pairs_root / image['rgb_file_name']))
            points = np.reshape(annotation['keypoints'], (-1, 3))[:, :2]
            samples.append(
                Sample(split, image['subject_id'], thermal, counts, rgb,
                       points, annotation['bbox']))
    return samples


def write_image(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)


def numbered(samples):
    """Samples with people numbered from 1, in order, and a frame number."""
    people = sorted({sample.subject for sample in samples})
    for frame, sample in enumerate(samples):
        yield people.index(sample.subject) + 1, frame, sample


def write_sftl54(root, samples, jsonl=False):
    for subject, frame, sample in numbered(samples):
        # The first frame of all has a name of six tokens (session 1).
        name = (f'{subject}_1_1_{frame + 1}_450' if frame == 0 else
                f'{subject}_2_2_{frame + 1}_1134_{frame}')
        for palette in ('gray', 'iron'):
            image = (apply_palette(sample.thermal, 'iron')
                     if palette == 'iron' else cv2.merge([sample.thermal] * 3))
            folder = root / palette / sample.split
            write_image(folder / f'images/{name}_1.png', image)
            points = sample.points[SFTL54_OF_IBUG]
            if jsonl:
                parts = np.split(points, [17, 22, 27, 31, 36, 42, 48])
                keys = ('chin', 'right_eyebrow', 'left_eyebrow', 'nose_bridge',
                        'nose_tip', 'right_eye', 'left_eye')
                record = {k: p.tolist() for k, p in zip(keys, parts)}
                record['top_lip'] = parts[-1][[0, 1, 2, 4]].tolist()
                record['bottom_lip'] = parts[-1][[3, 5]].tolist()
                record['image'] = f'images/{name}_1.png'
                with open(folder / 'labels.jsonl', 'a') as file:
                    file.write(json.dumps(record) + '\n')
                continue
            x, y, w, h = sample.box
            shapes = [
                dict(label='chin', points=points[:17].tolist()),
                dict(label='face', points=[[x, y], [x + w, y + h]])
            ] + [
                dict(label=f'p{i}', points=[points[i].tolist()])
                for i in range(17, 54)
            ]
            path = folder / f'json/{name}_1.json'
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(dict(shapes=shapes)))
        # As on disk, some frames of session 1 have no aligned RGB frame.
        if frame != 0:
            write_image(root / f'rgb/{sample.split}/{name}_3.png', sample.rgb)
    (root / 'challenging_images.csv').write_text(
        'sub_id,trial_id,pos_id\n1,2,2\n')


def write_tfake(root, samples):
    for frame, sample in enumerate(samples):
        stem = f'{frame:06d}'
        for condition in ('warm', 'cold'):
            write_image(root / condition / f'{stem}_thermal.png',
                        sample.counts)
        rgb = root / 'FaceSynthetics'
        write_image(rgb / f'{stem}.png', sample.rgb)
        write_image(rgb / f'{stem}_seg.png', sample.thermal)
        pupils = [sample.points[42:48].mean(0), sample.points[36:42].mean(0)]
        np.savetxt(rgb / f'{stem}_ldmks.txt',
                   np.concatenate([sample.points, pupils]), '%.4f')


def write_tfw(root, samples):
    rows = {}
    for subject, frame, sample in numbered(samples):
        place = 'outdoor' if frame % 2 else 'indoor'
        name = (f'{subject}_1_1_4_{frame}_1.png'
                if place == 'indoor' else f'walk_{frame:04d}.png')
        folder = root / sample.split
        write_image(folder / f'{place}_gray' / name, sample.thermal)
        write_image(folder / place / name,
                    apply_palette(sample.thermal, 'iron'))
        if place == 'indoor':
            write_image(
                root / f'speakingfaces/train_data/sub_{subject}/trial_1/'
                f'rgb_image_aligned/{name[:-5]}3.png', sample.rgb)
        p = sample.points
        five = [p[36:42].mean(0), p[42:48].mean(0), p[30], p[48], p[54]]
        x, y, w, h = sample.box
        row = [name, x, y, x + w, y + h, *np.concatenate(five)]
        table = rows.setdefault(folder / f'{place}.csv', [])
        # Outdoors there are two people in every image.
        table += [row, row] if place == 'outdoor' else [row]
    for path, table in rows.items():
        with open(path, 'w', newline='') as file:
            csv.writer(file).writerows([['image', *range(14)], *table])


def write_charlotte(root, samples):
    columns = [f'{axis}{i}' for i in range(73) for axis in 'xy']
    rows = {}
    for subject, frame, sample in numbered(samples):
        number = f'{subject}1{frame:03d}'
        write_image(root / f'S{subject}/R{number}.tiff', sample.counts)
        write_image(root / f'S{subject}/N{number}.jpg', sample.thermal)
        row = dict(
            ID=f'R{number}', Subject=subject, Distance=1.4, RH=31,
            Airflow=.508, Sensation=-1)
        row['env-temp'] = 22.5
        # The very first frame is a profile: 43 points in the first columns.
        count = 43 if frame == 0 else 68
        for i, (x, y) in enumerate(sample.points[:count].round().astype(int)):
            row[f'x{i}'], row[f'y{i}'] = x, y
        rows.setdefault(subject, []).append(row)
    for subject, table in rows.items():
        with open(root / f'S{subject}.csv', 'w', newline='') as file:
            writer = csv.DictWriter(file, [
                'ID', 'Subject', 'Distance', 'RH', 'Airflow', 'env-temp',
                'Sensation', *columns
            ])
            writer.writeheader()
            writer.writerows(table)


def write_rwth(root, samples):
    for subject, frame, sample in numbered(samples):
        stem = f'irface_sub{subject:03d}_seq02_frm{frame:05d}.jpg_lfb'
        write_image(root / f'{stem}.png', sample.thermal)
        labels = dict(
            version=2,
            labels=[],
            landmarks=dict(
                connectivity=[], points=sample.points[:, ::-1].tolist()))
        (root / f'{stem}.ljson').write_text(json.dumps(labels, indent=4))


def write_labelme(root, samples):
    """Someone's own: two faces named by 'group_id', RGB in a folder."""
    from mmpose_thermal.datasets.point_sets import load_metainfo
    names = load_metainfo(dict(from_file='ibug68'))['keypoint_id2name']
    for subject, frame, sample in numbered(samples):
        stem = f'person{subject}_{frame:03d}'
        write_image(root / f'{stem}.png', sample.counts)
        write_image(root / f'visible/{stem}.png', sample.rgb)
        shapes = [
            dict(label=names[i], points=[point], group_id=group)
            for group in (1, 2) for i, point in enumerate(
                sample.points.tolist())
        ]
        (root / f'{stem}.json').write_text(json.dumps(dict(shapes=shapes)))


CARL_MATRIX = np.array([[.525, -.005, -14.96], [.004, .516, -36.]])


def rgb_of_carl(sample):
    """The RGB image and points that CARL's other camera would give."""
    back = cv2.invertAffineTransform(CARL_MATRIX)
    rgb = cv2.warpAffine(sample.rgb, back, (260, 300))
    points = sample.points @ back[:, :2].T + back[:, 2]
    return rgb, points


def write_carl(root, samples, eurecom=False):
    files = {}
    names = ('righteye_outer', 'righteye_inner', 'lefteye_inner',
             'lefteye_outer', 'mouthcorner_right', 'mouthcorner_left')
    for subject, frame, sample in numbered(samples):
        rgb, rgb_points = rgb_of_carl(sample)
        if eurecom:
            folder = f'{subject:03d}'
            thermal = f'{folder}/TH/TH_{folder}_1_{frame:02d}_N.bmp'
            visible = f'{folder}/VIS/VIS_{folder}_1_{frame:02d}_N.bmp'
        else:
            folder = f'{subject:02d}/session_1'
            thermal = f'{folder}/thermal_bmp/{subject:02d}S1BNA{frame}.bmp'
            visible = f'{folder}/classic/{subject:02d}S1CNA{frame}.bmp'
        write_image(root / thermal, sample.thermal)
        write_image(root / visible, rgb)
        for path, points in ((thermal, sample.points), (visible, rgb_points)):
            six = points[[36, 39, 42, 45, 48, 54]].round().astype(int)
            (x, y), (w, h) = six.min(0) - 8, np.ptp(six, 0) + 16
            # A mouth corner is missing in some records.
            known = list(zip(names, six))[:5 if frame == 1 else 6]
            parts = ''.join(f'<part name="{name}" x="{px}" y="{py}"/>'
                            for name, (px, py) in known)
            windows = path.replace('/', '\\') if frame == 2 else path
            files.setdefault(subject, []).append(
                f'<image file="{windows}"><box left="{x}.0" top="{y}.0" '
                f'width="{w}.0" height="{h}.0"><label>face</label>{parts}'
                '</box></image>')
    folder = Path(root / 'labels')
    folder.mkdir(parents=True)
    for subject, images in files.items():
        digits = 3 if eurecom else 2
        (folder / f'{subject:0{digits}d}.xml').write_text(
            '<?xml version="1.0"?><dataset><images>' + ''.join(images) +
            '</images></dataset>')
