"""Pixels that are no scene: dead ones, fill values, and rows of telemetry."""
from typing import NamedTuple, Tuple

import cv2
import numpy as np

from .warned_once import warn_once

#: Share of a frame's pixels that may be replaced.
MAX_DEAD_SHARE = .05
_MAX_TELEMETRY_ROWS = 4  # at either edge
_MIN_ROWS = 32  # a frame of fewer is no camera's
# What lies beyond the 5th and 95th percentile by three times their distance,
# a tenth of the median and 10 units is looked at. The tenth is 30 K of a
# frame in kelvin, the 10 are 10 K of one in degrees Celsius.
_SPANS, _MEDIAN_SHARE, _UNITS = 3., .1, 10.
_CLUSTER = 9  # pixels
_HALO = .1  # a hot object's, which a lens blurs; a dead pixel has none
_FILL_SHARE, _FILL_SPANS, _FILL_UNITS = .5, 5., 100.
_ABSURD = 1e7  # no camera's unit has such values
_LARGEST = 1e37
_GRID = 32  # rows and columns that a look at the range takes


class Scene(NamedTuple):
    """A radiometric image without dead pixels, and its range."""
    raw: np.ndarray
    low: float
    high: float


class UsualRange(NamedTuple):
    """Where most of a frame's pixels are, and how far others may be.

    Attributes:
        low, median, high (float): The 5th, 50th and 95th percentile.
    """
    low: float
    median: float
    high: float

    @property
    def reach(self) -> float:
        return max(_SPANS * (self.high - self.low),
                   _MEDIAN_SHARE * abs(self.median), _UNITS)


def usual_range(raw: np.ndarray) -> UsualRange:
    """Looks at a grid of pixels: all of them would be slow.

    Args:
        raw (np.ndarray): Shape (H, W), finite.

    Returns:
        UsualRange: Of the pixels.
    """
    step = max(min(raw.shape) // _GRID, 1)
    values = raw[::step, ::step].ravel()
    last = values.size - 1
    places = [last // 20, last // 2, last - last // 20]
    low, median, high = np.partition(values, places)[places].tolist()
    return UsualRange(low, median, high)


def scene_of(raw: np.ndarray, name: str = 'given as an array') -> Scene:
    """Replaces what is no scene by what is beside it.

    Pixels that are not finite, absurdly far from the others, alone or in
    small groups without a halo, or of one fill value (0, 65535, -9999); and
    whole rows of telemetry at the upper and lower edge. One warning each.
    Frames without such pixels stay as they are.

    Args:
        raw (np.ndarray): Shape (H, W), uint16, int16 or float32.
        name (str): Of the image, for messages.

    Returns:
        Scene: The image, its least and its largest value.

    Raises:
        ValueError: More than :data:`MAX_DEAD_SHARE` of the pixels are dead.
    """
    low, high, _, _ = cv2.minMaxLoc(raw)
    # The sum, too: NaN has no place in an order.
    if raw.dtype != np.float32 or np.isfinite(cv2.sumElems(raw)[0]):
        usual = usual_range(raw)
        if low >= usual.low - usual.reach and high <= usual.high + usual.reach:
            return Scene(raw, low, high)
    dead, telemetry = _not_scene(raw)
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
        raw = _filled(raw, dead, telemetry)
        low, high, _, _ = cv2.minMaxLoc(raw)
    return Scene(raw, low, high)


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
             _CLUSTER) & (nearest <= _HALO * least)
    fill = (least == most) & (least >= max(
        _FILL_SHARE * abs(usual.median),
        _FILL_SPANS * (usual.high - usual.low), _FILL_UNITS))
    return rest & (alone | fill)[labels]


def _filled(raw, dead, telemetry) -> np.ndarray:
    """The image with the nearest good pixels in the place of bad ones."""
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
