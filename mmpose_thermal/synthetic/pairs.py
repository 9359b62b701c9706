"""Writes a synthetic data set in the project's annotation format."""
import functools
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Optional

import cv2
import mmengine
import numpy as np

from ..datasets.conversion import write_json
from ..datasets.point_sets import (face_category, keypoint_mapping,
                                   load_metainfo)
from .people import sample_motion, sample_subject, sample_view
from .cameras import choose_gain, expose
from .render import render_pair
from .scenes import (CONDITIONS, in_condition, render_group, sample_rig,
                     seen_by)

# Subjects of a split are numbered from here on: no split shares a subject,
# and the test faces do not depend on how many faces train.
_FIRST_SUBJECT = dict(train=0, val=100_000, test=200_000, extra=300_000)
_BOX_MARGIN = .1
_CENTIKELVIN = .01
_SPEC_FILE = 'synthetic.json'
_PUPILS = {'right_pupil': slice(36, 42), 'left_pupil': slice(42, 48)}
_FRAME_NOISE_K = .05
# Of a face, for evaluation by attribute.
_ATTRIBUTES = ('yaw_deg', 'glasses', 'mask', 'headwear', 'beard', 'hair',
               'sensor', 'gain')


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
        style (str): The point set: ``'ibug68'``, ``'sftl54'``, ``'tfake'``,
            ``'tfw'``, ``'charlotte'``, ``'rwth'`` or ``'carl_visth'``.
        condition (str): People are ``'warm'``, ``'cold'``, or ``'mixed'``.
        faces (int): Up to so many people in a picture.
        sequence (bool): Whether the pictures of a person are frames of one
            movement, before one background, instead of independent.
        unaligned (bool): Whether RGB is taken by a camera that stands
            elsewhere and has more pixels; annotations then have
            ``rgb_keypoints``.
        difficulty (float): From 0, calm frontal uncovered faces before a
            quiet sensor, to 1, extreme poses, covered faces and poor
            pictures.
        misaligned_px (float): By how much the RGB images of a person are
            shifted, in a direction of its own, although the annotations call
            them aligned: a poor registration.
    """
    train: int = 600
    val: int = 150
    test: int = 400
    extra: int = 1400
    per_subject: int = 4
    size: int = 256
    max_yaw_deg: float = 60.
    seed: int = 0
    style: str = 'ibug68'
    condition: str = 'mixed'
    faces: int = 1
    sequence: bool = False
    unaligned: bool = False
    misaligned_px: float = 0.
    difficulty: float = .5

    def __post_init__(self):
        for field in ('train', 'val', 'test', 'per_subject', 'size', 'faces'):
            if getattr(self, field) < 1:
                raise ValueError(f'{field} must be at least 1, got '
                                 f'{getattr(self, field)}.')
        if self.extra < 0:
            raise ValueError(f'extra must not be negative, got {self.extra}.')
        if self.per_subject > 1000:
            raise ValueError('per_subject must be at most 1000, got '
                             f'{self.per_subject}.')
        if self.condition not in CONDITIONS:
            raise ValueError(f'condition must be one of {list(CONDITIONS)}, '
                             f'got {self.condition!r}.')
        if self.misaligned_px < 0 or (self.misaligned_px and self.unaligned):
            raise ValueError('misaligned_px must not be negative, and is for '
                             'pairs that pass for aligned ones, got '
                             f'{self.misaligned_px}.')
        if not 0 <= self.difficulty <= 1:
            raise ValueError('difficulty must be from 0 to 1, got '
                             f'{self.difficulty}.')
        if self.faces > 1 and self.sequence:
            raise ValueError('a sequence shows one person: leave faces at 1.')
        keypoint_mapping('ibug68', self.style)  # raises if it is unknown


@dataclass
class Picture:
    """One picture as it is written.

    Attributes:
        rgb (np.ndarray): BGR, (H, W, 3), uint8.
        thermal (np.ndarray, optional): (size, size), uint8.
        thermal16 (np.ndarray, optional): Centikelvin, (size, size), uint16.
        faces (list[dict]): 68 ``keypoints`` each, ``[x, y, v] * 68``, and the
            face's attributes.
    """
    rgb: np.ndarray
    thermal: Optional[np.ndarray]
    thermal16: Optional[np.ndarray]
    faces: List[dict]


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
        if asdict(SyntheticSpec(**found['spec'])) != wanted:
            raise FileExistsError(
                f'{out} holds a synthetic data set of another specification '
                f'({found["spec"]}). Name another folder, or remove it.')
        if found['complete']:
            return paths
    parts = out / 'parts'
    for folder in (annotations, parts):
        folder.mkdir(parents=True, exist_ok=True)
    write_json(marker, dict(spec=wanted, complete=False))

    tasks = []
    for split in _FIRST_SUBJECT:
        count = getattr(spec, split)
        for kind in ('rgb', ) if split == 'extra' else ('rgb', 'thermal',
                                                          'thermal16'):
            (out / kind / split).mkdir(parents=True, exist_ok=True)
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
        write_json(paths[split], _coco(pairs, spec, 'thermal'))
        write_json(paths[f'{split}_16bit'], _coco(pairs, spec, 'thermal16'))
        write_json(paths[f'rgb_{split}'], _coco(visible, spec, 'rgb'))
    write_json(marker, dict(spec=wanted, complete=True))
    shutil.rmtree(parts)
    return paths


def _render_subject(task):
    """Renders all pictures of one person and returns their records.

    A person that an interrupted run has finished is not rendered again.
    """
    out, wanted, split, subject_id, pictures = task
    part = Path(out) / 'parts' / f'{subject_id}.json'
    if part.exists():
        return json.loads(part.read_text())
    cv2.setNumThreads(1)
    spec = SyntheticSpec(**wanted)
    records = []
    for index, picture in enumerate(
            pictures_of(spec, split, subject_id, pictures)):
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


def pictures_of(spec: SyntheticSpec, split: str, subject_id: int,
                pictures: int) -> Iterator[Picture]:
    """Renders the pictures of one person.

    Args:
        spec (SyntheticSpec): What to render.
        split (str): 'train', 'val', 'test', or 'extra' without thermal image.
        subject_id (int): Who.
        pictures (int): How many.

    Yields:
        Picture: One after the other.
    """
    # One rig a person, as of one visit to the laboratory.
    rig = sample_rig(
        np.random.default_rng([spec.seed, subject_id, 10**6]),
        spec.size) if spec.unaligned else None
    for pairs, rng in _rendered(spec, split, subject_id, pictures):
        faces = []
        for pair in pairs:
            faces.append(
                dict(
                    keypoints=_listed(pair.keypoints, pair.visible),
                    **pair.attributes))
            if rig is not None:
                faces[-1]['rgb_keypoints'] = _listed(
                    seen_by(rig[0], rig[1], pair)[1], pair.visible)
        first = pairs[0]
        picture = Picture(
            first.rgb if rig is None else seen_by(rig[0], rig[1], first)[0], None, None,
            faces)
        if first.temperature_k is not None:
            gain = choose_gain(rng, first.sensor)
            picture.thermal = expose(
                first.temperature_k, np.any([p.person for p in pairs], 0),
                first.keypoints, first.sensor, gain, rng)
            for face in faces:
                face.update(sensor=first.sensor, gain=gain)
            picture.thermal16 = np.rint(
                first.temperature_k / _CENTIKELVIN).astype(np.uint16)
        if spec.misaligned_px:
            _misalign(picture, spec, subject_id)
        yield picture


def _misalign(picture, spec, subject_id):
    """Shifts the RGB image and its points, in the person's direction."""
    rng = np.random.default_rng([spec.seed, subject_id, 10**6 + 1])
    angle = rng.uniform(0, 2 * np.pi)
    shift = spec.misaligned_px * np.array([np.cos(angle), np.sin(angle)])
    picture.rgb = cv2.warpAffine(
        picture.rgb,
        np.column_stack([np.eye(2), shift]),
        picture.rgb.shape[1::-1],
        borderMode=cv2.BORDER_REPLICATE)
    for face in picture.faces:
        points = np.reshape(face['keypoints'], (-1, 3))
        face['rgb_keypoints'] = (
            points + [*shift, 0]).round(3).ravel().tolist()


def _rendered(spec, split, subject_id, pictures):
    """Yields pairs and the generator of each picture of a person."""
    def person(*key):
        return in_condition(
            sample_subject(np.random.default_rng([spec.seed, *key])),
            spec.condition)

    subject = person(subject_id)
    if spec.sequence:
        motion = sample_motion(
            np.random.default_rng([spec.seed, subject_id, 0]), subject,
            pictures, spec.max_yaw_deg, spec.difficulty)
    for index in range(pictures):
        key = [spec.seed, subject_id, index + 1]
        rng = np.random.default_rng(key)
        if spec.sequence:
            # One moment's light and background for all; noise of its own.
            pair = render_pair(
                subject, motion[index],
                np.random.default_rng([spec.seed, subject_id, 1]), spec.size,
                split != 'extra', True, spec.difficulty)
            if pair.temperature_k is not None:
                pair.temperature_k += _FRAME_NOISE_K * rng.standard_normal(
                    pair.temperature_k.shape, dtype=np.float32)
            yield [pair], np.random.default_rng([spec.seed, subject_id, 2])
            continue
        view = sample_view(rng, subject, spec.max_yaw_deg, spec.difficulty)
        if spec.faces == 1:
            pair = render_pair(subject, view, rng, spec.size,
                               split != 'extra', False, spec.difficulty)
            yield [pair], rng
            continue
        others = [
            person(subject_id, index + 1, number)
            for number in range(rng.integers(spec.faces))
        ]
        people = [(subject, view)] + [
            (other,
             sample_view(rng, other, spec.max_yaw_deg, spec.difficulty))
            for other in others
        ]
        yield render_group(people, rng, spec.size), rng


def _listed(points, visible):
    return np.column_stack([points.round(3), 1 + visible]).ravel().tolist()


def _write_images(out, file_name, images):
    for folder, image in images.items():
        path = out / folder / file_name
        if not cv2.imwrite(str(path), image, [cv2.IMWRITE_PNG_COMPRESSION, 1]):
            raise OSError(f'{path} could not be written. Check that the '
                          'folder is writable and the disk not full.')


@functools.lru_cache(maxsize=None)
def _style(name):
    """Metainfo of a style, and where its points are among iBUG's."""
    return (load_metainfo(dict(from_file=name)),
            keypoint_mapping('ibug68', name))


def in_style(keypoints, style):
    """Turns iBUG's points into those of another set.

    Args:
        keypoints (Sequence[float]): ``[x, y, v] * 68``.
        style (str): Name of the set.

    Returns:
        np.ndarray: Shape (K, 3); zeros where the place is not known.
    """
    points = np.reshape(keypoints, (-1, 3))
    info, mapping = _style(style)
    found = np.zeros((info['num_keypoints'], 3))
    for source, target in mapping:
        chosen = points[np.atleast_1d(source)]
        found[target] = [*chosen[:, :2].mean(0), chosen[:, 2].min()]
    for name, lids in _PUPILS.items():
        if name in info['keypoint_name2id']:
            eye = points[lids]
            found[info['keypoint_name2id'][name]] = [
                *eye[:, :2].mean(0), eye[:, 2].min()]
    return found.round(3)


def _coco(records, spec, folder):
    """COCO json of records, with the images of a folder as the main ones."""
    images, annotations = [], []
    for index, record in enumerate(records, start=1):
        size = (spec.size, ) * 2
        if folder == 'rgb':
            size = record.get('rgb_size', size)
        image = dict(
            id=index,
            file_name=f'{folder}/{record["file_name"]}',
            width=size[0],
            height=size[1],
            subject_id=record['subject_id'])
        for field in ('sequence_id', 'frame'):
            if field in record:
                image[field] = record[field]
        if folder != 'rgb':
            image['rgb_file_name'] = f'rgb/{record["file_name"]}'
        if folder == 'thermal16':
            image.update(
                bit_depth=16,
                temperature_scale=_CENTIKELVIN,
                temperature_offset=0.)
        images.append(image)
        for face in record['faces']:
            attributes = {key: face[key] for key in _ATTRIBUTES if key in face}
            # Attributes of the picture, as far as it shows one face.
            target = image if len(record['faces']) == 1 else {}
            target.update(attributes)
            annotation = _annotation(face, spec, folder, size)
            if annotation is None:
                continue
            annotations.append(
                dict(
                    annotation,
                    id=len(annotations) + 1,
                    image_id=index,
                    category_id=1,
                    iscrowd=0,
                    **({} if target is image else attributes)))
    metainfo = load_metainfo(dict(from_file=spec.style))
    return dict(
        info=dict(
            description='Synthetic RGB-thermal faces of mmpose_thermal',
            spec=asdict(spec)),
        images=images,
        annotations=annotations,
        categories=[face_category(metainfo)])


def _annotation(face, spec, folder, size):
    """One face; None if the picture does not show it."""
    unaligned = 'rgb_keypoints' in face
    outline = np.reshape(
        face['rgb_keypoints' if unaligned and folder == 'rgb' else
             'keypoints'], (-1, 3))
    low, high = outline[:, :2].min(0), outline[:, :2].max(0)
    margin = _BOX_MARGIN * (high - low)
    low = np.maximum(low - margin, 0)
    high = np.minimum(high + margin, np.array(size) - 1)
    extent = high - low
    if (extent < 2).any():
        return None
    points = in_style(outline, spec.style)
    annotation = dict(
        bbox=np.concatenate([low, extent]).round(2).tolist(),
        area=round(float(extent.prod()), 2),
        keypoints=points.ravel().tolist(),
        num_keypoints=int((points[:, 2] > 0).sum()))
    if unaligned and folder != 'rgb' and not spec.misaligned_px:
        annotation['rgb_keypoints'] = in_style(
            face['rgb_keypoints'], spec.style).ravel().tolist()
    return annotation
