"""The data doctor: what is wrong with annotation files and their images."""
import os.path as osp
from functools import partial
from typing import Any, List, Optional, Sequence

import mmengine
from mmengine.fileio import get

from .annotations import read_annotations
from .checks.findings import (Faces, Finding, Inspection, image_examples)
from .checks.images import check_pixels, inspect_image, tasks_of
from .checks.landmarks import LANDMARK_CHECKS
from .checks.shifts import check_shifts, estimate_shift
from .checks.splits import check_duplicates, check_splits
from .checks.statistics import normalisation_of, statistics_of
from .json_files import parse_json
from .point_sets import find_point_set, load_metainfo

__all__ = ['Finding', 'Inspection', 'estimate_shift', 'inspect']


def _content(name: str) -> Any:
    """Of a file; None if it is no JSON, which its reader will explain."""
    try:
        return parse_json(get(name))
    except ValueError:
        return None


def _point_set_of(content: Any) -> str:
    """The set whose names a file lists, by default iBUG's."""
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
    """Inspects annotation files and all images that they name.

    What a data set would refuse is an error, in the data set's words.

    Args:
        ann_files (Sequence[str]): One a split.
        data_root (str): Folder of the data set.
        data_prefix (dict, optional): Folders of images in it, as the data
            set's ``data_prefix``: ``img`` and ``rgb``.
        metainfo (str, optional): Name of the point set, or a metainfo file.
            By default the one whose names the first file lists, else ibug68.
        with_rgb (bool): Whether partners are inspected too.
        shift_samples (int): Pairs of each file whose shift is estimated.
        jobs (int): Processes.

    Returns:
        Inspection: The findings, errors first, and statistics.

    Raises:
        OSError: An annotation file does not exist or cannot be opened.
        ValueError: The metainfo contradicts itself.
    """
    prefix = dict(dict(img='', rgb=''), **(data_prefix or {}))
    folders = dict(root=data_root, **{
        key: osp.join(data_root, folder) for key, folder in prefix.items()})
    findings: List[Finding] = []
    files, found, statistics, read = [], [], {}, {}
    for name in ann_files:
        content = _content(name)
        metainfo = metainfo or _point_set_of(content)
        info = load_metainfo(dict(from_file=metainfo))
        read[name] = read_annotations(name, info, with_rgb, content)

        def add(level, check, message, examples=(), name=name):
            findings.append(
                Finding(level, check, f'{name}: {message}', list(examples)))

        for fault in read[name].faults:
            add('error', fault.check, fault.message,
                image_examples(name, fault.images))
        for one in read[name].left_out:
            add('warning', 'left out',
                f'{one.count} {one.kind} {one.reason} are not used. '
                f'First: {one.first}', image_examples(name, one.images))
        data = Faces(read[name], info['num_keypoints'], folders)
        for check in LANDMARK_CHECKS:
            check(data, info, add)
        results = _inspect_images(tasks_of(data, with_rgb, shift_samples),
                                  jobs)
        statistics[name] = statistics_of(data, info)
        celsius = check_pixels(data, results, add)
        if celsius:
            statistics[name]['median_temperature_c'] = celsius
        shift = check_shifts(data, results, add)
        if shift:
            statistics[name]['shift_of_box_side'] = shift
        files.append(data)
        found.append(results)

    def add_common(level, check, message, examples=()):
        findings.append(Finding(level, check, message, list(examples)))

    check_splits(files, add_common)
    check_duplicates(files, found, add_common)
    statistics['normalisation'] = normalisation_of(found)
    findings.sort(key=lambda finding: finding.level != 'error')
    return Inspection(findings, statistics, [
        'fields', 'missing and unreadable files', 'sizes and bit depths',
        'temperatures', 'landmarks outside image or box', 'left and right',
        'points that never vary', 'duplicates', 'shared subjects'
    ] + (['pair alignment'] if with_rgb else []), read)


def _inspect_images(tasks: List[tuple], jobs: int) -> List[dict]:
    if not tasks:
        return []
    track = (
        partial(
            mmengine.track_parallel_progress,
            nproc=jobs,
            chunksize=16,
            keep_order=True) if jobs > 1 else mmengine.track_progress)
    results = track(inspect_image, tasks)
    print()
    return results
