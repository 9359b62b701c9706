"""From a data set as it is distributed to this project's COCO json.

A converter lists tasks and says how one task becomes a :class:`Picture`; all
else (processes, progress, checks, counts, files) is here. It takes a minute and
keeps nothing between runs: what was completed or mended is seen by the next.
"""
import argparse
import json
import os
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import (Any, Callable, Dict, Iterator, List, Mapping, Optional,
                    Sequence, Tuple, Union)

import mmengine
import numpy as np

from mmpose_thermal.runtime.image_files import decode_image
from mmpose_thermal.runtime.whole_file import whole_file

from .alignment import as_homography
from .annotation_rules import box_breach, landmarks
from .annotations import read_annotations
from .point_sets import keypoint_names, load_metainfo

SPLITS = ('train', 'val', 'test')
_CHUNK = 50  # tasks that a process gets at a time
_OURS = '"generator":"mmpose_thermal"'  # marks what a converter wrote


class ConversionError(ValueError):
    """The tree as a whole is not what the converter expects."""


class LeaveOut(Exception):
    """One picture cannot be used.

    Args:
        reason (str): For the count.
        details (str): Of this picture alone.
    """

    def __init__(self, reason: str, details: str = '') -> None:
        super().__init__(reason)
        self.details = details


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
        labelled_size (tuple, optional): Width and height of what was shown
            when it was labelled.
        ignored (list[str]): Labels that belong to no face, for the count.
    """
    file_name: str
    split: str
    faces: List[Face]
    rgb_file_name: Optional[str] = None
    kind: str = ''
    fields: dict = field(default_factory=dict)
    labelled_size: Optional[Tuple[float, float]] = None
    ignored: List[str] = field(default_factory=list)


def image_header(path: str) -> Tuple[int, int, int]:
    """Size and depth of an image, as everything here reads it.

    Args:
        path (str): Of a format of :func:`decode_image`.

    Returns:
        tuple[int, int, int]: Width and height in pixels, bits a channel.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no image.
    """
    image = decode_image(Path(path).read_bytes(), str(path))
    return image.shape[1], image.shape[0], 8 * image.dtype.itemsize


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


def _annotation(face: Face, size, metainfo: dict, margin: float) -> dict:
    keypoints = with_visibility(face.keypoints)
    points = metainfo['num_keypoints']
    if len(keypoints) != points:
        raise LeaveOut(
            f'{len(keypoints)} points instead of {points}',
            'two faces without group ids?'
            if len(keypoints) and len(keypoints) % points == 0 else '')
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
    breach = landmarks(
        keypoints.ravel().tolist(), points, 'it', metainfo['dataset_name'])[
            1] or box_breach(box.tolist(), *size, 'it')
    if breach:
        raise LeaveOut(f'face {breach[1]}', breach[2])
    annotation = dict(
        **_box_fields(_clipped(box, size)),
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


def _check_labelled_size(picture: Picture, size: Tuple[int, int]) -> None:
    """Landmarks of a smaller copy would all be at wrong places."""
    labelled = picture.labelled_size
    if labelled is None or tuple(labelled) == size:
        return
    inside = all(
        (np.nan_to_num(face.keypoints[:, :2]) <= size).all()
        for face in picture.faces)
    if tuple(labelled) == size[::-1] and inside:
        return  # sides exchanged in the file, not in the labels
    raise LeaveOut('labelled in an image of another size',
                   f'labelled {labelled[0]:g}x{labelled[1]:g}, the image is '
                   f'{size[0]}x{size[1]}')


def _record(root: Path, picture: Picture, metainfos: Dict[str, dict],
            margin: float) -> dict:
    """A picture with all that one process can find out about it."""
    width, height, bits = image_header(str(root / picture.file_name))
    _check_labelled_size(picture, (width, height))
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
            raise LeaveOut('RGB partner of another size',
                           f'{rgb_size[0]}x{rgb_size[1]}, thermal '
                           f'{width}x{height}')
        record['rgb_size'] = rgb_size
    if not picture.faces:
        raise LeaveOut('no labelled face')
    record['annotations'] = [
        _annotation(face, (width, height), metainfos[picture.kind], margin)
        for face in picture.faces
    ]
    return record


def _convert_chunk(job) -> dict:
    """Reads some tasks."""
    root, read, tasks, metainfos, margin = job
    records, left_out, ignored = [], [], []
    for name, task in tasks:
        try:
            picture = read(root, task)
            ignored += [(name, label) for label in picture.ignored]
            records.append(_record(root, picture, metainfos, margin))
        except LeaveOut as reason:
            left_out.append((name, str(reason), reason.details))
        except FileNotFoundError as error:
            left_out.append(
                (name, f'missing {Path(str(error.filename)).suffix} file',
                 str(error.filename)))
        except ConversionError:
            raise
        except (ValueError, KeyError, IndexError, TypeError) as error:
            left_out.append((name, 'unreadable',
                             f'{type(error).__name__}: {error}'))
    return dict(records=records, left_out=left_out, ignored=ignored)


def write_json(path: Union[str, Path], content: Any) -> None:
    """Writes a whole file or none.

    Args:
        path (str | Path): Where.
        content: What.
    """
    write_jsons({path: content})


def write_jsons(contents: Mapping[Union[str, Path], Any]) -> None:
    """Writes whole files, all or none.

    Args:
        contents (Mapping): What, by path.
    """
    with ExitStack() as all_of_them:
        for path, content in contents.items():
            unfinished = all_of_them.enter_context(whole_file(path))
            with open(unfinished, 'w') as file:
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
    """The RGB partners as pictures of their own, each once.

    Faces that lie outside of an unaligned partner are none of it.
    """
    found: Dict[str, dict] = {}
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
        faces = [
            _rgb_annotation(annotation, image, record['rgb_size'])
            for annotation in record['annotations']
        ]
        found[name] = dict(
            image=dict(fields, file_name=name, width=width, height=height),
            annotations=[
                face for face in faces
                if not box_breach(face['bbox'], width, height, name)
            ])
    return [record for record in found.values() if record['annotations']]


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
        info=dict(generator='mmpose_thermal', description=description),
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
    """Converts a data set.

    Writes ``{split}.json``, of the thermal images; ``rgb_{split}.json``, of
    their RGB partners as images of their own; and ``left_out.json``, a list
    of what was not used: name, reason, details. Prints the counts. All files
    are written at the end, or none; those of an earlier run that this one does
    not write (a split that is no more) are removed.

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
        ConversionError: There is nothing to convert, splits share subjects,
            or a data set would refuse the result.
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
    chunks = [(folder, read, tasks[start:start + _CHUNK], metainfos, margin)
              for start in range(0, len(tasks), _CHUNK)]
    if jobs > 1 and len(chunks) > 1:
        found = mmengine.track_parallel_progress(
            _convert_chunk, chunks, jobs, keep_order=True)
    else:
        found = mmengine.track_progress(_convert_chunk, chunks)
    print()
    records = [record for chunk in found for record in chunk['records']]
    left_out = [(name, reason, '') for name, reason in left_out] + [
        entry for chunk in found for entry in chunk['left_out']
    ]
    if not records:
        reasons = Counter(reason for _, reason, _ in left_out)
        raise ConversionError(
            f'none of the {len(tasks)} pictures of {root} can be used: '
            f'{dict(reasons)}, first {left_out[0][0]} {left_out[0][2]}')
    _refuse_shared_subjects(records)
    paths, contents = _splits(records, metainfos, description, out)
    write_jsons({**contents, out / 'left_out.json': left_out})
    print(f'{description}: {len(tasks)} found, {len(records)} used')
    for line in _counts_of_splits(records, metainfos):
        print(f'  {line}')
    _report_left_out(left_out, out)
    _report_ignored([one for chunk in found for one in chunk['ignored']])
    _remove_stale(out, metainfos, set(contents))
    return paths


def _splits(records: List[dict], metainfos: Dict[str, dict],
            description: str, out: Path) -> Tuple[Dict[str, Path], dict]:
    """The annotation files by name, and their contents by path."""
    paths, contents = {}, {}
    for kind, metainfo in metainfos.items():
        for split in SPLITS:
            chosen = _chosen(records, kind, split)
            for prefix, part in (('', chosen),
                                 ('rgb', _visible_records(chosen))):
                if not part:
                    continue
                name = '_'.join(filter(None, (prefix, kind, split)))
                paths[name] = out / f'{name}.json'
                content = coco(part, metainfo, description)
                for fault in read_annotations(
                        str(paths[name]), metainfo, content=content).faults:
                    raise ConversionError(
                        f'a data set would refuse {paths[name].name}: '
                        f'{fault.message} Nothing was written.')
                contents[paths[name]] = content
    return paths, contents


def _chosen(records: List[dict], kind: str, split: str) -> List[dict]:
    return [record for record in records
            if (record['kind'], record['split']) == (kind, split)]


def _remove_stale(out: Path, metainfos: Dict[str, dict],
                  written: set) -> None:
    """Files of an earlier run must not be taken for those of this one."""
    for kind in metainfos:
        for prefix in ('', 'rgb'):
            for split in SPLITS:
                name = '_'.join(filter(None, (prefix, kind, split)))
                path = out / f'{name}.json'
                if path not in written and _is_ours(path):
                    path.unlink()
                    print(f'  removed {path.name}, of an earlier run')
                derived = out / f'{name}_registered.json'
                if derived.exists():
                    print(f'  {derived.name} was made from an earlier '
                          f'{path.name}: make it anew')


def _is_ours(path: Path) -> bool:
    """Whether a converter wrote a file; people keep their own beside."""
    if not path.is_file():
        return False
    with open(path, errors='replace') as file:
        return _OURS in file.read(200)


def _counts_of_splits(records, metainfos) -> Iterator[str]:
    for kind in metainfos:
        for split in SPLITS:
            chosen = _chosen(records, kind, split)
            if chosen:
                name = '_'.join(filter(None, (kind, split)))
                yield _counts(f'{name}.json', chosen)


def _report_ignored(ignored: List[Tuple[str, str]]) -> None:
    first: Dict[str, str] = {}
    for name, label in ignored:
        first.setdefault(label, name)
    for label, count in Counter(label for _, label in ignored).most_common():
        print(f'  ignored: {count} {label}, first {first[label]}')


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
