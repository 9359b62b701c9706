"""Writes a synthetic data set in the project's annotation format."""
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Dict, Optional

import cv2

from ..datasets.converter_tools import write_json
from ..processes import map_in_processes
from .annotations import coco_json
from .ict_head import head_maker
from .pictures import pictures_of
from .spec import SyntheticSpec

# Subjects of a split are numbered from here on: no split shares a subject,
# and the test faces do not depend on how many faces train.
_FIRST_SUBJECT = dict(train=0, val=100_000, test=200_000, extra=300_000)
_SPEC_FILE = 'synthetic.json'
# Goes up when equal specifications no longer give equal files.
_RENDERER_VERSION = 2


def make_synthetic_pairs(out_dir: str,
                         spec: SyntheticSpec = SyntheticSpec(),
                         jobs: int = 1,
                         ict_dir: Optional[str] = None) -> Dict[str, str]:
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
        ict_dir (str, optional): See :func:`pictures_of`. A finished data set
            does not need it.

    Returns:
        dict[str, str]: Path of each annotation file by name.

    Raises:
        FileExistsError: The folder holds a data set of another spec, or of
            another version of the generator.
        FileNotFoundError: ``ict_dir`` does not hold ICT-FaceKit.
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
        if found.get('renderer', 1) != _RENDERER_VERSION:
            raise FileExistsError(
                f'{out} was rendered by another version of the generator, '
                'whose faces look different. Name another folder, or remove '
                'it.')
        if asdict(SyntheticSpec(**found['spec'])) != wanted:
            raise FileExistsError(
                f'{out} holds a synthetic data set of another specification '
                f'({found["spec"]}). Name another folder, or remove it.')
        if found['complete']:
            return paths
    head_maker(spec.head, ict_dir)  # reports a wrong folder before any work
    parts = out / 'parts'
    for folder in (annotations, parts):
        folder.mkdir(parents=True, exist_ok=True)
    state = dict(spec=wanted, renderer=_RENDERER_VERSION)
    write_json(marker, dict(state, complete=False))

    tasks = []
    for split in _FIRST_SUBJECT:
        count = getattr(spec, split)
        for kind in ('rgb', ) if split == 'extra' else ('rgb', 'thermal',
                                                          'thermal16'):
            (out / kind / split).mkdir(parents=True, exist_ok=True)
        for start in range(0, count, spec.per_subject):
            subject = _FIRST_SUBJECT[split] + start // spec.per_subject
            pictures = min(spec.per_subject, count - start)
            tasks.append((str(out), wanted, split, subject, pictures, ict_dir))
    parts_of = map_in_processes(_render_subject, tasks, jobs)

    records = {split: [] for split in _FIRST_SUBJECT}
    for task, part in zip(tasks, parts_of):
        records[task[2]].extend(part)
    for split in ('train', 'val', 'test'):
        pairs = records[split]
        visible = pairs + (records['extra'] if split == 'train' else [])
        write_json(paths[split], coco_json(pairs, spec, 'thermal'))
        write_json(paths[f'{split}_16bit'], coco_json(pairs, spec, 'thermal16'))
        write_json(paths[f'rgb_{split}'], coco_json(visible, spec, 'rgb'))
    write_json(marker, dict(state, complete=True))
    shutil.rmtree(parts)
    return paths


def _render_subject(task):
    """Renders all pictures of one person and returns their records.

    A person that an interrupted run has finished is not rendered again.
    """
    out, wanted, split, subject_id, pictures, ict_dir = task
    part = Path(out) / 'parts' / f'{subject_id}.json'
    if part.exists():
        return json.loads(part.read_text())
    spec = SyntheticSpec(**wanted)
    records = []
    for index, picture in enumerate(
            pictures_of(spec, split, subject_id, pictures, ict_dir)):
        file_name = f'{split}/{subject_id:06d}_{index:03d}.png'
        record = dict(
            file_name=file_name, subject_id=subject_id, faces=picture.faces)
        if spec.sequence:
            record.update(sequence_id=subject_id, frame=index)
        if spec.unaligned:
            record['rgb_size'] = picture.rgb.shape[1::-1]
        images = dict(rgb=picture.rgb)
        if picture.thermal is not None:
            images.update(thermal=picture.thermal, thermal16=picture.thermal16)
        _write_images(Path(out), file_name, images)
        records.append(record)
    write_json(part, records)
    return records


def _write_images(out, file_name, images):
    for folder, image in images.items():
        path = out / folder / file_name
        if not cv2.imwrite(str(path), image, [cv2.IMWRITE_PNG_COMPRESSION, 1]):
            raise OSError(f'{path} could not be written. Check that the '
                          'folder is writable and the disk not full.')
