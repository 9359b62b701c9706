"""Rules for metainfo, since MMPose accepts most contradictions silently.

For example, a swap that is not mutual corrupts the labels of every mirrored
image without an error.
"""
from collections import Counter
from itertools import islice
from typing import Any, Iterator, List, Mapping, Optional, Sequence

import numpy as np

from .annotations.rules import is_number, short

_NEEDED = ('dataset_name', 'keypoint_info', 'skeleton_info', 'joint_weights',
           'sigmas')
_SHOWN = 4  # faults in one message
_ENDS = 'two lists of names, one for each end; omit the field if there is none'
#: Fields that refer to points, and their required form.
_NAMING = dict(
    skeleton_info='a dict of links by their numbers, each dict(link=(NAME, '
    'NAME), id=..., color=...); {} for none',
    interocular=_ENDS, interpupil=_ENDS,
    regions='a dict of lists of names; omit the field if there are none')


def metainfo_fault(metainfo: Mapping[str, Any]) -> Optional[str]:
    """Describes faults of a metainfo and their remedies; None if it is valid."""
    missing = [field for field in _NEEDED if field not in metainfo]
    if missing:
        return (f'`{missing[0]}` is missing. A metainfo has {", ".join(_NEEDED)}'
                ', as MMPose defines them.')
    points = metainfo['keypoint_info']
    fault = _numbering_fault(points)
    if fault:
        return fault
    names = [point['name'] for point in points.values()]
    return ' '.join(islice(_faults(metainfo, points, names), _SHOWN)) or None


def _numbering_fault(points: Any) -> Optional[str]:
    if not isinstance(points, Mapping) or not points:
        return '`keypoint_info` must be a dict of points by their numbers.'
    if sorted(map(str, points)) != sorted(map(str, range(len(points)))):
        return (f'`keypoint_info` has the numbers {list(points)[:8]}..., but '
                f'must have 0 to {len(points) - 1}, each once.')
    if list(points) != list(range(len(points))):
        return ('`keypoint_info` must have integer keys in ascending order: '
                'MMPose uses their order.')
    for number, point in points.items():
        if not isinstance(point, Mapping) or not isinstance(
                point.get('name'), str):
            return f'`keypoint_info`: point {number} has no `name`.'
    return None


def _faults(metainfo: Mapping[str, Any], points: Mapping[int, Any],
            names: List[str]) -> Iterator[str]:
    yield from _point_faults(points, names)
    for field in ('joint_weights', 'sigmas'):
        numbers = metainfo[field]
        if isinstance(numbers, np.ndarray):
            numbers = numbers.tolist()
        if not isinstance(numbers, (list, tuple)) or not all(
                is_number(number) and number >= 0 for number in numbers):
            yield (f'`{field}` must be a list of numbers, one for each point, '
                   f'none of them negative, but is {short(metainfo[field])}.')
        # Sigmas are needed for OKS only; MMPose's own face sets have none.
        elif len(numbers) not in ((len(names), 0) if field == 'sigmas' else
                                  (len(names), )):
            yield (f'`{field}` has {len(numbers)} numbers for {len(names)} '
                   'points. It must have one for each.')
    for field, form in _NAMING.items():
        if field not in metainfo:
            continue
        groups = _groups(field, metainfo[field])
        if groups is None:
            yield f'`{field}` must be {form}, but is {short(metainfo[field])}.'
            continue
        for name in sorted({name for group in groups for name in group} -
                           set(names)):
            yield (f'`{field}` refers to "{name}", which is not a point of '
                   '`keypoint_info`. Correct the name.')


def _groups(field: str, value: Any) -> Optional[Sequence[Sequence[str]]]:
    """The groups of names in a field; None if it has another form."""
    if _NAMING[field] == _ENDS:
        groups = value if isinstance(value, (list, tuple)) else ()
        if len(groups) != 2:
            return None
    elif not isinstance(value, Mapping):
        return None
    else:
        groups = list(value.values())
        if field == 'skeleton_info':
            groups = [link.get('link') if isinstance(link, Mapping) else None
                      for link in groups]
    return groups if all(
        isinstance(group, (list, tuple)) and all(
            isinstance(name, str) for name in group)
        for group in groups) else None


def _point_faults(points: Mapping[int, Any], names: List[str]) -> Iterator[str]:
    other = [number for number, point in points.items()
             if point.get('id', number) != number]
    # MMPose ignores the ids; one of its own face sets has a single typo here.
    if len(other) > 1:
        yield (f'`keypoint_info`: the points {other[:8]} have an `id` that '
               'differs from their key in the dict. Make them equal.')
    (name, times), = Counter(names).most_common(1)
    if times > 1:
        yield (f'`keypoint_info`: {times} points are called "{name}". Each '
               'needs a different name.')
        return
    swaps = {point['name']: point.get('swap') or point['name']
             for point in points.values()}
    for name, swap in swaps.items():
        where = f'`keypoint_info`: "{name}" is '
        if not isinstance(swap, str):
            yield (f'{where}to be swapped with {short(swap)}, but `swap` must '
                   'be the name of a point.')
        elif swap not in swaps:
            yield (f'{where}to be swapped with "{swap}", which is not a point. '
                   'Correct the name.')
        elif swaps[swap] != name:
            back = f'"{swaps[swap]}"' if swaps[swap] != swap else 'nothing'
            yield (f'{where}swapped with "{swap}", but "{swap}" with {back}. '
                   'Mirroring exchanges both points, so each must be the '
                   '`swap` of the other.')
