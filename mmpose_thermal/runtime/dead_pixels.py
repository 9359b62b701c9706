"""Pixels that are no scene: dead ones, fill values, and rows of telemetry."""
from typing import NamedTuple, Tuple

import cv2
import numpy as np

from .fill_values import (BLANK, HALO, MAX_DEAD_SHARE, fill_distance, replaced,
                          without_fill)
from .usual_range import usual_range
from .warned_once import warn_once

_MAX_TELEMETRY_ROWS = 4  # at either edge
_MIN_ROWS = 32  # a frame of fewer is no camera's
_CLUSTER = 9  # pixels
_LINE_WIDTH, _LINE_SHARE, _FULL_SHARE, _BESIDE_SHARE = 2, .3, .7, .1
_ABSURD = 1e7  # no camera's unit has such values
_LARGEST = 1e37


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
    are.

    Args:
        raw (np.ndarray): Shape (H, W), uint16, int16 or float32.
        name (str): Of the image, for messages.

    Returns:
        Scene: The image, its least and its largest value.

    Raises:
        ValueError: More than :data:`MAX_DEAD_SHARE` of the pixels are dead,
            or less than that have values.
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
    """Columns that stand out by themselves, up to some side by side: (H, W),
    all of a column that has hardly a pixel of the usual range.
    """
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
