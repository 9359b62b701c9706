"""Areas of a frame that hold no values, or one that is no scene."""
from typing import Optional, Tuple

import cv2
import numpy as np

from .usual_range import UsualRange, usual_range
from .warned_once import warn_once

#: Share of a frame's pixels that may be replaced.
MAX_DEAD_SHARE = .05
#: Of a hot object, which a lens blurs; a dead pixel has none.
HALO = .1
_FILL_SHARE, _FILL_SPANS, _FILL_UNITS = .5, 5., 100.
#: What software writes where nothing was measured. It is told from a scene in
#: degrees Celsius by the scene's own span, or 10 units.
BLANK, _BLANK_SPANS, _BLANK_UNITS = (0., -1.), 1., 10.
_LEAST_SHARE = .005
_FILLED_WITH = (1., 99.7)  # percentiles: the ends of the default gain
_LEAST_PIXELS = 256  # of a frame: fewer tell nothing of what is frequent
_AREA = 5  # pixels a side: what is narrower is filled by its neighbours


def without_fill(raw: np.ndarray, name: str) -> np.ndarray:
    """Fills large areas that have no values or one fill value.

    Args:
        raw (np.ndarray): Shape (H, W), uint16, int16 or float32.
        name (str): Of the image, for the warning.

    Returns:
        np.ndarray: The same array if there is no such area.
    """
    if raw.dtype == np.float32:
        empty = ~np.isfinite(raw)
        if MAX_DEAD_SHARE < empty.mean() <= 1 - MAX_DEAD_SHARE:
            _warn_of_fill(name, empty, 'not finite')
            raw = _area_filled(raw, empty, _FILLED_WITH[0])
    for _ in range(2):  # one below the scene and one above it
        fill = _fill_value(raw)
        if fill is None:
            break
        value, mask, percentile = fill
        _warn_of_fill(name, mask, f'{value:g}, far from all others')
        raw = _area_filled(raw, mask, percentile)
    return raw


def _warn_of_fill(name, mask, what):
    warn_once(
        'fill value', f'Thermal image {name}: {mask.mean():.0%} of its pixels '
        f'are {what}: no scene. They are filled with the nearest value that '
        'is frequent.')


def _fill_value(raw) -> Optional[Tuple[float, np.ndarray, float]]:
    """A fill value, its pixels, and the percentile that takes its place."""
    finite = raw[np.isfinite(raw)]
    if finite.size < _LEAST_PIXELS:
        return None
    usual = usual_range(np.where(np.isfinite(raw), raw, finite[0]))
    frequent = {}
    for value in {float(finite.min()), usual.low, usual.high,
                  float(finite.max())}:
        mask = raw == raw.dtype.type(value)
        # A range that ends with the value does not call it dead.
        is_inside = value in (usual.low, usual.high) or (
            value in BLANK and usual.low - usual.reach <= value)
        if mask.mean() > (_LEAST_SHARE if is_inside else MAX_DEAD_SHARE):
            frequent[value] = mask
    # Another fill value beyond the scene would be part of its range.
    every = np.logical_or.reduce(list(frequent.values()), axis=0)
    for value, mask in sorted(frequent.items()):
        rests = (_rest(raw, excluded) for excluded in (mask, every))
        rest = next((rest for rest in rests
                     if rest is not None and _is_far(value, rest)), None)
        if rest is None:
            continue
        ring, mixed = _edge(raw, mask, value, rest)
        if value < rest.low:
            return value, mask | mixed, _FILLED_WITH[0]
        # What is hot and clipped has a halo by the lens.
        if mixed.sum() < HALO * ring.sum():
            return value, mask, _FILLED_WITH[1]
    return None


def _rest(raw, excluded) -> Optional[UsualRange]:
    """The range of other pixels, if there are enough of them."""
    others = raw[np.isfinite(raw) & ~excluded]
    return None if others.size < MAX_DEAD_SHARE * raw.size else usual_range(
        others[:, None])


def _is_far(value: float, rest: UsualRange) -> bool:
    span = rest.high - rest.low
    distance = max(rest.low - value, value - rest.high)
    if value in BLANK and distance >= max(_BLANK_SPANS * span, _BLANK_UNITS):
        return True
    return distance >= fill_distance(rest)


def fill_distance(usual: UsualRange) -> float:
    """How far from a scene a value is that is none."""
    return max(_FILL_SHARE * abs(usual.median),
               _FILL_SPANS * (usual.high - usual.low), _FILL_UNITS)


def _edge(raw, mask, value, rest) -> Tuple[np.ndarray, np.ndarray]:
    """Pixels around a fill, and those between it and the scene by value, as a
    lens or interpolation makes them.
    """
    ring = cv2.dilate(mask.astype(np.uint8), np.ones(
        (_AREA, _AREA), np.uint8)).astype(bool) & ~mask
    end = rest.low if value < rest.low else rest.high
    limit = end + HALO * (value - end)
    return ring, ring & (raw < limit if value < end else raw > limit)


def _area_filled(raw, mask, percentile) -> np.ndarray:
    """Areas get a percentile of what is outside, the rest its neighbours."""
    area = cv2.morphologyEx(
        mask.astype(np.uint8), cv2.MORPH_OPEN,
        np.ones((_AREA, _AREA), np.uint8)) > 0
    others = raw[np.isfinite(raw) & ~mask]
    filled = raw.copy()
    filled[area] = np.percentile(others, percentile)
    return replaced(filled, mask & ~area, np.zeros(len(raw), bool))


def replaced(raw: np.ndarray, dead: np.ndarray,
             telemetry: np.ndarray) -> np.ndarray:
    """Puts the nearest good pixels in the place of bad ones.

    Args:
        raw (np.ndarray): Shape (H, W).
        dead (np.ndarray): Bad pixels, (H, W), bool.
        telemetry (np.ndarray): Bad rows, (H, ), bool.

    Returns:
        np.ndarray: A copy.
    """
    bad = dead | telemetry[:, None]
    _, nearest = cv2.distanceTransformWithLabels(
        bad.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    values = np.zeros(nearest.max() + 1, raw.dtype)
    values[nearest[~bad]] = raw[~bad]
    filled = raw.copy()
    filled[bad] = values[nearest[bad]]
    # In the midst of the scene all neighbours have a say.
    filled[dead] = cv2.medianBlur(filled, 3)[dead]
    return filled
