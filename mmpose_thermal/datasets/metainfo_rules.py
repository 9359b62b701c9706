"""What a metainfo must be: MMPose itself reads most contradictions silently.

A swap that is not mutual, for instance, exchanges one eye for nothing in
every mirrored image, and no error tells.
"""
from collections import Counter
from itertools import islice
from typing import Any, Iterator, List, Mapping, Optional, Sequence

import numpy as np

from .annotations.rules import is_number, short

_NEEDED = ('dataset_name', 'keypoint_info', 'skeleton_info', 'joint_weights',
           'sigmas')
_NAMED = 4  # faults in one message
_ENDS = ('interocular', 'interpupil')


def metainfo_fault(metainfo: Mapping[str, Any]) -> Optional[str]:
    """Which fields contradict others, and what they should be; None if none do."""
    missing = [field for field in _NEEDED if field not in metainfo]
    if missing:
        return (f'`{missing[0]}` is missing. A metainfo has {", ".join(_NEEDED)}'
                ', as MMPose defines them.')
    return ' '.join(islice(_faults(metainfo), _NAMED)) or None


def _faults(metainfo: Mapping[str, Any]) -> Iterator[str]:
    points = metainfo['keypoint_info']
    if not isinstance(points, Mapping) or not points:
        yield '`keypoint_info` must be a dict of points by their numbers.'
        return
    if sorted(map(str, points)) != sorted(map(str, range(len(points)))):
        yield (f'`keypoint_info` has the numbers {list(points)[:8]}..., but '
               f'must have 0 to {len(points) - 1}, each once.')
        return
    if list(points) != list(range(len(points))):
        yield ('`keypoint_info` is not in the order of its numbers, which are '
               'whole numbers: MMPose goes by the order.')
        return
    yield from _point_faults(points)
    names = [point['name'] for point in points.values()]
    for field in ('joint_weights', 'sigmas'):
        numbers = metainfo[field]
        if isinstance(numbers, np.ndarray):
            numbers = numbers.tolist()
        if not isinstance(numbers, (list, tuple)) or not all(
                is_number(number) and number >= 0 for number in numbers):
            yield (f'`{field}` must be a list of numbers, one a point, none '
                   f'of them negative, but is {short(metainfo[field])}.')
            continue
        count = len(numbers)
        # Without sigmas there is no OKS; MMPose's own sets of faces have none.
        if count != len(names) and not (field == 'sigmas' and count == 0):
            yield (f'`{field}` has {count} numbers for {len(names)} points. '
                   'It must have one a point.')
    skeleton = metainfo['skeleton_info']
    if not isinstance(skeleton, Mapping) or not all(
            isinstance(link, Mapping) and _is_names(link.get('link'))
            for link in skeleton.values()):
        yield ('`skeleton_info` must be a dict of links by their numbers, '
               'each dict(link=(NAME, NAME), id=..., color=...); {} for none.')
    else:
        yield from _unknown('skeleton_info', [
            link['link'] for link in skeleton.values()], names)
    for field in _ENDS:
        if field not in metainfo:
            continue
        ends = metainfo[field]
        if not isinstance(ends, (list, tuple)) or len(ends) != 2 or not all(
                _is_names(end) for end in ends):
            yield (f'`{field}` must be two lists of names, one for each end, '
                   f'but is {short(ends)}. Leave it out if there is none.')
        else:
            yield from _unknown(field, ends, names)
    regions = metainfo.get('regions', {})
    if not isinstance(regions, Mapping) or not all(
            map(_is_names, regions.values())):
        yield ('`regions` must be a dict of lists of names, but is '
               f'{short(regions)}. Leave it out if there are none.')
    else:
        yield from _unknown('regions', list(regions.values()), names)


def _is_names(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(
        isinstance(name, str) for name in value)


def _point_faults(points: Mapping[int, Any]) -> Iterator[str]:
    for number, point in points.items():
        if not isinstance(point, Mapping) or not isinstance(
                point.get('name'), str):
            yield f'`keypoint_info`: point {number} has no `name`.'
            return
    other = [number for number, point in points.items()
             if point.get('id', number) != number]
    # MMPose goes by the numbers alone; one of its own sets of faces has a
    # single slip of the pen there.
    if len(other) > 1:
        yield (f'`keypoint_info`: the points {other[:8]} have an `id` that is '
               'not their number in the dict. Make both the same.')
    (name, times), = Counter(
        point['name'] for point in points.values()).most_common(1)
    if times > 1:
        yield (f'`keypoint_info`: {times} points are called "{name}". Each '
               'needs a name of its own.')
        return
    swaps = {
        point['name']: point.get('swap') or point['name']
        for point in points.values()
    }
    for name, swap in swaps.items():
        if not isinstance(swap, str):
            yield (f'`keypoint_info`: "{name}" is to be swapped with '
                   f'{short(swap)}, but `swap` must be the name of a point.')
            return
    for name, swap in swaps.items():
        if swap not in swaps:
            yield (f'`keypoint_info`: "{name}" is to be swapped with "{swap}", '
                   'which is no point. Correct the name.')
        elif swaps[swap] != name:
            back = f'"{swaps[swap]}"' if swaps[swap] != swap else 'nothing'
            yield (f'`keypoint_info`: "{name}" is swapped with "{swap}", but '
                   f'"{swap}" with {back}. In a mirrored image both change '
                   'places: each must name the other.')


def _unknown(field: str, groups: Sequence[Sequence[str]],
             names: List[str]) -> Iterator[str]:
    known = set(names)
    for group in groups:
        for name in group:
            if name not in known:
                yield (f'`{field}` names "{name}", which is no point of '
                       '`keypoint_info`. Correct the name.')
