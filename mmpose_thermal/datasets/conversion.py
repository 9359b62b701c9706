"""From a data set as it is distributed to this project's COCO json.

A converter lists tasks and says how one task becomes a :class:`Picture`; all
else (processes, progress, checks, counts, files) is here. It takes a minute and
keeps nothing between runs: what was completed or mended is seen by the next.
"""
import argparse
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import mmengine

from .annotations import read_annotations
from .coco_files import (coco, remove_stale, visible_records, write_json,
                         write_jsons)
from .face_records import (ConversionError, Face, LeaveOut, Picture,
                           box_around, image_header, record_of,
                           with_visibility)
from .labelme import refuse_numbers_from_1
from .point_sets import load_metainfo

__all__ = [
    'SPLITS', 'ConversionError', 'Face', 'LeaveOut', 'Picture',
    'add_palette_choice', 'box_around', 'coco', 'convert', 'converter_parser',
    'image_header', 'run_converter', 'split_by_subject', 'with_visibility',
    'write_json'
]

SPLITS = ('train', 'val', 'test')
_CHUNK = 50  # tasks that a process gets at a time


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


def _convert_chunk(job) -> dict:
    """Reads some tasks."""
    root, read, tasks, metainfos, margin = job
    records, left_out, ignored, numbers = [], [], [], set()
    for name, task in tasks:
        try:
            picture = read(root, task)
            ignored += [(name, label) for label in picture.ignored]
            numbers |= picture.numbers
            records.append(record_of(root, picture, metainfos, margin))
        except LeaveOut as reason:
            left_out.append((name, str(reason), reason.details))
        except FileNotFoundError as error:
            left_out.append(
                (name, f'missing {Path(str(error.filename)).suffix} file',
                 str(error.filename)))
        except ConversionError as error:
            raise ConversionError(f'{name}: {error}') from None
        except (ValueError, KeyError, IndexError, TypeError) as error:
            left_out.append((name, 'unreadable',
                             f'{type(error).__name__}: {error}'))
    return dict(records=records, left_out=left_out, ignored=ignored,
                numbers=numbers)


def _refuse_shared_subjects(records: List[dict]) -> None:
    splits: Dict[Any, set] = {}
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
    refuse_numbers_from_1(
        number for chunk in found for number in chunk['numbers'])
    paths, contents = _splits(records, metainfos, description, out)
    write_jsons({**contents, out / 'left_out.json': left_out})
    print(f'{description}: {len(tasks)} found, {len(records)} used')
    for line in _counts_of_splits(records, metainfos):
        print(f'  {line}')
    _report_left_out(left_out, out)
    _report_ignored([one for chunk in found for one in chunk['ignored']])
    remove_stale(out, [
        _name(prefix, kind, split) for kind in metainfos
        for prefix in ('', 'rgb') for split in SPLITS
    ], set(contents))
    return paths


def _splits(records: List[dict], metainfos: Dict[str, dict],
            description: str, out: Path) -> Tuple[Dict[str, Path], dict]:
    """The annotation files by name, and their contents by path."""
    paths, contents = {}, {}
    for kind, metainfo in metainfos.items():
        for split in SPLITS:
            chosen = _chosen(records, kind, split)
            for prefix, part in (('', chosen),
                                 ('rgb', visible_records(chosen))):
                if not part:
                    continue
                name = _name(prefix, kind, split)
                paths[name] = out / f'{name}.json'
                content = coco(part, metainfo, description)
                for fault in read_annotations(
                        str(paths[name]), metainfo, content=content).faults:
                    raise ConversionError(
                        f'a data set would refuse {paths[name].name}: '
                        f'{fault.message} Nothing was written.')
                contents[paths[name]] = content
    return paths, contents


def _name(*parts: str) -> str:
    return '_'.join(filter(None, parts))


def _chosen(records: List[dict], kind: str, split: str) -> List[dict]:
    return [record for record in records
            if (record['kind'], record['split']) == (kind, split)]


def _counts_of_splits(records, metainfos) -> Iterator[str]:
    for kind in metainfos:
        for split in SPLITS:
            chosen = _chosen(records, kind, split)
            if chosen:
                yield _counts(f'{_name("", kind, split)}.json', chosen)


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
