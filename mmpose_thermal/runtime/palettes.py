"""False-colour palettes of thermal cameras."""
from functools import lru_cache
from pathlib import Path
from typing import Dict, Iterable, List, NamedTuple, Tuple

import cv2
import numpy as np

# Colours (R, G, B) at equal steps from coldest to hottest. The manufacturer's
# iron table is not public; this one is close enough to preserve the order of
# intensities. For an exact inversion, use a palette file of the camera.
_GRADIENTS = {
    'white-hot': [(0, 0, 0), (255, 255, 255)],
    'black-hot': [(255, 255, 255), (0, 0, 0)],
    'iron': [(0, 0, 10), (32, 0, 108), (96, 0, 150), (158, 0, 154),
             (199, 29, 125), (228, 74, 51), (242, 118, 8), (251, 164, 2),
             (255, 207, 34), (255, 243, 131), (255, 255, 246)],
}
#: OpenCV colour maps by name, such as ``'inferno'`` and ``'jet'``.
COLOUR_MAPS: Dict[str, int] = {
    name[len('COLORMAP_'):].lower(): getattr(cv2, name)
    for name in sorted(dir(cv2)) if name.startswith('COLORMAP_')
}
#: All named palettes.
PALETTES: List[str] = [*_GRADIENTS, *COLOUR_MAPS]
_LEVELS = 256
_SAMPLED_PIXELS, _SAMPLED_COLOURS = 4096, 200


@lru_cache(maxsize=None)
def palette_colours(palette: str) -> np.ndarray:
    """The colours of a palette from the coldest to the hottest, (256, 3), BGR.

    Args:
        palette (str): One of :data:`PALETTES`, or the path of an image of 256
            pixels in one row or column, coldest first.

    Raises:
        ValueError: The palette is unknown, or its file is unsuitable.
    """
    if palette in _GRADIENTS:
        stops = np.array(_GRADIENTS[palette], float)[:, ::-1]
        at = np.linspace(0, len(stops) - 1, _LEVELS)
        return np.stack([
            np.interp(at, np.arange(len(stops)), channel)
            for channel in stops.T
        ], 1).round().astype(np.uint8)
    if palette in COLOUR_MAPS:
        ramp = np.arange(_LEVELS, dtype=np.uint8)
        return cv2.applyColorMap(ramp, COLOUR_MAPS[palette]).reshape(-1, 3)
    image = _read(palette)
    if image is None or image.shape[0] * image.shape[1] != _LEVELS or \
            1 not in image.shape[:2]:
        raise ValueError(
            f'"palette" is {palette!r}, but must be one of {PALETTES} or the '
            'path of an image of 256 pixels in one row or column, coldest '
            'first.')
    return image.reshape(_LEVELS, 3)


def _read(path):
    if not Path(path).is_file():
        return None
    return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)


class Fit(NamedTuple):
    """Median distance of an image's distinct colours to a palette, at most 442."""
    distance: float
    palette: str


@lru_cache(maxsize=None)
def _all_colours() -> np.ndarray:
    return np.stack([palette_colours(name)
                     for name in PALETTES]).astype(np.float32)


def palette_fits(image: np.ndarray, *others: str) -> List[Fit]:
    """Ranks palettes by how well they fit an image (H, W, 3), best first.

    Each distinct colour counts once, so a uniform background has no weight.

    Args:
        image (np.ndarray): BGR image, uint8.
        *others (str): Palettes to compare besides :data:`PALETTES`.
    """
    step = max(int(np.sqrt(image[..., 0].size / _SAMPLED_PIXELS)), 1)
    pixels = image[::step, ::step].reshape(-1, 3)
    coarse = (pixels >> 3).astype(np.int32)
    _, first = np.unique(
        coarse @ np.array([1024, 32, 1], np.int32), return_index=True)
    first = first[::max(len(first) // _SAMPLED_COLOURS, 1)]
    distinct = pixels[first].astype(np.float32)
    names = [*PALETTES, *others]
    colours = np.concatenate([
        _all_colours(), *(palette_colours(name)[None].astype(np.float32)
                          for name in others)])
    squared = _squared_distances(distinct, colours.reshape(-1, 3))
    nearest = squared.reshape(len(distinct), len(names), _LEVELS).min(2)
    distances = np.sqrt(np.maximum(nearest, 0))
    # If several medians are equal, the mean over all colours decides.
    means = dict(zip(names, distances.mean(0)))
    return sorted(
        map(Fit, np.median(distances, axis=0).tolist(), names),
        key=lambda fit: (round(fit.distance), means[fit.palette]))


def _squared_distances(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Squared distances (N, M) of colours (N, 3) and (M, 3), float32."""
    return (some**2).sum(1)[:, None] - 2 * some @ others.T + (others**2).sum(1)


def fit_palette(
        pairs: Iterable[Tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Fits a palette (256, 3) to frames given both in grey and in colour.

    Args:
        pairs (Iterable[tuple]): Grey (H, W) and false-colour (H, W, 3) images,
            uint8. Missing levels are interpolated.

    Raises:
        ValueError: Sizes differ, or too few grey levels occur.
    """
    count, total = np.zeros(_LEVELS), np.zeros((_LEVELS, 3))
    for grey, colour in pairs:
        if grey.shape != colour.shape[:2]:
            raise ValueError(f'a grey image of {grey.shape} pixels cannot be '
                             'the same frame as a colour image of '
                             f'{colour.shape[:2]}.')
        level = grey.ravel()
        count += np.bincount(level, minlength=_LEVELS)
        for channel in range(3):
            total[:, channel] += np.bincount(
                level, colour[..., channel].ravel(), _LEVELS)
    known = np.flatnonzero(count)
    if len(known) < 32:
        raise ValueError(f'only {len(known)} grey levels occur, too few for a '
                         'palette. Use more images.')
    mean = total[known] / count[known, None]
    return np.stack([
        np.interp(np.arange(_LEVELS), known, channel) for channel in mean.T
    ], 1).round().astype(np.uint8)


def apply_palette(grey: np.ndarray, palette: str) -> np.ndarray:
    """Converts grey levels (H, W), uint8, to false colours (H, W, 3), BGR."""
    return cv2.applyColorMap(grey, palette_colours(palette)[:, None])
