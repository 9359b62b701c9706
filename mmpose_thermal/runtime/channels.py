"""Recovers the single channel of thermal images stored as RGB or false colour."""
from functools import lru_cache
from typing import Tuple

import cv2
import numpy as np

from .dead_pixels import usual_range
from .palettes import PALETTES, palette_colours, palette_fits
from .warned_once import warn_once

#: Largest share of coloured pixels (a logo, a marker) in a grey image.
MAX_COLOURED_SHARE = .05
# Channel differences caused by lossy codecs and tints: in levels for 8 bits,
# otherwise as a share of the scene's range.
_SPREAD_LEVELS, _SPREAD_SHARE = 8, .03
_MAX_OVERLAY_SHARE, _MAX_LIT_SHARE = .15, .4
_BLACK_LEVEL, _FULL_COLOUR_LEVELS, _MIN_FULL_SHARE = 24, 48, .5
_LIKE_A_PALETTE = 20.  # colour distance

_BITS = 6  # per colour channel in the distance table
# A colour farther than this from the palette (maximum 442) is foreign to it.
_FOREIGN_DISTANCE = 40
_FOREIGN_SHARE = .25
# Another palette fits clearly better below this share of the distance.
# Real cameras' iron is 13 to 19 away from ours and 25 from inferno.
_CLEARLY_BETTER = .8
_MAX_DISTANCE = 25.
# Colour distances that count as equal and as different; distance in levels.
_ALIKE, _ELSEWHERE, _FAR_APART = 3., 20., 12


def _spreads(image) -> Tuple[np.ndarray, float]:
    """Per-pixel channel differences, and the limit explained by codecs."""
    if image.dtype == np.uint8:
        limit = float(_SPREAD_LEVELS)
    else:
        usual = usual_range(image[..., 1])
        limit = max(_SPREAD_SHARE * (usual.high - usual.low),
                    1e-6 * abs(usual.median))
        if image.dtype != np.float32:
            limit = max(limit, 1.)
    first, second, third = cv2.split(image)
    return cv2.subtract(
        cv2.max(cv2.max(first, second), third),
        cv2.min(cv2.min(first, second), third)), limit


def coloured_share(image: np.ndarray) -> float:
    """Share of pixels whose channels differ more than codecs explain."""
    if image.ndim == 2 or _are_equal(image):
        return 0.
    difference, limit = _spreads(image)
    return float((difference > limit).mean())


def is_coloured(image: np.ndarray) -> bool:
    """Whether an image is in colour, as opposed to grey with coloured parts.

    Grey images may have up to :data:`MAX_COLOURED_SHARE` coloured pixels. For
    8-bit images the limit is three times as high if the coloured pixels are
    saturated, as in an overlay (text, a colour bar), and most non-black
    pixels are grey.
    """
    share = coloured_share(image)
    if share <= MAX_COLOURED_SHARE or image.dtype != np.uint8:
        return share > MAX_COLOURED_SHARE
    # A lossy codec adds faintly coloured pixels around an overlay.
    full = float((_spreads(image)[0] > _FULL_COLOUR_LEVELS).mean())
    lit = float((image.max(2) > _BLACK_LEVEL).mean())
    return not _MIN_FULL_SHARE * share <= full <= min(
        _MAX_OVERLAY_SHARE, _MAX_LIT_SHARE * lit)


def _are_equal(image) -> bool:
    # Check a coarse grid first: it usually settles coloured images.
    return all((part[..., :1] == part[..., 1:]).all()
               for part in (image[::16, ::16], image))


def _guess(image) -> str:
    if image.dtype != np.uint8:
        return 'false-colour palette'
    best = palette_fits(image)[0]
    is_like_it = best.distance < _LIKE_A_PALETTE and not best.palette.endswith(
        '-hot')
    return 'false-colour palette' + (f' ("{best.palette}"?)'
                                     if is_like_it else '')


def single_channel(image: np.ndarray, name: str) -> np.ndarray:
    """Reduces a thermal image (H, W) or (H, W, 3), BGR, to one channel (H, W).

    Channels that differ slightly, as after lossy compression, are converted
    to luminance. Grey images with coloured parts (:func:`is_coloured`) are
    converted too, with one warning.

    Raises:
        ValueError: The image is in colour.
    """
    if image.ndim == 2:
        return image
    if _are_equal(image):
        return np.ascontiguousarray(image[..., 0])
    share = coloured_share(image)
    if is_coloured(image):
        raise ValueError(
            f'Thermal image {name} has 3 different channels, and '
            f'{share:.0%} of its pixels are in colour: it looks like a '
            f'{_guess(image)} or a visible-light image. For a palette, set '
            '"palette" (a field of images in annotation files, an argument '
            'elsewhere) to its name ("iron", "inferno", ...) or to an image '
            'file of its colours. If only an overlay (text, a colour bar) is '
            'in colour, crop it off.')
    if share:
        warn_once(
            'partly coloured',
            f'Thermal image {name} is grey except for {share:.2%} of its '
            'pixels, which are in colour (a logo, a marker?). They are '
            'converted to luminance.')
    if image.dtype in (np.uint8, np.uint16):
        return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    mean = image.mean(2, dtype=np.float64)
    return (mean if image.dtype == np.float32 else np.rint(mean)).astype(
        image.dtype)


@lru_cache(maxsize=8)
def _inverse_tables(palette: str) -> Tuple[np.ndarray, np.ndarray]:
    """Levels of all 2^24 colours, and palette distances at 6 bits per channel.

    Colours in the palette map to their exact level. Other colours map to the
    level of their 6-bit bin.
    """
    colours = palette_colours(palette)
    _check_one_way(palette, colours)
    size = 2**_BITS
    axis = (np.arange(size, dtype=np.float32) + .5) * 2**(8 - _BITS) - .5
    levels = np.empty((size, size, size), np.uint8)
    distances = np.empty_like(levels)
    blue, green, red = ((axis[:, None] - channel)**2
                        for channel in colours.astype(np.float32).T)
    green_red = green[:, None] + red
    for index in range(size):  # one plane at a time saves memory
        squared = green_red + blue[index]
        levels[index] = squared.argmin(2)
        distances[index] = np.minimum(np.sqrt(squared.min(2)), 255)
    full = levels
    for channel in range(3):
        full = np.repeat(full, 2**(8 - _BITS), axis=channel)
    full = full.ravel()
    # Backwards, so that a repeated colour keeps its lowest level.
    full[_codes(colours)[::-1]] = np.arange(255, -1, -1, dtype=np.uint8)
    return full, distances.ravel()


def _check_one_way(palette: str, colours: np.ndarray) -> None:
    """Refuses palettes that use one colour for distant temperatures."""
    distances = np.linalg.norm(
        colours[:, None].astype(np.float32) - colours, axis=2)
    # A palette may stay at one colour, but must not return to it later.
    if any(distances[low, low:high].max() > _ELSEWHERE
           for low, high in np.argwhere(distances < _ALIKE)
           if high - low > _FAR_APART):
        raise ValueError(
            f'the palette {palette!r} shows different temperatures in the '
            'same colour, so grey levels cannot be recovered. Save the images '
            'in another palette.')


def _codes(image: np.ndarray) -> np.ndarray:
    """Colours as 24-bit numbers."""
    wide = image.astype(np.int32)
    return (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]


def invert_palette(image: np.ndarray,
                   palette: str,
                   name: str = 'given as an array') -> np.ndarray:
    """Recovers grey levels (H, W) from a false-colour image (H, W, 3), uint8.

    Each pixel gets the level of the nearest palette colour.

    Args:
        image (np.ndarray): BGR; grey images are allowed for white-hot and
            black-hot only.
        palette (str): See :func:`palette_colours`.
        name (str): Image name for messages.

    Raises:
        ValueError: At least a quarter of the pixels are far from the palette,
            or another palette fits clearly better.
    """
    if palette in ('white-hot', 'black-hot'):
        grey = single_channel(image, name)
        return grey if palette == 'white-hot' else cv2.bitwise_not(grey)
    if image.ndim == 2:
        raise ValueError(f'a grey image cannot have the palette {palette!r}.')
    levels, distances = _inverse_tables(palette)
    _check_palette(image, palette, distances)
    return levels[_codes(image)]


def _check_palette(image, palette, distances) -> None:
    coarse = image[::4, ::4] >> (8 - _BITS)
    size = 2**_BITS
    far = distances[coarse.astype(np.int32) @ np.array(
        [size * size, size, 1], np.int32)]
    if not far.max() > 2**(8 - _BITS):  # only palette colours
        return
    foreign = (far > _FOREIGN_DISTANCE).mean()
    own = () if palette in PALETTES else (palette, )
    fits = palette_fits(image, *own)
    best = fits[0]
    distance = next(fit.distance for fit in fits if fit.palette == palette)
    is_other = best.distance < min(_CLEARLY_BETTER * distance, _MAX_DISTANCE)
    if foreign < _FOREIGN_SHARE and not is_other:
        return
    remedy = ('Is it a visible-light image, or in another palette?'
              if not is_other else
              f'They fit {best.palette!r}: set "palette" to that.')
    raise ValueError(
        f'its colours are not of the palette {palette!r} ({foreign:.0%} of '
        f'the pixels are far from it, median distance {distance:.0f}). '
        f'{remedy}')
