"""What a metainfo must be: MMPose itself reads most contradictions silently.

A swap that is not mutual, for instance, exchanges one eye for nothing in
every mirrored image, and no error tells.
"""
from collections import Counter
from itertools import islice
from typing import Any, Iterator, List, Mapping, Optional, Sequence

_NEEDED = ('dataset_name', 'keypoint_info', 'skeleton_info', 'joint_weights',
           'sigmas')
_NAMED = 4  # faults in one message
_ENDS = ('interocular', 'interpupil')


def metainfo_fault(metainfo: Mapping[str, Any]) -> Optional[str]:
    """Looks for contradictions of a metainfo.

    Args:
        metainfo (Mapping): As MMPose defines it, with this package's
            ``regions``, ``interocular`` and ``interpupil``.

    Returns:
        str | None: Which fields are wrong, and what they should be.
    """
    missing = [field for field in _NEEDED if field not in metainfo]
    if missing:
        return (f'`{missing[0]}` is missing. A metainfo has {", ".join(_NEEDED)}'
                ', as MMPose defines them.')
    found = list(islice(_faults(metainfo), _NAMED))
    return ' '.join(found) or None


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
        if not isinstance(metainfo[field], (list, tuple)):
            yield f'`{field}` must be a list of numbers, one a point.'
            continue
        count = len(metainfo[field])
        # Without sigmas there is no OKS; MMPose's own sets of faces have none.
        if count != len(names) and not (field == 'sigmas' and count == 0):
            yield (f'`{field}` has {count} numbers for {len(names)} points. '
                   'It must have one a point.')
    links = [link.get('link', ())
             for link in dict(metainfo['skeleton_info']).values()]
    yield from _unknown('skeleton_info', links, names)
    for field in _ENDS:
        ends = metainfo.get(field)
        if ends is None:
            continue
        if len(ends) != 2 or any(isinstance(end, str) for end in ends):
            yield (f'`{field}` must be two lists of names, one for each end, '
                   f'but is {ends}.')
        yield from _unknown(field, ends, names)
    regions = metainfo.get('regions', {})
    yield from _unknown('regions', list(regions.values()), names)


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
