"""The one channel of a thermal image that is stored as three."""
from typing import Tuple

import cv2
import numpy as np

from .usual_range import usual_range
from .palettes import palette_fits
from .warned_once import warn_once

#: Largest share of a picture in colour (a logo, a marker) of a grey image.
MAX_COLOURED_SHARE = .05
# What lossy codecs and tints spread the channels by: of 8 bits in levels, of
# others as a share of the scene's range.
_SPREAD_LEVELS, _SPREAD_SHARE = 8, .03
_MAX_OVERLAY_SHARE, _MAX_LIT_SHARE = .15, .4
_BLACK_LEVEL, _FULL_COLOUR_LEVELS, _MIN_FULL_SHARE = 24, 48, .5
_LIKE_A_PALETTE = 20.  # distance of colours


def _spreads(image) -> Tuple[np.ndarray, float]:
    """Distances of the channels, and that which lossy codecs make."""
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
    """How much of an image is not grey.

    Args:
        image (np.ndarray): Shape (H, W) or (H, W, 3).

    Returns:
        float: Share of the pixels whose channels differ by more than lossy
        codecs make them; 0 to 1.
    """
    if image.ndim == 2 or _are_equal(image):
        return 0.
    difference, limit = _spreads(image)
    return float((difference > limit).mean())


def is_coloured(image: np.ndarray) -> bool:
    """Whether an image is in colours, and not grey with a part that is.

    That part may be :data:`MAX_COLOURED_SHARE` of the image; of 8 bits three
    times as much, if it is in the full colours of an overlay (text, a colour
    bar) and most of what is not black is grey.

    Args:
        image (np.ndarray): Shape (H, W) or (H, W, 3).

    Returns:
        bool: Whether it is.
    """
    share = coloured_share(image)
    if share <= MAX_COLOURED_SHARE or image.dtype != np.uint8:
        return share > MAX_COLOURED_SHARE
    # The others of an overlay are what a lossy codec makes around it.
    full = float((_spreads(image)[0] > _FULL_COLOUR_LEVELS).mean())
    lit = float((image.max(2) > _BLACK_LEVEL).mean())
    return not _MIN_FULL_SHARE * share <= full <= min(
        _MAX_OVERLAY_SHARE, _MAX_LIT_SHARE * lit)


def _are_equal(image) -> bool:
    # A grid first: of a coloured image it tells at once.
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
    """The one channel of a thermal image.

    Channels that differ by a few levels, as lossy codecs make them, are grey:
    their luminance is taken. So is that of an image of which a part of at
    most :data:`MAX_COLOURED_SHARE` is in colour, with one warning.

    Args:
        image (np.ndarray): Shape (H, W) or (H, W, 3), BGR.
        name (str): Named in messages.

    Returns:
        np.ndarray: Shape (H, W).

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
            f'{_guess(image)} or a visible-light image. For a palette set '
            '"palette" to its name ("iron", "inferno", ...) or to an image '
            'file of its colours: a field of images in annotation files, an '
            'argument elsewhere. If only an overlay (text, a colour bar) is '
            'in colour, crop it off.')
    if share:
        warn_once(
            'partly coloured',
            f'Thermal image {name} is grey but for {share:.2%} of its pixels, '
            'which are in colour (a logo, a marker?). Their luminance is '
            'taken.')
    if image.dtype in (np.uint8, np.uint16):
        return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    mean = image.mean(2, dtype=np.float64)
    return (mean if image.dtype == np.float32 else np.rint(mean)).astype(
        image.dtype)
