"""Which points of one landmark set are those of another."""
import re
from typing import List

from mmpose.datasets.datasets.utils import parse_pose_metainfo

# From the figures of the data sets: the same places on the face. 300W has the
# 68 iBUG points; WFLW traces jaw and brows with more points and has pupils.
_MAPS = {
    ('wflw', '300w'): [
        *range(0, 33, 2),  # jaw
        *range(33, 38), *range(42, 47),  # brows, upper edge
        *range(51, 60),  # nose
        60, 61, 63, 64, 65, 67,  # the eye on the left of the image
        68, 69, 71, 72, 73, 75,  # the other
        *range(76, 96),  # mouth
    ],
}


def _names(point_set: str) -> List[str]:
    info = parse_pose_metainfo(
        dict(from_file=f'configs/_base_/datasets/{point_set}.py'))
    return [
        info['keypoint_id2name'][index]
        for index in range(info['num_keypoints'])
    ]


def keypoint_indices(teacher: str, student: str) -> List[int]:
    """Finds a point set in a larger one.

    Args:
        teacher (str): Name of MMPose's metainfo of the larger set, such as
            ``'wflw'``.
        student (str): Of the set to be found in it, such as ``'300w'``.

    Returns:
        list[int]: For each point of ``student`` its index in ``teacher``.

    Raises:
        ValueError: The relation is not known.
    """
    if (teacher, student) in _MAPS:
        return list(_MAPS[teacher, student])
    names = [_names(name) for name in (teacher, student)]
    # Points that are merely numbered mean something else in each set.
    if any(re.fullmatch(r'kpt-?\d+', name) for name in names[1]) or \
            not set(names[1]) <= set(names[0]):
        raise ValueError(
            f'teacher.keypoints: which points of "{teacher}" are those of '
            f'"{student}" is not known here, and their names do not tell. '
            'Give the indices instead.')
    return [names[0].index(name) for name in names[1]]
