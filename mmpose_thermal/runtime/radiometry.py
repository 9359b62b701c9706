"""Maps radiometric pixels to grey levels, and recognises temperature units."""
from typing import NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from .dead_pixels import Scene, grid_percentiles, scene_of

CELSIUS_K = 273.15
#: Ways to map radiometric values to 8 bits.
GAINS = ('window', 'percentile', 'plateau', 'clahe')
# Default scale to kelvin by NumPy type: centikelvin (FLIR) for integers,
# kelvin for floats.
DEFAULT_SCALE = {'uint16': .01, 'int16': .01, 'float32': 1.}
_COUNTS = 65536
_SIGN_BIT = 32768
_PLATEAU_BINS = 1024


#: Plausible median of a scene with people, degrees Celsius.
PLAUSIBLE_CELSIUS = (-40., 80.)
# Limits of the 2nd and 98th percentile: the coldest sky, the hottest lamp.
_COLDEST_CELSIUS, _HOTTEST_CELSIUS = -100., 500.
# Median and skin temperature of a scene under a correctly guessed unit.
_USUAL_CELSIUS, _SKIN_CELSIUS = (0., 45.), (20., 45.)
_LEAST_SPAN_K = 4.
_COLDEST_OUTDOORS = -60.
_HOTTEST_GREY = 128.  # floats below this may be temperatures


class Unit(NamedTuple):
    """A pixel unit: kelvin are ``raw * scale + offset``."""
    name: str
    scale: float
    offset: float


#: Units written by cameras and their software.
UNITS = (
    Unit('kelvin', 1., 0.),
    Unit('degrees Celsius', 1., CELSIUS_K),
    Unit('degrees Fahrenheit', .555556, 255.372),
    Unit('hundredths of kelvin', .01, 0.),
    Unit('hundredths of degrees Celsius', .01, CELSIUS_K),
    Unit('tenths of kelvin', .1, 0.),
    Unit('tenths of degrees Celsius', .1, CELSIUS_K),
    Unit('counts of 0.04 K', .04, 0.),
    Unit('counts of 1/64 K', .015625, 0.),
    Unit('thousandths of kelvin', .001, 0.),
)


def temperature_problem(raw: np.ndarray,
                        scale: Optional[float] = None,
                        offset: float = 0.,
                        unit_is_known: bool = False) -> Optional[str]:
    """Explains why pixels are not plausible temperatures of people.

    Temperatures are plausible if the median is within
    :data:`PLAUSIBLE_CELSIUS` and there are no impossible extremes.

    Args:
        raw (np.ndarray): Shape (H, W), any type.
        scale, offset (float): Kelvin are ``raw * scale + offset``. Default to
            0.01 and 0 for 16 bits (centikelvin), and to 1 and 0 for floats.
        unit_is_known (bool): Whether the file names its unit, so that no
            option is advised.

    Returns:
        str: What the pixels look like, and which options to set; ``None`` if
        they are plausible temperatures.
    """
    if raw.dtype.name not in DEFAULT_SCALE:
        return f'{raw.dtype} pixels are grey levels, not temperatures.'
    scale = DEFAULT_SCALE[raw.dtype.name] if scale is None else scale
    low, middle, high = grid_percentiles(raw, 2)
    celsius = [
        value * scale + (offset - CELSIUS_K) for value in (low, middle, high)
    ]
    if PLAUSIBLE_CELSIUS[0] <= celsius[1] <= PLAUSIBLE_CELSIUS[1] and \
            celsius[0] >= _COLDEST_CELSIUS and celsius[2] <= _HOTTEST_CELSIUS:
        return None
    said = (f'the scene has {celsius[1]:.1f} degrees C (median; '
            f'{celsius[0]:.1f} to {celsius[2]:.1f})')
    if unit_is_known:
        return f'{said}, so it is no surrounding for people.'
    said = (f'with temperature_scale={scale:g} and temperature_offset='
            f'{offset:g} {said}')
    levels = _as_grey_levels(raw)
    if levels:
        return f'{said}. The pixels look like {levels}.'
    likely = _likely_units(raw.dtype, low, middle, high)
    if not likely:
        return (f'{said}. With values of {low:g} to {high:g} the pixels look '
                "like a camera's raw counts in an unknown unit (then set both "
                "options according to the camera's manual), or the scene is no "
                'surrounding for people.')
    guesses = '; or like '.join(
        f'{unit.name}: set temperature_scale={unit.scale:g}, '
        f'temperature_offset={unit.offset:g}' for unit in likely)
    return (f'{said}. With values of {low:g} to {high:g} the pixels look like '
            f'{guesses}.')


def _as_grey_levels(raw) -> Optional[str]:
    """Describes pixels that look like grey levels, else ``None``."""
    values = raw[np.isfinite(raw)]
    if not values.size:
        return None
    low, high = float(values.min()), float(values.max())
    if raw.dtype == np.float32 and -1 <= low and high <= 1:
        return ('normalised grey levels, not temperatures: give the original '
                'image, or np.uint8(255 * image) if its range is 0 to 1')
    # Rounded degrees Celsius are whole numbers too, but not this high.
    least = _HOTTEST_GREY if raw.dtype == np.float32 else 0
    if 0 <= low and least <= high <= 255 and (values == np.rint(values)).all():
        return ('8-bit grey levels in a wider type, not temperatures: '
                'convert them with image.astype(np.uint8), or save the file '
                'with 8 bits')
    return None


def _likely_units(dtype, low, middle, high) -> Sequence[Unit]:
    """Units under which the scene is a usual one, most likely first."""
    if dtype == np.float32 and _COLDEST_OUTDOORS <= low < 0 and \
            high <= _SKIN_CELSIUS[1]:
        return [unit for unit in UNITS if unit.name == 'degrees Celsius']

    def celsius(unit, value):
        return value * unit.scale + unit.offset - CELSIUS_K

    fitting = [
        unit for unit in UNITS
        if _USUAL_CELSIUS[0] <= celsius(unit, middle) <= _USUAL_CELSIUS[1] and
        _SKIN_CELSIUS[0] <= celsius(unit, high) <= _SKIN_CELSIUS[1] and
        celsius(unit, low) >= PLAUSIBLE_CELSIUS[0] and
        (high - low) * unit.scale >= _LEAST_SPAN_K
    ]
    # Skin is the warmest part of a scene with people.
    return sorted(fitting, key=lambda unit: abs(celsius(unit, high) - 34))


def _counts(scene: Scene) -> Tuple[np.ndarray, float, float]:
    """Converts a radiometric image to uint16 counts, step and origin."""
    raw, low, high = scene
    if raw.dtype == np.uint16:
        return raw, 1., 0.
    if raw.dtype == np.int16:
        return raw.view(np.uint16) ^ np.uint16(_SIGN_BIT), 1., -_SIGN_BIT
    step = max(high - low, 1e-6) / (_COUNTS - 1)
    return ((raw - np.float32(low)) / np.float32(step)).astype(
        np.uint16), step, low


def _histogram(counts: np.ndarray,
               scene: Scene) -> Tuple[np.ndarray, int]:
    """Histogram of the counts, starting at the lowest; and the lowest count."""
    low, high = scene.low, scene.high
    if counts is not scene.raw:
        low, high, _, _ = cv2.minMaxLoc(counts)
    low, size = int(low), int(high - low) + 1
    histogram = cv2.calcHist([counts], [0], None, [size], [low, low + size])
    return histogram.ravel(), low


def _percentiles(histogram, low, percentiles):
    below = np.cumsum(histogram, dtype=np.float64)
    return low + np.searchsorted(below,
                                 np.asarray(percentiles) / 100 * below[-1])


def _linear(counts: np.ndarray, low: float, high: float) -> np.ndarray:
    """Maps ``low`` to 0 and ``high`` to 255."""
    scale = 255 / max(high - low, 1e-6)
    # Integer subtraction is exact, and faster than a lookup table. OpenCV's
    # stops at 0, and takes a fifth of the time of NumPy's maximum.
    first = int(np.clip(np.ceil(low), 0, _COUNTS - 1))
    shifted = np.full_like(counts, first)
    cv2.subtract(counts, shifted, dst=shifted)
    return cv2.convertScaleAbs(
        shifted, alpha=scale, beta=max(first - low, 0.) * scale)


def _equalised(histogram: np.ndarray, low: int, plateau: float) -> np.ndarray:
    """Lookup table from the cumulative histogram, with clipped bins."""
    # One bin per count is too fine: most would hold one pixel or none.
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
            offset: float = 0.,
            name: str = 'given as an array'
            ) -> Tuple[np.ndarray, Optional[float]]:
    """Maps a radiometric image to grey levels.

    Dead pixels and telemetry rows are replaced first (:func:`scene_of`).

    Args:
        raw (np.ndarray): Shape (H, W), uint16, int16 or float32.
        gain (str): ``'window'`` maps ``temperature_range_k`` to 0 to 255.
            ``'percentile'`` maps the range between the image's
            ``percentiles``, like a camera's automatic gain. ``'plateau'``
            equalises the histogram, clipped so that a large uniform
            background does not take too many levels. ``'clahe'`` is
            ``'percentile'`` followed by OpenCV's adaptive equalisation.
        temperature_range_k (tuple[float, float], optional): Window in kelvin.
        percentiles (tuple[float, float]): Percentiles mapped to 0 and 255.
        plateau (float): Upper limit of each of 1024 histogram bins, as a
            share of all pixels.
        clip_limit (float): OpenCV's contrast limit, with 8 x 8 tiles.
        scale, offset (float): Kelvin are ``raw * scale + offset``. Default to
            0.01 and 0 for 16 bits (centikelvin), and to 1 and 0 for floats.
        name (str): Image name for messages.

    Returns:
        tuple: Grey image (H, W), uint8, and kelvin per grey level (``None``
        for equalised histograms, where it varies).

    Raises:
        ValueError: There are too many dead pixels, or the type is unsupported.
    """
    kind = raw.dtype.name
    if kind not in DEFAULT_SCALE:
        raise ValueError(f'holds {kind} pixels; radiometric images are '
                         'uint16, int16 or float32.')
    scale = DEFAULT_SCALE[kind] if scale is None else scale
    scene = scene_of(raw, name)
    counts, step, origin = _counts(scene)
    if gain == 'window':
        low, high = ((np.asarray(temperature_range_k) - offset) / scale -
                     origin) / step
    else:
        histogram, lowest = _histogram(counts, scene)
        if gain == 'plateau':
            return _equalised(histogram, lowest, plateau).take(counts), None
        low, high = _percentiles(histogram, lowest, percentiles)
    grey = _linear(counts, low, high)
    if gain == 'clahe':
        return cv2.createCLAHE(clip_limit, (8, 8)).apply(grey), None
    return grey, float(max(high - low, 1e-6) * step * scale / 255)
