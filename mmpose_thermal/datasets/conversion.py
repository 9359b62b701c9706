"""From a data set as it is distributed to this project's COCO json.

A converter lists tasks and says how one task becomes a :class:`Picture`; all
else (processes, progress, restart, checks, counts, files) is here.
"""
import argparse
import hashlib
import json
import os
import shutil
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import mmengine
import numpy as np
from PIL import Image

from mmpose_thermal.runtime.whole_file import whole_file
from .alignment import as_homography
from .point_sets import keypoint_names, load_metainfo

SPLITS = ('train', 'val', 'test')
_CHUNK = 200  # tasks that are lost at most when the converter is killed
_BITS = {'I;16': 16, 'I;16B': 16, 'I;16L': 16, 'I': 16, 'F': 32}


class ConversionError(ValueError):
    """The tree as a whole is not what the converter expects."""


class LeaveOut(Exception):
    """One picture cannot be used; the message says why, for the count."""


@dataclass
class Face:
    """One labelled face.

    Attributes:
        keypoints (np.ndarray): Pixels, (K, 2) with NaN for points without a
            label, or (K, 3) with COCO's visibility.
        bbox (Sequence[float], optional): x, y, width, height; by default from
            the keypoints with a margin.
        rgb_keypoints (np.ndarray, optional): Likewise in the RGB image, if it
            is not aligned.
        fields (dict): More fields of the annotation.
    """
    keypoints: np.ndarray
    bbox: Optional[Sequence[float]] = None
    rgb_keypoints: Optional[np.ndarray] = None
    fields: dict = field(default_factory=dict)


@dataclass
class Picture:
    """One thermal image with its faces.

    Attributes:
        file_name (str): Relative to the data set's root.
        split (str): 'train', 'val' or 'test'.
        faces (list[Face]): Those with labels.
        rgb_file_name (str, optional): The partner, relative to the root.
        kind (str): Goes into files of their own, ``{kind}_{split}.json``.
        fields (dict): More fields of the image (subject_id, palette, ...).
    """
    file_name: str
    split: str
    faces: List[Face]
    rgb_file_name: Optional[str] = None
    kind: str = ''
    fields: dict = field(default_factory=dict)


def image_header(path: str) -> Tuple[int, int, int]:
    """Reads size and depth of an image without decoding it.

    Args:
        path (str): Of a format that Pillow knows, or ``.npy``.

    Returns:
        tuple[int, int, int]: Width and height in pixels, bits a channel.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no image.
    """
    try:
        if str(path).endswith('.npy'):
            array = np.load(path, mmap_mode='r', allow_pickle=False)
            bits = {'uint8': 8, 'uint16': 16}.get(array.dtype.name, 32)
            return array.shape[1], array.shape[0], bits
        with Image.open(path) as image:
            return (*image.size, _BITS.get(image.mode, 8))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, IndexError) as error:
        raise ValueError(f'{path} is no readable image ({error}).')


def box_around(keypoints: np.ndarray, margin: float) -> np.ndarray:
    """The box of labelled points, larger by a share of its size each side.

    Args:
        keypoints (np.ndarray): Shape (K, 2) or (K, 3), pixels; NaN or
            visibility 0 where there is no label.
        margin (float): Share of width and height, on each side.

    Returns:
        np.ndarray: x, y, width, height.
    """
    points = with_visibility(keypoints)
    points = points[points[:, 2] > 0, :2]
    low, high = points.min(0), points.max(0)
    extent = high - low
    return np.concatenate([low - margin * extent, (1 + 2 * margin) * extent])


def with_visibility(keypoints: np.ndarray) -> np.ndarray:
    """Adds COCO's visibility: 2, or a row of zeros where there is no label.

    Args:
        keypoints (np.ndarray): Shape (K, 2) or (K, 3).

    Returns:
        np.ndarray: Shape (K, 3), finite.
    """
    points = np.asarray(keypoints, dtype=float)
    if points.shape[1] == 2:
        points = np.column_stack([points, np.full(len(points), 2.)])
    return np.where(
        np.isfinite(points).all(1, keepdims=True) & (points[:, 2:] > 0),
        points, 0.)


def split_by_subject(subjects: Sequence[Any],
                     val: int = 0,
                     test: int = 0) -> Dict[Any, str]:
    """Splits people where a data set has no official split.

    Args:
        subjects (Sequence): Everyone's id, in any order, repeated or not.
        val (int): How many people validate: those before the test people.
        test (int): How many people test: those of the highest ids.

    Returns:
        dict: The split of each id.

    Raises:
        ConversionError: Nobody is left to train on.
    """
    people = sorted(set(subjects))
    training = len(people) - val - test
    if training < 1:
        raise ConversionError(
            f'{len(people)} subjects cannot give {val} for validation, {test} '
            'for the test and any for training. Change --val-subjects and '
            '--test-subjects, or complete the data.')
    splits = ['train'] * training + ['val'] * val + ['test'] * test
    return dict(zip(people, splits))


def _annotation(face: Face, size, points: int, margin: float) -> dict:
    keypoints = with_visibility(face.keypoints)
    if len(keypoints) != points:
        raise LeaveOut(f'{len(keypoints)} points instead of {points}')
    labelled = keypoints[:, 2] > 0
    if labelled.sum() < 2:
        raise LeaveOut('fewer than two labelled points')
    outside = ((keypoints[:, :2] < -.5) |
               (keypoints[:, :2] > np.array(size) - .5)).any(1)
    if outside[labelled].all():
        raise LeaveOut('all points outside the image')
    keypoints[labelled & outside, 2] = 1
    box = np.asarray(
        box_around(keypoints, margin) if face.bbox is None else face.bbox,
        dtype=float)
    inside = _clipped(box, size)
    if not np.isfinite(box).all() or (inside[2:] <= 1).any():
        raise LeaveOut('box without an area inside the image')
    annotation = dict(
        **_box_fields(inside),
        keypoints=_listed(keypoints),
        num_keypoints=int(labelled.sum()),
        **face.fields)
    if face.rgb_keypoints is not None:
        annotation['rgb_keypoints'] = _listed(
            with_visibility(face.rgb_keypoints))
    return annotation


def _clipped(box: np.ndarray, size) -> np.ndarray:
    """The part of a box (x, y, width, height) inside an image."""
    low = np.clip(box[:2], 0, size)
    return np.concatenate([low, np.clip(box[:2] + box[2:], 0, size) - low])


def _box_fields(box: np.ndarray) -> dict:
    return dict(
        bbox=box.round(2).tolist(), area=round(float(box[2:].prod()), 2))


def _listed(keypoints: np.ndarray) -> list:
    return [
        number for x, y, v in keypoints.tolist()
        for number in (round(x, 2), round(y, 2), int(v))
    ]


def _record(root: Path, picture: Picture, points: Dict[str, int],
            margin: float) -> dict:
    """A picture with all that one process can find out about it."""
    width, height, bits = image_header(str(root / picture.file_name))
    image = dict(file_name=picture.file_name, width=width, height=height)
    if bits != 8:
        image['bit_depth'] = bits
    image.update(picture.fields)
    record: Dict[str, Any] = dict(kind=picture.kind, split=picture.split, image=image)
    if picture.rgb_file_name:
        image['rgb_file_name'] = picture.rgb_file_name
        rgb_size = image_header(
            str(root / picture.rgb_file_name))[:2]
        aligned = 'rgb_homography' not in image and all(
            face.rgb_keypoints is None for face in picture.faces)
        if aligned and rgb_size != (width, height):
            raise LeaveOut('RGB partner of another size')
        record['rgb_size'] = rgb_size
    if not picture.faces:
        raise LeaveOut('no labelled face')
    record['annotations'] = [
        _annotation(face, (width, height), points[picture.kind], margin)
        for face in picture.faces
    ]
    return record


def _convert_chunk(job) -> dict:
    """Reads some tasks; a chunk that an earlier run has read is not reread."""
    root, read, tasks, points, margin, part = job
    if part.exists():
        return json.loads(part.read_text())
    records, left_out = [], []
    for name, task in tasks:
        try:
            records.append(_record(root, read(root, task), points, margin))
        except LeaveOut as reason:
            left_out.append((name, str(reason), ''))
        except FileNotFoundError as error:
            left_out.append(
                (name, f'missing {Path(str(error.filename)).suffix} file',
                 str(error.filename)))
        except ConversionError:
            raise
        except (ValueError, KeyError, IndexError, TypeError) as error:
            left_out.append((name, 'unreadable',
                             f'{type(error).__name__}: {error}'))
    content = dict(records=records, left_out=left_out)
    write_json(part, content)
    return content


def write_json(path: Union[str, Path], content: Any) -> None:
    """Writes a whole file or none.

    Args:
        path (str | Path): Where.
        content: What.
    """
    with whole_file(path) as unfinished, open(unfinished, 'w') as file:
        json.dump(content, file, separators=(',', ':'))


def _refuse_shared_subjects(records: List[dict]) -> None:
    splits = {}
    for record in records:
        subject = record['image'].get('subject_id')
        if subject is not None:
            splits.setdefault(subject, set()).add(record['split'])
    shared = {key: value for key, value in splits.items() if len(value) > 1}
    if shared:
        subject, where = next(iter(shared.items()))
        raise ConversionError(
            f'{len(shared)} subjects are in more than one split, first '
            f'subject {subject} in {sorted(where)}. Results would be '
            'worthless; nothing was written. Check that each folder holds the '
            'files that were distributed in it.')


def _rgb_annotation(annotation: dict, image: dict, rgb_size) -> dict:
    """The same face as labelled in the RGB image."""
    found = {
        key: value
        for key, value in annotation.items() if key != 'rgb_keypoints'
    }
    keypoints = np.reshape(annotation['keypoints'], (-1, 3)).astype(float)
    if 'rgb_keypoints' in annotation:
        keypoints = np.reshape(annotation['rgb_keypoints'], (-1, 3))
    elif 'rgb_homography' in image:
        back = np.linalg.inv(as_homography(image['rgb_homography']))
        moved = np.column_stack([keypoints[:, :2], np.ones(len(keypoints))
                                 ]) @ back.T
        keypoints[:, :2] = moved[:, :2] / moved[:, 2:]
    else:
        return found
    return dict(
        found,
        keypoints=_listed(with_visibility(keypoints)),
        **_box_fields(_clipped(box_around(keypoints, .1), rgb_size)))


def _visible_records(records: List[dict]) -> List[dict]:
    """The RGB partners as pictures of their own, each once."""
    found = {}
    for record in records:
        image = record['image']
        name = image.get('rgb_file_name')
        if not name or name in found:
            continue
        width, height = record['rgb_size']
        fields = {
            key: value
            for key, value in image.items()
            if key not in ('rgb_file_name', 'rgb_homography', 'bit_depth',
                           'palette', 'temperature_scale',
                           'temperature_offset')
        }
        found[name] = dict(
            image=dict(fields, file_name=name, width=width, height=height),
            annotations=[
                _rgb_annotation(annotation, image, record['rgb_size'])
                for annotation in record['annotations']
            ])
    return list(found.values())


def coco(records: List[dict], metainfo: dict, description: str) -> dict:
    """Numbers records into one COCO json.

    Args:
        records (list[dict]): Each with ``image`` and its ``annotations``.
        metainfo (dict): Parsed, of the point set.
        description (str): Of the data set.

    Returns:
        dict: What the annotation file holds.
    """
    images, annotations = [], []
    for number, record in enumerate(records, start=1):
        images.append(dict(id=number, **record['image']))
        for annotation in record['annotations']:
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=number,
                    category_id=1,
                    iscrowd=0,
                    **annotation))
    return dict(
        info=dict(description=description),
        images=images,
        annotations=annotations,
        categories=[
            dict(
                id=1,
                name='face',
                supercategory='person',
                keypoints=keypoint_names(metainfo))
        ])


def convert(root: str,
            tasks: Sequence[Tuple[str, Any]],
            read: Callable[[Path, Any], Picture],
            point_sets: Dict[str, str],
            description: str,
            out_dir: Optional[str] = None,
            jobs: int = 1,
            margin: float = .1,
            left_out: Sequence[Tuple[str, str]] = ()) -> Dict[str, Path]:
    """Converts a data set, or completes an interrupted conversion.

    Writes ``{split}.json``, of the thermal images; ``rgb_{split}.json``, of
    their RGB partners as images of their own; and ``left_out.json``, a list
    of what was not used: name, reason, details. Prints the counts.

    Args:
        root (str): Folder of the data set; all paths become relative to it.
        tasks (Sequence[tuple]): What to read: a name for messages, and what
            ``read`` needs to know. In the order of the result.
        read (Callable): Makes a :class:`Picture` of the root and one task;
            raises :class:`LeaveOut`. Runs in other processes.
        point_sets (dict[str, str]): Name of the point set by kind of picture.
        description (str): Of the data set.
        out_dir (str, optional): Defaults to ``annotations`` below the root.
        jobs (int): Processes.
        margin (float): Of boxes that are not given, see :func:`box_around`.
        left_out (Sequence[tuple]): Names and reasons of what the caller has
            left out already.

    Returns:
        dict[str, Path]: The annotation files by name.

    Raises:
        ConversionError: There is nothing to convert, or splits share
            subjects.
    """
    folder, tasks = Path(root), list(tasks)
    if not tasks:
        raise ConversionError(
            f'{folder} holds nothing to convert. Check the folder against the '
            'tree in docs/dataset_zoo.')
    out = Path(out_dir or folder / 'annotations')
    metainfos = {
        kind: load_metainfo(dict(from_file=name))
        for kind, name in point_sets.items()
    }
    points = {kind: info['num_keypoints'] for kind, info in metainfos.items()}
    # Another request must not reuse the parts of this one.
    request = repr((description, tasks, point_sets, margin)).encode()
    parts = out / f'.parts-{hashlib.sha1(request).hexdigest()[:12]}'
    parts.mkdir(parents=True, exist_ok=True)
    chunks = [(folder, read, tasks[start:start + _CHUNK], points, margin,
               parts / f'{start}.json')
              for start in range(0, len(tasks), _CHUNK)]
    if jobs > 1 and len(chunks) > 1:
        found = mmengine.track_parallel_progress(
            _convert_chunk, chunks, jobs, keep_order=True)
    else:
        found = mmengine.track_progress(_convert_chunk, chunks)
    print()
    try:
        records = [record for chunk in found for record in chunk['records']]
        left_out = [(name, reason, '') for name, reason in left_out] + [
            tuple(entry) for chunk in found for entry in chunk['left_out']
        ]
        if not records:
            reasons = Counter(reason for _, reason, _ in left_out)
            raise ConversionError(
                f'none of the {len(tasks)} pictures of {root} can be used: '
                f'{dict(reasons)}, first {left_out[0][0]} {left_out[0][2]}')
        _refuse_shared_subjects(records)
        print(f'{description}: {len(tasks)} found, {len(records)} used')
        paths = _write_splits(records, metainfos, description, out)
        write_json(out / 'left_out.json', left_out)
        _report_left_out(left_out, out)
    finally:
        # Read to the end, right or wrong: the next start reads anew.
        shutil.rmtree(parts)
    return paths


def _write_splits(records, metainfos, description, out) -> Dict[str, Path]:
    paths = {}
    for kind, metainfo in metainfos.items():
        for split in SPLITS:
            chosen = [
                record for record in records
                if (record['kind'], record['split']) == (kind, split)
            ]
            for prefix, part in (('', chosen),
                                 ('rgb', _visible_records(chosen))):
                if part:
                    name = '_'.join(filter(None, (prefix, kind, split)))
                    paths[name] = out / f'{name}.json'
                    write_json(paths[name], coco(part, metainfo, description))
            if chosen:
                name = '_'.join(filter(None, (kind, split)))
                print(f'  {_counts(paths[name].name, chosen)}')
    return paths


def _counts(name: str, records: List[dict]) -> str:
    subjects = {record['image'].get('subject_id') for record in records}
    faces = sum(len(record['annotations']) for record in records)
    pairs = sum('rgb_size' in record for record in records)
    unknown = None in subjects
    return (f'{name}: {len(records)} images, {faces} faces, '
            f'{len(subjects - {None})} subjects'
            f'{" and images of unknown subjects" if unknown else ""}, '
            f'{pairs} with an RGB partner')


def _report_left_out(left_out, out: Path) -> None:
    if not left_out:
        print('  left out: none')
        return
    print(f'  left out: {len(left_out)} (each in {out / "left_out.json"})')
    first = {}
    for name, reason, _ in left_out:
        first.setdefault(reason, name)
    for reason, count in Counter(
            reason for _, reason, _ in left_out).most_common():
        print(f'    {count} {reason}, first {first[reason]}')


def converter_parser(description: str) -> argparse.ArgumentParser:
    """The arguments that all converters share.

    Args:
        description (str): Of the tool, its docstring.

    Returns:
        argparse.ArgumentParser: To be extended.
    """
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('root', help='folder of the data set')
    parser.add_argument(
        '--out', help='folder of the annotation files, instead of '
        'ROOT/annotations')
    parser.add_argument(
        '--margin',
        type=float,
        default=.1,
        help='of boxes that are made from landmarks: share of their size, on '
        'each side')
    parser.add_argument(
        '--jobs', type=int, default=os.cpu_count(), help='processes')
    return parser


def add_palette_choice(parser: argparse.ArgumentParser) -> None:
    """For sets that have the same frames in grey and in the iron palette.

    Args:
        parser (argparse.ArgumentParser): Extended.
    """
    parser.add_argument(
        '--palette',
        choices=['gray', 'iron'],
        default='gray',
        help='which of the two copies of the thermal images to use')


def run_converter(args: argparse.Namespace,
                  list_tasks: Callable,
                  read: Callable[[Path, Any], Picture],
                  point_sets: Dict[str, str],
                  description: str) -> None:
    """Runs a converter from the command line; exits with one clear message.

    Args:
        args (argparse.Namespace): Of :func:`converter_parser`.
        list_tasks (Callable): Makes of the root (a ``Path``) and ``args`` the
            tasks, and what is left out already with the reason.
        read (Callable): See :func:`convert`.
        point_sets (dict[str, str]): See :func:`convert`.
        description (str): See :func:`convert`.
    """
    try:
        root = Path(args.root)
        if not root.is_dir():
            raise ConversionError(f'{root} is no folder.')
        tasks, left_out = list_tasks(root, args)
        convert(args.root, tasks, read, point_sets, description, args.out,
                args.jobs, args.margin, left_out)
    except (ConversionError, OSError) as error:
        sys.exit(f'{Path(sys.argv[0]).name}: {error}')
