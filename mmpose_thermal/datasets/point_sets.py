"""Landmark sets by name: which points they have, and how they correspond."""
from functools import lru_cache
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple, Union

import mmpose
from mmengine.config import Config
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from .metainfo_rules import metainfo_fault

_PACKAGE = Path(__file__).parents[1]
# In a source tree, and in an installed package, as MIM lays it out.
_CONFIG_ROOTS = (_PACKAGE.parent / 'configs', _PACKAGE / '.mim' / 'configs')

# MMPose numbers these sets' points; 300W and COCO-WholeBody's face are iBUG's
# in its order. WFLW traces jaw and brows with more points and has pupils (from
# the figures of the data sets).
_WFLW_OF_IBUG68 = [
    *range(0, 33, 2),  # jaw
    *range(33, 38), *range(42, 47),  # brows, upper edge
    *range(51, 60),  # nose
    60, 61, 63, 64, 65, 67,  # the eye on the left of the image
    68, 69, 71, 72, 73, 75,  # the other
    *range(76, 96),  # mouth
]
_WFLW_PUPILS = {'right_pupil': 96, 'left_pupil': 97}
_IN_IBUG_ORDER = ('300w', 'coco_wholebody_face')

# Points that lie in the middle between two others; the first that a set has.
_MIDDLES: Dict[str, Tuple[Tuple[str, str], ...]] = {
    f'{side}_eye_centre': ((f'{side}_pupil', ) * 2,
                           (f'{side}_eye_outer', f'{side}_eye_inner'))
    for side in ('right', 'left')
}
_MIDDLES.update({
    f'{side}_pupil': ((f'{side}_eye_centre', ) * 2, )
    for side in ('right', 'left')
})

#: An index into another set, or two whose middle is meant.
Source = Union[int, Tuple[int, int]]


def metainfo_file(metainfo: str) -> str:
    """Finds a metainfo file by its path or the name of a point set (``'wflw'``).

    The path exists if it is one of this package; otherwise MMPose can find it
    if it is one of MMPose.
    """
    name = Path(metainfo).stem
    if Path(metainfo).is_file():
        return metainfo
    for root in _CONFIG_ROOTS:
        path = root / '_base_' / 'datasets' / f'{name}.py'
        if path.is_file():
            return str(path)
    return f'configs/_base_/datasets/{name}.py'


def load_metainfo(metainfo: dict) -> dict:
    """Parses a metainfo as MMPose does, with what faces have beyond bodies.

    Args:
        metainfo (dict): As MMPose defines it, or ``dict(from_file=...)``.
            Beside MMPose's fields it may have ``regions`` (names of points by
            region), and ``interocular`` and ``interpupil`` (for either end the
            names of the points of which it is the mean); the result has
            indices in their place.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A field is missing or contradicts the points.
    """
    source = 'the metainfo'
    if 'from_file' in metainfo:
        path = metainfo_file(metainfo['from_file'])
        source, metainfo = path, _read_metainfo(path)
    fault = metainfo_fault(metainfo)
    if fault:
        raise ValueError(f'{source}: {fault}')
    parsed = parse_pose_metainfo(metainfo)
    index = parsed['keypoint_name2id']
    for field in ('interocular', 'interpupil'):
        if field in metainfo:
            parsed[field] = [[index[name] for name in end]
                             for end in metainfo[field]]
    if 'regions' in metainfo:
        parsed['regions'] = {
            region: [index[name] for name in names]
            for region, names in metainfo['regions'].items()
        }
    return parsed


def _read_metainfo(path: str) -> dict:
    """The metainfo of a file, which may be one of MMPose's."""
    if not Path(path).is_file():
        inside = Path(mmpose.__file__).parent / '.mim' / path
        if not inside.is_file():
            raise FileNotFoundError(
                f'There is no metainfo {path}, neither here nor in MMPose. '
                'Give the path of a file, or the name of a point set.')
        path = str(inside)
    content = Config.fromfile(path)
    if not isinstance(content.get('dataset_info'), dict):
        raise ValueError(f'{path} is no metainfo: it defines no '
                         '`dataset_info`.')
    return content.dataset_info


def keypoint_names(metainfo: dict) -> List[str]:
    """The names of all points of a parsed metainfo, in order."""
    return [metainfo['keypoint_id2name'][index]
            for index in range(metainfo['num_keypoints'])]


def face_category(metainfo: dict) -> dict:
    """The one category of the annotation files that are written here."""
    return dict(id=1, name='face', supercategory='person',
                keypoints=keypoint_names(metainfo))


def find_point_set(names: Sequence[str]) -> Optional[str]:
    """The metainfo of this package with points of these names in order, if any."""
    return _own_point_sets().get(tuple(map(str, names)))


@lru_cache(maxsize=None)
def _own_point_sets() -> Dict[Tuple[str, ...], str]:
    found: Dict[Tuple[str, ...], str] = {}
    for root in _CONFIG_ROOTS:
        for path in sorted((root / '_base_' / 'datasets').glob('*.py')):
            info = load_metainfo(dict(from_file=str(path)))
            found.setdefault(tuple(keypoint_names(info)), path.stem)
    return found


@lru_cache(maxsize=None)
def _points(point_set: str) -> Dict[str, int]:
    """The points of a set whose place is known, by name."""
    if point_set in _IN_IBUG_ORDER:
        return _points('ibug68')
    if point_set == 'wflw':
        names = dict(zip(_points('ibug68'), _WFLW_OF_IBUG68))
        return {**names, **_WFLW_PUPILS}
    index = load_metainfo(dict(from_file=point_set))['keypoint_name2id']
    # Points that are merely numbered mean something else in each set.
    return {name: i for name, i in index.items()
            if not name.startswith(('kpt', 'face-'))}


def keypoint_mapping(source: str, target: str) -> List[Tuple[Source, int]]:
    """Tells how the points of one set (``'wflw'``) are found in another.

    Returns:
        list[tuple]: As MMPose's ``KeypointConverter`` takes it: for each point
        of ``target`` that ``source`` has, its index there, or two indices
        whose middle it is, and its index in ``target``.

    Raises:
        ValueError: They have no point in common that is known here.
    """
    known = _points(source)
    mapping: List[Tuple[Source, int]] = []
    for name, index in _points(target).items():
        if name in known:
            mapping.append((known[name], index))
            continue
        for one, other in _MIDDLES.get(name, ()):
            if one in known and other in known:
                mapping.append((known[one] if one == other else
                                (known[one], known[other]), index))
                break
    if not mapping:
        raise ValueError(
            f'No point of "{target}" is known to be one of "{source}": the '
            'points of one of them have no names that tell where they lie.')
    return mapping


def keypoint_indices(teacher: str, student: str) -> List[int]:
    """For each point of the set ``student`` its index in the larger ``teacher``.

    Raises:
        ValueError: The relation is not known, or ``teacher`` lacks a point.
    """
    count = load_metainfo(dict(from_file=student))['num_keypoints']
    indices = {target: source
               for source, target in keypoint_mapping(teacher, student)
               if isinstance(source, int)}
    missing = [i for i in range(count) if i not in indices]
    if missing:
        raise ValueError(
            f'teacher.keypoints: points {missing} of "{student}" are not '
            f'known to be single points of "{teacher}". Train the teacher on '
            f'"{student}" itself (PointSetConverter converts the labels), or '
            'give indices.')
    return [indices[i] for i in range(count)]
