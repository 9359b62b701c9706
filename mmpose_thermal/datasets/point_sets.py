"""Point sets by name: the points they have, and how they correspond."""
from functools import lru_cache
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple, Union

import mmpose
import numpy as np
from mmengine.config import Config
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from .metainfo_rules import metainfo_fault

_PACKAGE = Path(__file__).parents[1]
# In a source tree, and in a package installed by MIM.
_CONFIG_ROOTS = (_PACKAGE.parent / 'configs', _PACKAGE / '.mim' / 'configs')

# MMPose gives these sets numbers instead of names. 300W and COCO-WholeBody's
# face have iBUG's points in the same order. WFLW has more points on jaw and
# brows, and pupils (according to the figures of the data sets).
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

# Points that are the midpoint of two others; the first available pair is used.
_MIDDLES: Dict[str, Tuple[Tuple[str, str], ...]] = {
    f'{side}_eye_centre': ((f'{side}_pupil', ) * 2,
                           (f'{side}_eye_outer', f'{side}_eye_inner'))
    for side in ('right', 'left')
}
_MIDDLES.update({
    f'{side}_pupil': ((f'{side}_eye_centre', ) * 2, )
    for side in ('right', 'left')
})

#: An index into another set, or several that mean the centre of their points.
Source = Union[int, Sequence[int]]


def metainfo_file(metainfo: str) -> str:
    """Finds a metainfo file by its path or the name of a point set (``'wflw'``).

    If this package has no such file, returns a path that MMPose resolves.
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
    """Parses a metainfo like MMPose, plus the fields for faces.

    Args:
        metainfo (dict): As MMPose defines it, or ``dict(from_file=...)``. It
            may also have ``regions`` (names of points by region), and
            ``interocular`` and ``interpupil`` (for each of two ends the names
            of the points to average). The result has indices instead of names.

    Raises:
        FileNotFoundError: The file does not exist.
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
    """Reads the metainfo of a file of this package, the user or MMPose."""
    if not Path(path).is_file():
        inside = Path(mmpose.__file__).parent / '.mim' / path
        if not inside.is_file():
            raise FileNotFoundError(
                f'There is no metainfo {path}, neither here nor in MMPose. '
                'Give the path of a file, or the name of a point set.')
        path = str(inside)
    content = Config.fromfile(path)
    if not isinstance(content.get('dataset_info'), dict):
        raise ValueError(f'{path} is not a metainfo: it does not define '
                         '`dataset_info`.')
    return content.dataset_info


def keypoint_names(metainfo: dict) -> List[str]:
    """Returns the names of all points of a parsed metainfo, in order."""
    return [metainfo['keypoint_id2name'][index]
            for index in range(metainfo['num_keypoints'])]


def face_category(metainfo: dict) -> dict:
    """The single category of annotation files written by this package."""
    return dict(id=1, name='face', supercategory='person',
                keypoints=keypoint_names(metainfo))


def find_point_set(names: Sequence[str]) -> Optional[str]:
    """Finds this package's metainfo with exactly these point names in order."""
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
    """Indices of the points with a known meaning, by name."""
    if point_set in _IN_IBUG_ORDER:
        return _points('ibug68')
    if point_set == 'wflw':
        names = dict(zip(_points('ibug68'), _WFLW_OF_IBUG68))
        return {**names, **_WFLW_PUPILS}
    index = load_metainfo(dict(from_file=point_set))['keypoint_name2id']
    # Numbered points mean something different in each set.
    return {name: i for name, i in index.items()
            if not name.startswith(('kpt', 'face-'))}


def keypoint_mapping(source: str, target: str) -> List[Tuple[Source, int]]:
    """Maps the points of one set (``'wflw'``) to those of another.

    Returns:
        list[tuple]: A mapping for MMPose's ``KeypointConverter``: for each
        point of ``target`` that ``source`` has, its index in ``source``, or
        two indices for their midpoint, and its index in ``target``.

    Raises:
        ValueError: The sets have no known point in common.
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
            f'No point of "{target}" is known to correspond to a point of '
            f'"{source}": the points of one set have no descriptive names.')
    return mapping


def convert_keypoints(points: np.ndarray, mapping: List[Tuple[Source, int]],
                      count: int) -> np.ndarray:
    """Converts one face's points by a :func:`keypoint_mapping`.

    Args:
        points (np.ndarray): Shape (N, 3), x, y and visibility.
        mapping (list[tuple]): From these points to those of the target.
        count (int): Number K of points of the target.

    Returns:
        np.ndarray: Shape (K, 3); zeros for points that the source lacks. A
        midpoint is as visible as the less visible of its ends.
    """
    converted = np.zeros((count, 3))
    for source, target in mapping:
        ends = points[np.atleast_1d(source)]
        converted[target] = [*ends[:, :2].mean(0), ends[:, 2].min()]
    return converted


def keypoint_indices(teacher: str, student: str) -> List[int]:
    """Returns the index in set ``teacher`` of each point of set ``student``.

    Raises:
        ValueError: The mapping is unknown, or ``teacher`` lacks a point.
    """
    count = load_metainfo(dict(from_file=student))['num_keypoints']
    indices = {target: source
               for source, target in keypoint_mapping(teacher, student)
               if isinstance(source, int)}
    missing = [i for i in range(count) if i not in indices]
    if missing:
        raise ValueError(
            f'teacher.keypoints: points {missing} of "{student}" do not '
            f'correspond to single points of "{teacher}". Train the teacher on '
            f'"{student}" itself (PointSetConverter converts the labels), or '
            'give indices.')
    return [indices[i] for i in range(count)]
