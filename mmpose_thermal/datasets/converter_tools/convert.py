"""Converts a data set from its distributed form to this project's COCO json.

A converter lists tasks and turns one task into a :class:`Picture`; everything
else (processes, progress, checks, counts, files) happens here. Nothing is kept
between runs, so rerun the converter after completing or correcting the data.
"""
from collections import Counter
from pathlib import Path
from typing import (Any, Callable, Dict, Iterable, Iterator, List, Optional,
                    Sequence, Tuple)

from ...processes import map_in_processes
from ..annotations import read_annotations
from ..point_sets import load_metainfo
from .coco_files import coco, remove_stale, visible_records, write_jsons
from .labelme import refuse_numbers_from_1
from .records import ConversionError, LeaveOut, Picture, record_of

SPLITS = ('train', 'val', 'test')
_CHUNK = 50  # tasks passed to a process at a time


def split_by_subject(subjects: Sequence[Any],
                     val: int = 0,
                     test: int = 0) -> Dict[Any, str]:
    """Assigns people to splits if a data set has no official splits.

    The ``test`` people with the highest ids form the test split, the ``val``
    people before them the validation split. Ids may be unordered and repeated.
    """
    people = sorted(set(subjects))
    training = len(people) - val - test
    if training < 1:
        raise ConversionError(
            f'{len(people)} subjects are too few for {val} in validation, '
            f'{test} in the test and at least one in training. Change '
            '--val-subjects and --test-subjects, or complete the data.')
    splits = ['train'] * training + ['val'] * val + ['test'] * test
    return dict(zip(people, splits))


def _convert_chunk(job: tuple) -> Tuple[list, list, list, set]:
    """Reads some tasks; returns records, skipped tasks, ignored labels, numbers."""
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
    return records, left_out, ignored, numbers


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
            f'subject {subject} in {sorted(where)}. Test results would be '
            'meaningless, so nothing was written. Check that each folder holds '
            'only the files distributed in it.')


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

    Writes ``{split}.json`` for the thermal images, ``rgb_{split}.json`` for
    their RGB partners, and ``left_out.json``, a list of unused pictures (name,
    reason, details). Prints the counts. All files are written at the end, or
    none; annotation files of an earlier run that are not overwritten are removed.

    Args:
        root (str): Folder of the data set; all paths become relative to it.
        tasks (Sequence[tuple]): A name for messages and an argument of
            ``read`` for each picture, in the order of the result.
        read (Callable): Makes a :class:`Picture` from the root and one task;
            raises :class:`LeaveOut`. Runs in other processes.
        point_sets (dict[str, str]): Name of the point set by kind of picture.
        description (str): Description of the data set.
        out_dir (str, optional): Defaults to ``annotations`` below the root.
        jobs (int): Number of processes.
        margin (float): Margin of computed boxes, see :func:`box_around`.
        left_out (Sequence[tuple]): Pictures already skipped: name, reason.

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
    found = map_in_processes(_convert_chunk, chunks, jobs)
    records, left_here, ignored, numbers = (
        [one for chunk in found for one in chunk[part]] for part in range(4))
    left_out = [(name, reason, '') for name, reason in left_out] + left_here
    if not records:
        reasons = Counter(reason for _, reason, _ in left_out)
        raise ConversionError(
            f'none of the {len(tasks)} pictures of {root} can be used: '
            f'{dict(reasons)}, first {left_out[0][0]} {left_out[0][2]}')
    _refuse_shared_subjects(records)
    refuse_numbers_from_1(numbers)
    paths, contents, counts = _splits(records, metainfos, description, out)
    write_jsons({**contents, out / 'left_out.json': left_out})
    print(f'{description}: {len(tasks)} found, {len(records)} used', *counts,
          sep='\n  ')
    _report_left_out(left_out, out)
    for label, count, first in _by_frequency((label, name)
                                             for name, label in ignored):
        print(f'  ignored: {count} {label}, first {first}')
    remove_stale(out, [
        _name(prefix, kind, split) for kind in metainfos
        for prefix in ('', 'rgb') for split in SPLITS
    ], set(contents))
    return paths


def _splits(records: List[dict], metainfos: Dict[str, dict], description: str,
            out: Path) -> Tuple[Dict[str, Path], Dict[Path, dict], List[str]]:
    """Returns annotation files by name, their contents by path, and count lines."""
    paths, contents, counts = {}, {}, []
    for kind, metainfo in metainfos.items():
        for split in SPLITS:
            chosen = [record for record in records
                      if (record['kind'], record['split']) == (kind, split)]
            if chosen:
                counts.append(_counts(f'{_name(kind, split)}.json', chosen))
            for prefix, part in (('', chosen),
                                 ('rgb', visible_records(chosen))):
                if not part:
                    continue
                name = _name(prefix, kind, split)
                path = paths[name] = out / f'{name}.json'
                content = contents[path] = coco(part, metainfo, description)
                for fault in read_annotations(
                        str(path), metainfo, content=content,
                        unlabelled=True).faults:
                    raise ConversionError(
                        f'a data set would refuse {path.name}: '
                        f'{fault.message} Nothing was written.')
    return paths, contents, counts


def _name(*parts: str) -> str:
    return '_'.join(filter(None, parts))


def _counts(name: str, records: List[dict]) -> str:
    subjects = {record['image'].get('subject_id') for record in records}
    faces = sum(len(record['annotations']) for record in records)
    bare = sum(not annotation['num_keypoints'] for record in records
               for annotation in record['annotations'])
    pairs = sum('rgb_size' in record for record in records)
    unknown = ' and images of unknown subjects' if None in subjects else ''
    unlabelled = f' ({bare} unlabelled)' if bare else ''
    return (f'{name}: {len(records)} images, {faces} faces{unlabelled}, '
            f'{len(subjects - {None})} subjects{unknown}, '
            f'{pairs} with an RGB partner')


def _by_frequency(named: Iterable[Tuple[str, str]]
                  ) -> Iterator[Tuple[str, int, str]]:
    """Yields each reason, its count and its first name, most frequent first."""
    pairs = list(named)
    first = dict(reversed(pairs))
    for reason, count in Counter(reason for reason, _ in pairs).most_common():
        yield reason, count, first[reason]


def _report_left_out(left_out: List[Tuple[str, str, str]], out: Path) -> None:
    if not left_out:
        print('  left out: none')
        return
    print(f'  left out: {len(left_out)} (listed in {out / "left_out.json"})')
    for reason, count, first in _by_frequency(
            (reason, name) for name, reason, _ in left_out):
        print(f'    {count} {reason}, first {first}')
