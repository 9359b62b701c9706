"""Pixels that are no scene: dead ones, fill values, and rows of telemetry."""
from typing import List, NamedTuple, Optional, Tuple

import cv2
import numpy as np

from .warned_once import warn_once

# What lies beyond the 5th and 95th percentile by three times their distance,
# a tenth of the median and 10 units is looked at. The tenth is 30 K of a
# frame in kelvin, the 10 are 10 K of one in degrees Celsius.
_SPANS, _MEDIAN_SHARE, _UNITS = 3., .1, 10.
_GRID = 32  # rows and columns that a look at the range takes

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

_MAX_TELEMETRY_ROWS = 4  # at either edge
_MIN_ROWS = 32  # a frame of fewer is no camera's
_CLUSTER = 9  # pixels
_LINE_WIDTH, _LINE_SHARE, _FULL_SHARE, _BESIDE_SHARE = 2, .3, .7, .1
_ABSURD = 1e7  # no camera's unit has such values
_LARGEST = 1e37


class UsualRange(NamedTuple):
    """Where most pixels are: their 5th, 50th and 95th percentile."""
    low: float
    median: float
    high: float

    @property
    def reach(self) -> float:
        return max(_SPANS * (self.high - self.low),
                   _MEDIAN_SHARE * abs(self.median), _UNITS)


def usual_range(raw: np.ndarray) -> UsualRange:
    """Of the pixels of an image without gaps."""
    return UsualRange(*grid_percentiles(raw, 5))


def grid_percentiles(raw: np.ndarray, share: int) -> List[float]:
    """A low percentile, the 50th and the high one of a grid of the finite
    pixels: all of them would be slow.
    """
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
    """Replaces what is no scene by what is beside it.

    Pixels that are not finite, absurdly far from the others, alone, in small
    groups or in lines without a halo, or of one fill value (0, 65535, -9999);
    and whole rows of telemetry at the upper and lower edge. Areas without
    values, or of one fill value, of more than :data:`MAX_DEAD_SHARE` get the
    1st percentile of the others (the 99.7th, if the fill value is above
    them). One warning of each kind. Frames without such pixels stay as they
    are; one with too many of them is a ``ValueError``.

    Args:
        raw (np.ndarray): Shape (H, W), uint16, int16 or float32.
        name (str): Of the image, for messages.
    """
    low, high, _, _ = cv2.minMaxLoc(raw)
    # The sum, too: NaN has no place in an order.
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
            f'({count / raw.size:.0%}) that are not finite or no scene. Up to '
            f'{MAX_DEAD_SHARE:.0%} are replaced by their neighbours; fill in '
            'the others, or cut the frame to where it has values.')
    if count:
        warn_once(
            'dead pixels',
            f'Thermal image {name}: {count} pixels that are not finite or far '
            'from all others (dead pixels or fill values) are replaced by '
            'their neighbours.')
    if rows:
        warn_once(
            'telemetry',
            f'Thermal image {name}: {rows} rows at its edge are no scene (a '
            "camera's telemetry). They are replaced by the row beside them.")
    if count or rows:
        filled = replaced(filled, dead, telemetry)
    if filled is not raw:
        low, high, _, _ = cv2.minMaxLoc(filled)
    return Scene(filled, low, high)


def _not_scene(raw: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Dead pixels (H, W) and rows of telemetry (H, ), both bool."""
    values = raw.astype(np.float32)
    finite = np.isfinite(values)
    if finite.mean() <= 1 - MAX_DEAD_SHARE:
        return ~finite, np.zeros(len(raw), bool)
    usual = usual_range(np.where(finite, values, values[finite][0]))
    # Differences of the largest floats would be infinite.
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
        # At most the rows before the first that is scene.
        count = int(np.argmin(edge)) if not edge.all() else 0
        if count <= _MAX_TELEMETRY_ROWS:
            found[:count] = True
    return rows


def _dead_groups(rest, beyond, usual) -> np.ndarray:
    """Groups of pixels outside the usual range that no object explains."""
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
    """Columns that stand out by themselves, up to some side by side."""
    share = np.pad(rest.mean(0), _LINE_WIDTH + 1)
    size = rest.shape[1]
    found = (share[_LINE_WIDTH + 1:][:size] > _LINE_SHARE) & (
        share[:size] < _BESIDE_SHARE) & (share[-size:] < _BESIDE_SHARE)
    if not found.any():
        return np.zeros_like(rest)
    far = np.where(np.isfinite(beyond), np.maximum(beyond, 0.), 0.).mean(0)
    # What a lens has blurred has a halo, a line of the sensor has none.
    beside = cv2.dilate(
        np.where(found, 0., far)[None], np.ones((1, 2 * _LINE_WIDTH + 1)))[0]
    found &= beside <= HALO * far
    return found & (rest | (rest.mean(0) > _FULL_SHARE))


def without_fill(raw: np.ndarray, name: str) -> np.ndarray:
    """Fills large areas that have no values or one fill value."""
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
    """Pixels around a fill, and those between it and the scene by value."""
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
    """A copy with the nearest good pixels in the place of bad ones: dead
    (H, W) and rows of telemetry (H, ), both bool.
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
