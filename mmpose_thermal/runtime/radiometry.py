"""From what a thermal camera stores to the grey levels a network sees.

One function, :func:`to_grey`, for training, evaluation, demo and export; it
needs NumPy and OpenCV alone.
"""
from typing import Optional, Sequence, Tuple

import cv2
import numpy as np

CELSIUS_K = 273.15
#: Ways to map radiometric values to 8 bits.
GAINS = ('window', 'percentile', 'plateau', 'clahe')
# Kelvin are raw * scale + offset, by NumPy type, where nothing is said: FLIR's
# centikelvin, and floats that are kelvin.
DEFAULT_SCALE = {'uint16': .01, 'float32': 1.}
_COUNTS = 65536
_PLATEAU_BINS = 1024


def _counts(raw: np.ndarray) -> Tuple[np.ndarray, float, float]:
    """Any radiometric image as 16-bit counts: counts, step and origin."""
    if raw.dtype == np.uint16:
        return raw, 1., 0.
    low, high, _, _ = cv2.minMaxLoc(raw)
    if not np.isfinite(cv2.sumElems(raw)[0]):
        raise ValueError(
            f'holds {(~np.isfinite(raw)).sum()} pixels that are not finite '
            '(dead pixels?). Replace them, for example by the median of their '
            'neighbours.')
    step = max(high - low, 1e-6) / (_COUNTS - 1)
    return ((raw - np.float32(low)) / np.float32(step)).astype(
        np.uint16), step, low


def _histogram(counts: np.ndarray) -> Tuple[np.ndarray, int]:
    """Pixels a count, from the lowest count that occurs, and that count."""
    low, high, _, _ = cv2.minMaxLoc(counts)
    low, size = int(low), int(high - low) + 1
    histogram = cv2.calcHist([counts], [0], None, [size], [low, low + size])
    return histogram.ravel(), low


def _percentiles(histogram, low, percentiles):
    below = np.cumsum(histogram, dtype=np.float64)
    return low + np.searchsorted(below,
                                 np.asarray(percentiles) / 100 * below[-1])


def _linear(counts: np.ndarray, low: float, high: float) -> np.ndarray:
    """Grey levels, 0 at ``low`` and 255 at ``high``."""
    scale = 255 / max(high - low, 1e-6)
    # Subtracted as integers, which is exact, and faster than a table.
    first = int(np.clip(np.ceil(low), 0, _COUNTS - 1))
    shifted = np.maximum(counts, np.uint16(first))
    shifted -= np.uint16(first)
    return cv2.convertScaleAbs(
        shifted, alpha=scale, beta=max(first - low, 0.) * scale)


def _equalised(histogram: np.ndarray, low: int, plateau: float) -> np.ndarray:
    """A table by the cumulative histogram, no bin above the plateau."""
    # The counts' own bins are too fine: nearly all would hold a pixel or none.
    bins = np.arange(len(histogram)) * (_PLATEAU_BINS - 1) // max(
        len(histogram) - 1, 1)
    coarse = np.bincount(bins, histogram, _PLATEAU_BINS)
    clipped = np.minimum(coarse, plateau * coarse.sum())
    below = np.cumsum(clipped) - .5 * clipped
    table = np.zeros(low + len(histogram), np.uint8)
    table[low:] = np.rint(255 * below / clipped.sum())[bins]
    return table


def to_grey(raw: np.ndarray,
            gain: str = 'percentile',
            temperature_range_k: Optional[Tuple[float, float]] = None,
            percentiles: Sequence[float] = (1, 99.7),
            plateau: float = .003,
            clip_limit: float = 2.,
            scale: Optional[float] = None,
            offset: float = 0.) -> Tuple[np.ndarray, Optional[float]]:
    """Maps a radiometric image to grey levels.

    Args:
        raw (np.ndarray): Shape (H, W), uint16 or float32.
        gain (str): ``'window'``: the range ``temperature_range_k`` becomes 0
            to 255; ``'percentile'``: so does the range between the image's
            own ``percentiles``, as a camera's automatic gain does;
            ``'plateau'``: equalises the histogram, clipped at a plateau (a
            large even background takes no more levels than that);
            ``'clahe'``: percentiles, then OpenCV's adaptive equalisation.
        temperature_range_k (tuple[float, float], optional): Kelvin.
        percentiles (tuple[float, float]): Of the pixels.
        plateau (float): Largest share of the pixels that one of 1024 bins
            counts for.
        clip_limit (float): OpenCV's contrast limit for tiles of 1/8 image.
        scale, offset (float): Kelvin are ``raw * scale + offset``. By default
            0.01 and 0 for uint16 (centikelvin), 1 and 0 for floats.

    Returns:
        tuple: The grey image (H, W), uint8, and the kelvin between two levels
        (``None`` for equalised histograms, where it varies).

    Raises:
        ValueError: Pixels that are not finite, or another type.
    """
    if raw.dtype.name not in DEFAULT_SCALE:
        raise ValueError(f'holds {raw.dtype} pixels; radiometric images are '
                         'uint16 or float32.')
    scale = DEFAULT_SCALE[raw.dtype.name] if scale is None else scale
    counts, step, origin = _counts(raw)
    if gain == 'window':
        low, high = ((np.asarray(temperature_range_k) - offset) / scale -
                     origin) / step
    else:
        histogram, lowest = _histogram(counts)
        if gain == 'plateau':
            return _equalised(histogram, lowest, plateau).take(counts), None
        low, high = _percentiles(histogram, lowest, percentiles)
    grey = _linear(counts, low, high)
    if gain == 'clahe':
        return cv2.createCLAHE(clip_limit, (8, 8)).apply(grey), None
    return grey, float(max(high - low, 1e-6) * step * scale / 255)


def temperature_problem(raw, scale=None, offset=0.):
    """What is wrong with temperatures. (A stub: the owner of images mends it.)"""
    known = DEFAULT_SCALE.get(raw.dtype.name, 1.) if scale is None else scale
    kelvin = float(np.nanmedian(raw[::4, ::4])) * known + offset
    if 233.15 <= kelvin <= 353.15:
        return None
    return (f'the median is {kelvin - CELSIUS_K:.1f} degrees C. Correct '
            '"temperature_scale" and "temperature_offset".')
