"""Inspects annotation files and all images listed in them."""
import os.path as osp
from typing import Any, Dict, List, Optional, Sequence, Tuple

from mmengine.fileio import get

from ...processes import map_in_processes
from ..annotations import Annotations, parse_json, read_annotations
from ..point_sets import find_point_set, load_metainfo
from .findings import Add, Faces, Finding, Inspection, image_examples
from .landmarks import check_landmarks
from .pixels import check_pixels, inspect_image, tasks_of
from .shifts import check_shifts
from .splits import check_duplicates, check_splits
from .statistics import normalisation_of, statistics_of

_CHECKED = [
    'fields', 'missing and unreadable files', 'sizes and bit depths',
    'temperatures', 'landmarks outside image or box', 'left and right',
    'points that never vary', 'duplicates', 'shared subjects'
]
_LEVELS = ('error', 'warning', 'note')


def image_folders(data_root: str, data_prefix: Optional[dict]) -> Dict[str, str]:
    """Image folders ``root``, ``img`` and ``rgb`` from a data set's arguments."""
    prefix = dict(dict(img='', rgb=''), **(data_prefix or {}))
    return dict(root=data_root, **{
        key: osp.join(data_root, folder) for key, folder in prefix.items()})


def _content(name: str) -> Any:
    """Parses a file; None if it is not JSON, which its reader will explain."""
    try:
        return parse_json(get(name))
    except ValueError:
        return None


def _point_set_of(content: Any) -> str:
    """The point set listed in a file's categories; ``'ibug68'`` if none is."""
    categories = content.get('categories') if isinstance(content, dict) else ()
    for category in categories if isinstance(categories, list) else ():
        names = category.get('keypoints') if isinstance(category, dict) else ()
        found = find_point_set(names) if isinstance(names, list) and \
            names else None
        if found:
            return found
    return 'ibug68'


def inspect(ann_files: Sequence[str],
            data_root: str = '',
            data_prefix: Optional[dict] = None,
            metainfo: Optional[str] = None,
            with_rgb: bool = True,
            shift_samples: int = 300,
            jobs: int = 1) -> Inspection:
    """Inspects annotation files and all images listed in them.

    Whatever a data set would refuse is an error with the same message.

    Args:
        ann_files (Sequence[str]): One file per split.
        data_root (str): Folder of the data set.
        data_prefix (dict, optional): Image folders below ``data_root``: ``img``
            and ``rgb``, as in the data set.
        metainfo (str, optional): Name of the point set, or a metainfo file.
            Defaults to the point set listed in the first file, or else ibug68.
        with_rgb (bool): Whether to inspect RGB partners too.
        shift_samples (int): Number of pairs per file to estimate shifts from.
        jobs (int): Number of processes.

    Raises:
        OSError: An annotation file does not exist or cannot be opened.
        ValueError: The metainfo contradicts itself.
    """
    folders = image_folders(data_root, data_prefix)
    findings: List[Finding] = []

    def add(level, check, message, examples=()):
        findings.append(Finding(level, check, message, list(examples)))

    files, found, statistics, read = [], [], {}, {}
    for name in ann_files:
        content = _content(name)
        metainfo = metainfo or _point_set_of(content)
        info = load_metainfo(dict(from_file=metainfo))

        def add_here(level, check, message, examples=(), name=name):
            add(level, check, f'{name}: {message}', examples)

        read[name] = _read(name, info, with_rgb, content, add_here)
        data, results, statistics[name] = _inspect_file(
            read[name], info, folders, with_rgb, shift_samples, jobs, add_here)
        files.append(data)
        found.append(results)
    check_splits(files, add)
    check_duplicates(files, found, add)
    statistics['normalisation'] = normalisation_of(found)
    findings.sort(key=lambda finding: _LEVELS.index(finding.level))
    checked = _CHECKED + (['pair alignment'] if with_rgb else [])
    return Inspection(findings, statistics, checked, read)


def _read(name: str, info: dict, with_rgb: bool, content: Any,
          add: Add) -> Annotations:
    """Reads a file, with its unlabelled faces if a data set accepts these."""
    labelled = read_annotations(name, info, with_rgb, content)
    if not any(one.kind == 'annotations' for one in labelled.left_out):
        return labelled
    both = read_annotations(name, info, with_rgb, unlabelled=True)
    for fault in both.faults:
        if fault not in labelled.faults:
            add('warning', 'unlabelled', 'faces without landmarks cannot be used '
                f'(`unlabelled="keep"`): {fault.message}',
                image_examples(name, fault.images))
    more = not both.faults and len(both.faces) > len(labelled.faces)
    return both if more else labelled


def _inspect_file(read: Annotations, info: dict, folders: Dict[str, str],
                  with_rgb: bool, shift_samples: int, jobs: int,
                  add: Add) -> Tuple[Faces, List[dict], dict]:
    """Returns the faces of a file, the results of each image, and statistics."""
    for fault in read.faults:
        add('error', fault.check, fault.message,
            image_examples(read.name, fault.images))
    for one in read.left_out:
        add('warning', 'left out',
            f'{one.count} {one.kind} {one.reason} are not used. '
            f'First: {one.first}', image_examples(read.name, one.images))
    data = Faces(read, info['num_keypoints'], folders)
    check_landmarks(data, info, add)
    tasks = tasks_of(data, with_rgb, shift_samples)
    results = map_in_processes(inspect_image, tasks, jobs, 16) if tasks else []
    statistics = statistics_of(data, info)
    celsius = check_pixels(data, results, add)
    if celsius:
        statistics['median_temperature_c'] = celsius
    shift = check_shifts(data, results, add)
    if shift:
        statistics['shift_of_box_side'] = shift
    return data, results, statistics
