"""Where on a face skin temperatures are measured."""
from dataclasses import dataclass
from typing import Dict, Sequence

import numpy as np


@dataclass(frozen=True)
class SkinRegion:
    """A disc of skin, centred at a weighted mean of named points.

    Attributes:
        points (dict[str, float]): Weight of each point; they sum to 1.
        radius (float): Radius relative to the extent of the landmarks (square
            root of their bounding box's area).
        statistic (str): ``'max'`` or ``'median'`` of the pixels.
    """
    points: Dict[str, float]
    radius: float
    statistic: str = 'median'


def _sides(points, radius, statistic='median'):
    return {
        side: SkinRegion(
            {name.format(side): weight
             for name, weight in points.items()}, radius, statistic)
        for side in ('right', 'left')
    }


def _both(name, *choices):
    return {
        name.format(side): tuple(choice[side] for choice in choices)
        for side in ('right', 'left')
    }


#: Alternative definitions of each region; the first one whose points are all
#: available is used. Fever screening measures the warmest spot at the inner
#: corners of the eyes (ISO/TR 13154).
SKIN_REGIONS = {
    **_both('{}_inner_eye_corner', _sides({'{}_eye_inner': 1.}, .03, 'max')),
    'nose_tip': (SkinRegion({'nose_tip': 1.}, .03), ),
    'forehead': (
        # Extrapolated from the nose tip: beyond the inner ends of the brows by
        # half their distance, beyond the eyes by the whole distance.
        SkinRegion(
            dict(right_brow_4=.75, left_brow_4=.75, nose_tip=-.5), .08),
        SkinRegion(
            dict(right_eye_centre=1., left_eye_centre=1., nose_tip=-1.), .08),
        SkinRegion(
            dict(right_eye_outer=1., left_eye_outer=1., nose_tip=-1.), .08)),
    **_both('{}_cheek',
            _sides({'{}_eye_outer': .5, '{}_mouth_corner': .5}, .06),
            _sides({'{}_eye_centre': .4, '{}_mouth_corner': .6}, .06)),
}


def skin_regions(keypoints: Sequence[str]) -> Dict[str, SkinRegion]:
    """Returns the skin regions that these points define, by name."""
    known = set(keypoints)
    found = {}
    for name, definitions in SKIN_REGIONS.items():
        fitting = [d for d in definitions if set(d.points) <= known]
        if fitting:
            found[name] = fitting[0]
    return found


def landmark_extent_px(keypoints: np.ndarray) -> float:
    """Square root of the area of the landmarks' bounding box, pixels."""
    width, height = np.ptp(keypoints, axis=0)
    return float(np.sqrt(max(width * height, 1.)))
