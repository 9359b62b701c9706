"""False colours of thermal cameras, and the intensities behind them."""
from functools import lru_cache
from pathlib import Path
from typing import Iterable, Tuple

import cv2
import numpy as np

# Colours (R, G, B) at equal steps from the coldest to the hottest level. The
# maker's own table is not public; this one follows its look closely enough
# for the order of intensities. For a camera's own palette give a file instead.
_GRADIENTS = {
    'white-hot': [(0, 0, 0), (255, 255, 255)],
    'black-hot': [(255, 255, 255), (0, 0, 0)],
    'iron': [(0, 0, 10), (32, 0, 108), (96, 0, 150), (158, 0, 154),
             (199, 29, 125), (228, 74, 51), (242, 118, 8), (251, 164, 2),
             (255, 207, 34), (255, 243, 131), (255, 255, 246)],
}
_LEVELS = 256
_BITS = 6  # of each colour channel in the inverse table
# Beyond this distance from the palette (of at most 442) a colour is none of it.
_FOREIGN_DISTANCE = 40.
_FOREIGN_SHARE = .25


@lru_cache(maxsize=None)
def palette_colours(palette: str) -> np.ndarray:
    """The colours of a palette, from the coldest to the hottest.

    Args:
        palette (str): ``'white-hot'``, ``'black-hot'``, ``'iron'``, or the
            path of an image of 256 pixels in one row or column, coldest first.

    Returns:
        np.ndarray: Shape (256, 3), BGR, uint8.

    Raises:
        ValueError: It is none of these.
    """
    if palette in _GRADIENTS:
        stops = np.array(_GRADIENTS[palette], float)[:, ::-1]
        at = np.linspace(0, len(stops) - 1, _LEVELS)
        return np.stack([
            np.interp(at, np.arange(len(stops)), channel)
            for channel in stops.T
        ], 1).round().astype(np.uint8)
    image = cv2.imread(palette) if Path(palette).is_file() else None
    if image is None or image.shape[0] * image.shape[1] != _LEVELS or \
            1 not in image.shape[:2]:
        raise ValueError(
            f'"palette" is {palette!r}, but must be one of '
            f'{sorted(_GRADIENTS)} or the path of an image of 256 pixels in '
            'one row or column, coldest first.')
    return image.reshape(_LEVELS, 3)


@lru_cache(maxsize=None)
def _inverse_table(palette: str):
    """Level and distance of every colour of 6 bits a channel, both uint8."""
    colours = palette_colours(palette).astype(np.float32)
    axis = np.arange(2**_BITS, dtype=np.float32)
    axis = (axis + .5) * 2**(8 - _BITS) - .5
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing='ij'), -1)
    levels, distances = [], []
    for part in grid:  # a plane at a time keeps the memory small
        flat = part.reshape(-1, 3)
        squared = (flat**2).sum(1)[:, None] - 2 * flat @ colours.T + (
            colours**2).sum(1)
        nearest = squared.argmin(1)
        levels.append(nearest)
        distances.append(np.take_along_axis(squared, nearest[:, None], 1))
    distance = np.sqrt(np.maximum(np.concatenate(distances)[:, 0], 0))
    return (np.concatenate(levels).astype(np.uint8),
            np.minimum(distance, 255).astype(np.uint8))


def fit_palette(
        pairs: Iterable[Tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Finds the palette of frames that are at hand both grey and coloured.

    Args:
        pairs (Iterable[tuple]): Grey (H, W) and false-colour (H, W, 3) image,
            uint8.

    Returns:
        np.ndarray: Shape (256, 3), BGR, uint8; levels that do not occur are
        interpolated.

    Raises:
        ValueError: The images of a pair have unlike sizes, or fewer than 32
            levels occur at all.
    """
    count, total = np.zeros(_LEVELS), np.zeros((_LEVELS, 3))
    for grey, colour in pairs:
        if grey.shape != colour.shape[:2]:
            raise ValueError(f'a grey image of {grey.shape} pixels cannot be '
                             f'the same frame as one of {colour.shape[:2]}.')
        level = grey.ravel()
        count += np.bincount(level, minlength=_LEVELS)
        for channel in range(3):
            total[:, channel] += np.bincount(
                level, colour[..., channel].ravel(), _LEVELS)
    known = np.flatnonzero(count)
    if len(known) < 32:
        raise ValueError(f'{len(known)} grey levels occur: too few for a '
                         'palette. Use more images.')
    mean = total[known] / count[known, None]
    return np.stack([
        np.interp(np.arange(_LEVELS), known, channel) for channel in mean.T
    ], 1).round().astype(np.uint8)


def apply_palette(grey: np.ndarray, palette: str) -> np.ndarray:
    """Colours grey levels.

    Args:
        grey (np.ndarray): Shape (H, W), uint8.
        palette (str): See :func:`palette_colours`.

    Returns:
        np.ndarray: Shape (H, W, 3), BGR, uint8.
    """
    return cv2.applyColorMap(grey, palette_colours(palette)[:, None])


def invert_palette(image: np.ndarray, palette: str) -> np.ndarray:
    """Finds the grey levels behind a false-colour image.

    Each pixel gets the level of the palette's nearest colour, by one look-up.

    Args:
        image (np.ndarray): Shape (H, W, 3), BGR, uint8; or (H, W).
        palette (str): See :func:`palette_colours`.

    Returns:
        np.ndarray: Shape (H, W), uint8.

    Raises:
        ValueError: A quarter of the pixels or more are far from the palette.
    """
    if image.ndim == 2:
        if palette == 'black-hot':
            return cv2.bitwise_not(image)
        if palette == 'white-hot':
            return image
        raise ValueError(f'a grey image cannot have the palette {palette!r}.')
    levels, distances = _inverse_table(palette)
    index = image.astype(np.int32) >> (8 - _BITS)
    index = (index[..., 0] << 2 * _BITS) | (index[..., 1] << _BITS) | index[...,
                                                                          2]
    foreign = (distances[index[::4, ::4]] > _FOREIGN_DISTANCE).mean()
    if foreign >= _FOREIGN_SHARE:
        raise ValueError(
            f'{foreign:.0%} of its pixels have colours that are not of the '
            f'palette {palette!r}. Is it a visible-light image, or of another '
            'palette?')
    return levels[index]
