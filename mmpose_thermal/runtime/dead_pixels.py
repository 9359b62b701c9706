"""Repairs pixels outside the scene: dead pixels, fill values, telemetry rows."""
from typing import List, NamedTuple, Optional, Tuple

import cv2
import numpy as np

from .warned_once import warn_once

# A pixel is suspicious if it exceeds the 5th to 95th percentile range by more
# than the largest of: three times the range, a tenth of the median (30 K for
# frames in kelvin), and 10 units (10 K for frames in degrees Celsius).
_SPANS, _MEDIAN_SHARE, _UNITS = 3., .1, 10.
_GRID = 32  # rows and columns sampled to estimate the range

#: Largest share of a frame's pixels that may be replaced.
MAX_DEAD_SHARE = .05
#: The lens blurs hot objects, so their neighbours are warmer by at least this
#: share. Dead pixels have no such halo.
HALO = .1
_FILL_SHARE, _FILL_SPANS, _FILL_UNITS = .5, 5., 100.
#: Common fill values for missing measurements. To count as fill, they must be
#: at least the scene's span, and at least 10 units, away from the scene.
BLANK, _BLANK_SPANS, _BLANK_UNITS = (0., -1.), 1., 10.
_LEAST_SHARE = .005
_FILLED_WITH = (1., 99.7)  # percentiles: the ends of the default gain
_LEAST_PIXELS = 256  # smaller frames are too small for value statistics
_AREA = 5  # minimum width in pixels; narrower parts take neighbouring values

_MAX_TELEMETRY_ROWS = 4  # at either edge
_MIN_ROWS = 32  # cameras deliver more rows than this
_CLUSTER = 9  # largest group of dead pixels
_LINE_WIDTH, _LINE_SHARE, _FULL_SHARE, _BESIDE_SHARE = 2, .3, .7, .1
_ABSURD = 1e7  # impossible in any camera's unit
_LARGEST = 1e37


class UsualRange(NamedTuple):
    """The 5th, 50th and 95th percentile of an image."""
    low: float
    median: float
    high: float

    @property
    def reach(self) -> float:
        return max(_SPANS * (self.high - self.low),
                   _MEDIAN_SHARE * abs(self.median), _UNITS)


def usual_range(raw: np.ndarray) -> UsualRange:
    """Estimates the usual range of an image with finite pixels."""
    return UsualRange(*grid_percentiles(raw, 5))


def grid_percentiles(raw: np.ndarray, share: int) -> List[float]:
    """Percentiles ``share``, 50 and ``100 - share`` of a grid of finite pixels."""
    step = max(min(raw.shape) // _GRID, 1)
    values = raw[::step, ::step].ravel()
    if values.dtype == np.float32:
        values = values[np.isfinite(values)]
    if not values.size:
        return [np.nan] * 3
    last = values.size - 1
    places = [last * share // 100, last // 2, last - last * share // 100]
    return np.partition(values, places)[places].tolist()


class Scene(NamedTuple):
    """A radiometric image without dead pixels, and its range."""
    raw: np.ndarray
    low: float
    high: float


def scene_of(raw: np.ndarray, name: str = 'given as an array') -> Scene:
    """Replaces pixels that do not belong to the scene with nearby values.

    A pixel is replaced if it is non-finite or an extreme outlier (isolated,
    in a small group, or along a line without a halo), or if it has a fill
    value (0, 65535, -9999). Telemetry rows at the upper and lower edge are
    replaced too. Areas larger than :data:`MAX_DEAD_SHARE` that are empty or
    have one fill value are set to the 1st percentile of the other pixels (the
    99.7th if the fill value is above them). Each kind of repair warns once.
    Frames without such pixels are returned unchanged.

    Args:
        raw (np.ndarray): Shape (H, W), uint16, int16 or float32.
        name (str): Image name for messages.

    Raises:
        ValueError: Too many pixels would have to be replaced.
    """
    low, high, _, _ = cv2.minMaxLoc(raw)
    # minMaxLoc ignores NaN, so check the sum as well.
    if raw.dtype != np.float32 or np.isfinite(cv2.sumElems(raw)[0]):
        usual = usual_range(raw)
        reach = usual.reach
        if usual.low - reach <= low and high <= usual.high + reach and not (
                low == usual.low or high == usual.high or low in BLANK):
            return Scene(raw, low, high)
    filled = without_fill(raw, name)
    dead, telemetry = _not_scene(filled)
    count, rows = int(dead.sum()), int(telemetry.sum())
    if count > MAX_DEAD_SHARE * raw.size:
        raise ValueError(
            f'Thermal image {name} holds {count} pixels '
            f'({count / raw.size:.0%}) that are not finite or not part of the '
            f'scene. At most {MAX_DEAD_SHARE:.0%} can be replaced by their '
            'neighbours: fill in the missing values, or crop the frame to its '
            'valid area.')
    if count:
        warn_once(
            'dead pixels',
            f'Thermal image {name}: {count} pixels that are not finite or far '
            'from all others (dead pixels or fill values) are replaced by '
            'their neighbours.')
    if rows:
        warn_once(
            'telemetry',
            f'Thermal image {name}: {rows} rows at its edge are not part of '
            'the scene (camera telemetry). They are replaced by the adjacent '
            'row.')
    if count or rows:
        filled = replaced(filled, dead, telemetry)
    if filled is not raw:
        low, high, _, _ = cv2.minMaxLoc(filled)
    return Scene(filled, low, high)


def _not_scene(raw: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Masks of dead pixels (H, W) and telemetry rows (H, ), bool."""
    values = raw.astype(np.float32)
    finite = np.isfinite(values)
    if finite.mean() <= 1 - MAX_DEAD_SHARE:
        return ~finite, np.zeros(len(raw), bool)
    usual = usual_range(np.where(finite, values, values[finite][0]))
    # Differences of the largest floats would overflow.
    values = np.clip(values, -_LARGEST, _LARGEST)
    beyond = np.maximum(values - usual.high, usual.low - values)
    beyond[~finite] = np.inf
    outside = beyond > usual.reach
    telemetry = _telemetry(outside)
    outside[telemetry] = False
    dead = outside & (beyond > _ABSURD)
    rest = outside & ~dead
    if rest.any():
        dead |= _dead_groups(rest, beyond, usual)
    return dead, telemetry


def _telemetry(outside: np.ndarray) -> np.ndarray:
    rows = np.zeros(len(outside), bool)
    if len(rows) < _MIN_ROWS:
        return rows
    foreign = outside.mean(1) > .5
    for edge, found in ((foreign, rows), (foreign[::-1], rows[::-1])):
        # Count rows up to the first row of the scene.
        count = int(np.argmin(edge)) if not edge.all() else 0
        if count <= _MAX_TELEMETRY_ROWS:
            found[:count] = True
    return rows


def _dead_groups(rest, beyond, usual) -> np.ndarray:
    """Groups of outlying pixels that no real object explains."""
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(
        rest.astype(np.uint8), connectivity=8)
    halo = cv2.dilate(
        np.where(rest | ~np.isfinite(beyond), 0., np.maximum(beyond, 0.)),
        np.ones((3, 3), np.uint8))
    least, most = np.full(count, np.inf), np.zeros(count)
    nearest = np.zeros(count)
    places, far = labels[rest], beyond[rest]
    np.minimum.at(least, places, far)
    np.maximum.at(most, places, far)
    np.maximum.at(nearest, places, halo[rest])
    alone = (statistics[:, cv2.CC_STAT_AREA] <=
             _CLUSTER) & (nearest <= HALO * least)
    fill = (least == most) & (least >= fill_distance(usual))
    return rest & (alone | fill)[labels] | _dead_columns(
        rest, beyond) | _dead_columns(rest.T, beyond.T).T


def _dead_columns(rest, beyond) -> np.ndarray:
    """Isolated outlying columns, up to ``_LINE_WIDTH`` side by side."""
    share = np.pad(rest.mean(0), _LINE_WIDTH + 1)
    size = rest.shape[1]
    found = (share[_LINE_WIDTH + 1:][:size] > _LINE_SHARE) & (
        share[:size] < _BESIDE_SHARE) & (share[-size:] < _BESIDE_SHARE)
    if not found.any():
        return np.zeros_like(rest)
    far = np.where(np.isfinite(beyond), np.maximum(beyond, 0.), 0.).mean(0)
    # The lens blurs real objects; a dead sensor line has no halo.
    beside = cv2.dilate(
        np.where(found, 0., far)[None], np.ones((1, 2 * _LINE_WIDTH + 1)))[0]
    found &= beside <= HALO * far
    return found & (rest | (rest.mean(0) > _FULL_SHARE))


def without_fill(raw: np.ndarray, name: str) -> np.ndarray:
    """Fills large areas that are empty or have one fill value."""
    if raw.dtype == np.float32:
        empty = ~np.isfinite(raw)
        if MAX_DEAD_SHARE < empty.mean() <= 1 - MAX_DEAD_SHARE:
            _warn_of_fill(name, empty, 'not finite')
            raw = _area_filled(raw, empty, _FILLED_WITH[0])
    for _ in range(2):  # one fill value below the scene, one above
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
        f'are {what}, so not part of the scene. They are filled with the '
        'nearest frequent value.')


def _fill_value(raw) -> Optional[Tuple[float, np.ndarray, float]]:
    """Finds a fill value: value, mask, and percentile to replace it with."""
    finite = raw[np.isfinite(raw)]
    if finite.size < _LEAST_PIXELS:
        return None
    usual = usual_range(np.where(np.isfinite(raw), raw, finite[0]))
    frequent = {}
    for value in {float(finite.min()), usual.low, usual.high,
                  float(finite.max())}:
        mask = raw == raw.dtype.type(value)
        # Values inside the range are never outliers, so a lower share suffices.
        is_inside = value in (usual.low, usual.high) or (
            value in BLANK and usual.low - usual.reach <= value)
        if mask.mean() > (_LEAST_SHARE if is_inside else MAX_DEAD_SHARE):
            frequent[value] = mask
    # Excluding all candidates keeps a second fill value out of the range.
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
        # A hot, clipped object has a halo from the lens.
        if mixed.sum() < HALO * ring.sum():
            return value, mask, _FILLED_WITH[1]
    return None


def _rest(raw, excluded) -> Optional[UsualRange]:
    """Usual range of the remaining pixels, if there are enough."""
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
    """Minimum distance of a fill value from the scene."""
    return max(_FILL_SHARE * abs(usual.median),
               _FILL_SPANS * (usual.high - usual.low), _FILL_UNITS)


def _edge(raw, mask, value, rest) -> Tuple[np.ndarray, np.ndarray]:
    """Masks of the ring around a fill area, and of its intermediate values."""
    ring = cv2.dilate(mask.astype(np.uint8), np.ones(
        (_AREA, _AREA), np.uint8)).astype(bool) & ~mask
    end = rest.low if value < rest.low else rest.high
    limit = end + HALO * (value - end)
    return ring, ring & (raw < limit if value < end else raw > limit)


def _area_filled(raw, mask, percentile) -> np.ndarray:
    """Fills areas with a percentile of the rest, thin parts by neighbours."""
    area = cv2.morphologyEx(
        mask.astype(np.uint8), cv2.MORPH_OPEN,
        np.ones((_AREA, _AREA), np.uint8)) > 0
    others = raw[np.isfinite(raw) & ~mask]
    filled = raw.copy()
    filled[area] = np.percentile(others, percentile)
    return replaced(filled, mask & ~area, np.zeros(len(raw), bool))


def replaced(raw: np.ndarray, dead: np.ndarray,
             telemetry: np.ndarray) -> np.ndarray:
    """Copies an image and replaces dead pixels (H, W) and telemetry rows (H, ),
    both bool masks, with the nearest good pixels.
    """
    bad = dead | telemetry[:, None]
    _, nearest = cv2.distanceTransformWithLabels(
        bad.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    values = np.zeros(nearest.max() + 1, raw.dtype)
    values[nearest[~bad]] = raw[~bad]
    filled = raw.copy()
    filled[bad] = values[nearest[bad]]
    # Inside the scene, use the median of all neighbours.
    filled[dead] = cv2.medianBlur(filled, 3)[dead]
    return filled
