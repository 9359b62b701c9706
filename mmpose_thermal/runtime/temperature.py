"""Measures skin temperatures at landmarks and in facial regions."""
from dataclasses import dataclass
from typing import Dict, Optional, Sequence, Tuple

import numpy as np

from .radiometry import CELSIUS_K, DEFAULT_SCALE, temperature_problem

#: Plausible median temperature of a face, degrees Celsius.
SKIN_CELSIUS = (0., 50.)
_POINT_RADIUS = .012
_MIN_RADIUS_PX = 1.


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


def is_radiometric(raw: np.ndarray,
                   scale: Optional[float] = None,
                   offset: float = 0.) -> bool:
    """Whether pixels are plausible temperatures (:func:`temperature_problem`)."""
    return temperature_problem(raw, scale, offset) is None


def is_skin(celsius: Sequence[float]) -> bool:
    """Whether a face's values, degrees Celsius, are plausible for skin.

    Raw counts may look like a plausible scene by chance, but hardly like a
    plausible face. NaN values are ignored; all NaN is not skin.
    """
    values = np.asarray(celsius, float)
    values = values[np.isfinite(values)]
    low, high = SKIN_CELSIUS
    return bool(len(values) and low <= np.median(values) <= high)


def _celsius(values, dtype, scale, offset):
    scale = DEFAULT_SCALE[dtype.name] if scale is None else scale
    return values * scale + (offset - CELSIUS_K)


class SkinThermometer:
    """Measures the skin temperature of faces in radiometric images.

    Args:
        keypoints (Sequence[str]): Landmark names.
        scale, offset (float): Kelvin are ``raw * scale + offset``. Default to
            0.01 and 0 for 16 bits (centikelvin), and to 1 and 0 for floats.
    """

    def __init__(self,
                 keypoints: Sequence[str],
                 scale: Optional[float] = None,
                 offset: float = 0.) -> None:
        self._scale, self._offset = scale, offset
        self._regions = skin_regions(keypoints)
        self._weights = np.array(
            [[region.points.get(name, 0.) for name in keypoints]
             for region in self._regions.values()]).reshape(
                 -1, len(keypoints))
        self._radii = np.array([r.radius for r in self._regions.values()])
        self._warmest = np.array(
            [r.statistic == 'max' for r in self._regions.values()], bool)

    def __call__(self, raw: np.ndarray,
                 keypoints: np.ndarray) -> Tuple[np.ndarray, Dict[str, float]]:
        """Measures one face in degrees Celsius.

        Args:
            raw (np.ndarray): Radiometric image, (H, W).
            keypoints (np.ndarray): Landmarks (K, 2) in pixels.

        Returns:
            tuple: Median of a small disc around each landmark, (K, ), and the
            value of each region (:data:`SKIN_REGIONS`) by name. NaN if most
            of a disc is outside the image.
        """
        width, height = np.ptp(keypoints, axis=0)
        extent_px = float(np.sqrt(max(width * height, 1.)))
        count = len(keypoints)
        centres = np.concatenate([keypoints, self._weights @ keypoints])
        at_points = self._measure(
            raw, centres[:count], np.full(count, _POINT_RADIUS * extent_px),
            np.zeros(count, bool))
        of_skin = self._measure(raw, centres[count:],
                                self._radii * extent_px, self._warmest)
        return at_points, dict(zip(self._regions, of_skin.tolist()))

    def _measure(self, raw, centres, radii_px, warmest):
        """Median or maximum of discs, degrees Celsius, (M, )."""
        values, seen, areas = _discs(raw, centres,
                                     np.maximum(radii_px, _MIN_RADIUS_PX))
        counts = seen.sum(1)
        # Pixels outside the image are sorted to the end.
        ranked = np.sort(np.where(seen, values, np.inf), axis=1)
        rows, last = np.arange(len(counts)), np.maximum(counts - 1, 0)
        result = np.where(
            warmest, ranked[rows, last],
            .5 * (ranked[rows, last // 2] + ranked[rows, counts // 2]))
        result = np.where(counts > .5 * areas, result, np.nan)
        return _celsius(result, raw.dtype, self._scale, self._offset)


def _discs(raw, centres, radii_px):
    """Pixel values and visibility of M discs, (M, P), and their areas, (M, )."""
    height, width = raw.shape
    reach = int(np.ceil(radii_px.max(initial=_MIN_RADIUS_PX)))
    steps = np.arange(-reach, reach + 1)
    x, y = np.tile(steps, len(steps)), np.repeat(steps, len(steps))
    inside = x**2 + y**2 <= radii_px[:, None]**2
    columns = np.rint(centres[:, :1]).astype(int) + x
    rows = np.rint(centres[:, 1:]).astype(int) + y
    seen = inside & (columns >= 0) & (columns < width) & (rows >= 0) & (
        rows < height)
    places = np.where(seen, rows * width + columns, 0)
    return raw.take(places), seen, inside.sum(1)
