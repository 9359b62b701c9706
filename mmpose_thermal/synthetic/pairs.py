"""Writes a synthetic data set in the project's annotation format."""
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Dict

import cv2
import mmengine
import numpy as np

from .head import sample_subject, sample_view
from .render import automatic_gain, render_pair

# Subjects of a split are numbered from here on: no split shares a subject,
# and the test faces do not depend on how many faces train.
_FIRST_SUBJECT = dict(train=0, val=100_000, test=200_000, extra=300_000)
_BOX_MARGIN = .1
_CENTIKELVIN = .01
_SPEC_FILE = 'synthetic.json'


@dataclass
class SyntheticSpec:
    """What is in a synthetic data set; equal specs give equal files.

    Attributes:
        train, val, test (int): Number of RGB-thermal pairs a split.
        extra (int): Number of further RGB faces, for the RGB teacher.
        per_subject (int): Pictures of one person.
        size (int): Side of the images in pixels.
        max_yaw_deg (float): Largest head rotation to either side.
        seed (int): Decides everything else.
    """
    train: int = 600
    val: int = 150
    test: int = 400
    extra: int = 1400
    per_subject: int = 4
    size: int = 256
    max_yaw_deg: float = 60.
    seed: int = 0

    def __post_init__(self):
        for field in ('train', 'val', 'test', 'per_subject', 'size'):
            if getattr(self, field) < 1:
                raise ValueError(f'{field} must be at least 1, got '
                                 f'{getattr(self, field)}.')
        if self.extra < 0:
            raise ValueError(f'extra must not be negative, got {self.extra}.')
        if self.per_subject > 1000:
            raise ValueError('per_subject must be at most 1000, got '
                             f'{self.per_subject}.')


def make_synthetic_pairs(out_dir: str,
                         spec: SyntheticSpec = SyntheticSpec(),
                         jobs: int = 1) -> Dict[str, str]:
    """Renders a data set, or completes an interrupted one.

    Below ``out_dir`` come ``rgb/`` (8-bit BGR PNG), ``thermal/`` (8-bit after
    automatic gain), ``thermal16/`` (16-bit centikelvin), each with a folder a
    split, and ``annotations/``: ``{train,val,test}.json`` are pairs with the
    8-bit thermal image, ``*_16bit.json`` the same pairs with the 16-bit one,
    ``rgb_{train,val,test}.json`` the visible images alone, the training ones
    with the extra faces.

    Args:
        out_dir (str): Folder to write to.
        spec (SyntheticSpec): What to render.
        jobs (int): Processes. The files do not depend on it.

    Returns:
        dict[str, str]: Path of each annotation file by name.

    Raises:
        FileExistsError: The folder holds a data set of another spec.
    """
    out = Path(out_dir)
    annotations = out / 'annotations'
    names = [
        f'{prefix}{split}{suffix}' for split in ('train', 'val', 'test')
        for prefix, suffix in (('', ''), ('', '_16bit'), ('rgb_', ''))
    ]
    paths = {name: str(annotations / f'{name}.json') for name in names}
    marker = out / _SPEC_FILE
    wanted = asdict(spec)
    if marker.exists():
        found = json.loads(marker.read_text())
        if found['spec'] != wanted:
            raise FileExistsError(
                f'{out} holds a synthetic data set of another specification '
                f'({found["spec"]}). Name another folder, or remove it.')
        if found['complete']:
            return paths
    parts = out / 'parts'
    for folder in (annotations, parts):
        folder.mkdir(parents=True, exist_ok=True)
    _write_json(marker, dict(spec=wanted, complete=False))

    tasks = []
    for split in _FIRST_SUBJECT:
        count = getattr(spec, split)
        for folder in ('rgb', ) if split == 'extra' else ('rgb', 'thermal',
                                                          'thermal16'):
            (out / folder / split).mkdir(parents=True, exist_ok=True)
        for start in range(0, count, spec.per_subject):
            subject = _FIRST_SUBJECT[split] + start // spec.per_subject
            pictures = min(spec.per_subject, count - start)
            tasks.append((str(out), wanted, split, subject, pictures))
    if jobs > 1:
        parts_of = mmengine.track_parallel_progress(
            _render_subject, tasks, jobs, keep_order=True)
    else:
        parts_of = mmengine.track_progress(_render_subject, tasks)
    print(flush=True)

    records = {split: [] for split in _FIRST_SUBJECT}
    for task, part in zip(tasks, parts_of):
        records[task[2]].extend(part)
    for split in ('train', 'val', 'test'):
        pairs = records[split]
        visible = pairs + (records['extra'] if split == 'train' else [])
        _write_json(paths[split], _coco(pairs, spec, 'thermal'))
        _write_json(paths[f'{split}_16bit'], _coco(pairs, spec, 'thermal16'))
        _write_json(paths[f'rgb_{split}'], _coco(visible, spec, 'rgb'))
    _write_json(marker, dict(spec=wanted, complete=True))
    shutil.rmtree(parts)
    return paths


def _write_json(path, content):
    """Writes a whole file or none."""
    temporary = f'{path}.tmp'
    Path(temporary).write_text(json.dumps(content))
    os.replace(temporary, path)


def _render_subject(task):
    """Renders all pictures of one person and returns their records.

    A person that an interrupted run has finished is not rendered again.
    """
    out, spec, split, subject_id, pictures = task
    part = Path(out) / 'parts' / f'{subject_id}.json'
    if part.exists():
        return json.loads(part.read_text())
    cv2.setNumThreads(1)
    seed = spec['seed']
    subject = sample_subject(np.random.default_rng([seed, subject_id]))
    records = []
    for index in range(pictures):
        rng = np.random.default_rng([seed, subject_id, index + 1])
        view = sample_view(rng, subject, spec['max_yaw_deg'])
        pair = render_pair(
            subject, view, rng, spec['size'], thermal=split != 'extra')
        file_name = f'{split}/{subject_id:06d}_{index:03d}.png'
        images = dict(rgb=pair.rgb)
        if pair.temperature_k is not None:
            images['thermal'] = automatic_gain(pair.temperature_k, rng)
            images['thermal16'] = np.rint(
                pair.temperature_k / _CENTIKELVIN).astype(np.uint16)
        for folder, image in images.items():
            path = Path(out) / folder / file_name
            if not cv2.imwrite(
                    str(path), image, [cv2.IMWRITE_PNG_COMPRESSION, 1]):
                raise OSError(f'{path} could not be written. Check that the '
                              'folder is writable and the disk not full.')
        records.append(
            dict(
                file_name=file_name,
                subject_id=subject_id,
                keypoints=np.column_stack([
                    pair.keypoints.round(3), 1 + pair.visible
                ]).ravel().tolist(),
                yaw_deg=round(float(np.degrees(view.yaw)), 2),
                glasses=view.glasses))
    _write_json(part, records)
    return records


def _coco(records, spec, folder):
    """COCO json of records, with the images of a folder as the main ones."""
    images, annotations = [], []
    for index, record in enumerate(records, start=1):
        image = dict(
            id=index,
            file_name=f'{folder}/{record["file_name"]}',
            width=spec.size,
            height=spec.size,
            subject_id=record['subject_id'],
            yaw_deg=record['yaw_deg'],
            glasses=record['glasses'])
        if folder != 'rgb':
            image['rgb_file_name'] = f'rgb/{record["file_name"]}'
        if folder == 'thermal16':
            image.update(
                bit_depth=16,
                temperature_scale=_CENTIKELVIN,
                temperature_offset=0.)
        images.append(image)
        points = np.reshape(record['keypoints'], (-1, 3))
        low, high = points[:, :2].min(0), points[:, :2].max(0)
        margin = _BOX_MARGIN * (high - low)
        low = np.maximum(low - margin, 0)
        high = np.minimum(high + margin, spec.size - 1)
        extent = high - low
        annotations.append(
            dict(
                id=index,
                image_id=index,
                category_id=1,
                bbox=np.concatenate([low, extent]).round(2).tolist(),
                area=round(float(extent.prod()), 2),
                iscrowd=0,
                keypoints=record['keypoints'],
                num_keypoints=len(points)))
    return dict(
        info=dict(
            description='Synthetic RGB-thermal faces of mmpose_thermal',
            spec=asdict(spec)),
        images=images,
        annotations=annotations,
        categories=[dict(id=1, name='face', supercategory='person')])
