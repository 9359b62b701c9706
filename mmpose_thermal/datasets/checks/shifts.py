"""Estimates how far RGB partners are shifted."""
from typing import List, Optional, Sequence, Tuple

import cv2
import numpy as np

from .findings import Add, Faces, image_examples

# Fractions of the face box's side.
_SEARCH = .2  # largest shift considered
_SHIFT_WARNING, _SHIFT_ERROR = .03, .10
_EDGES_AGREE = .25  # minimum correlation of edges to trust a shift
_TEMPLATE_PX = 96


def _edges(grey: np.ndarray) -> np.ndarray:
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.5).astype(np.float32)
    strength = cv2.magnitude(cv2.Sobel(smooth, cv2.CV_32F, 1, 0),
                             cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    # The logarithm balances strong and weak edges: contrast differs across modalities.
    return np.log1p(strength)


def estimate_shift(thermal: np.ndarray, rgb: np.ndarray,
                   box: Sequence[float]) -> Tuple[float, float, float]:
    """Estimates from edges how far an RGB partner is shifted.

    Args:
        thermal (np.ndarray): Shape (H, W), uint8.
        rgb (np.ndarray): Shape (H, W, 3), uint8, on the thermal grid.
        box (Sequence[float]): Face box: x, y, width, height, in pixels.

    Returns:
        tuple: Shift in x and y as fractions of the box's side (the square root
        of its area), and the correlation of the edges at that shift, at most 1.
    """
    centre = np.array(box[:2]) + .5 * np.array(box[2:])
    side = 1.1 * np.sqrt(box[2] * box[3])
    reach = int(round(_TEMPLATE_PX * _SEARCH))

    def crop(image, extent, size):
        scale = size / extent
        matrix = np.array([[scale, 0, size / 2 - scale * centre[0]],
                           [0, scale, size / 2 - scale * centre[1]]])
        return cv2.warpAffine(
            image, matrix, (size, size), flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE)

    template = _edges(crop(thermal, side, _TEMPLATE_PX))
    wide = _TEMPLATE_PX + 2 * reach
    grey = cv2.cvtColor(rgb, cv2.COLOR_BGR2GRAY)
    scene = _edges(crop(grey, side * wide / _TEMPLATE_PX, wide))
    agreement = cv2.matchTemplate(scene, template, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(agreement)
    to_share = 1.1 / _TEMPLATE_PX
    return (x - reach) * to_share, (y - reach) * to_share, float(best)


def check_shifts(data: Faces, found: List[dict], add: Add) -> Optional[dict]:
    """Reports a common shift of RGB partners; returns statistics of the shifts."""
    shifts = np.array([result['shift'] for result in found
                       if 'shift' in result]).reshape(-1, 3)
    if not len(shifts):
        return None
    believed = shifts[shifts[:, 2] >= _EDGES_AGREE, :2]
    if len(believed) < max(5, .1 * len(shifts)):
        return dict(pairs=len(shifts), believed=len(believed))
    length = np.linalg.norm(believed, axis=1)
    median = np.median(believed, axis=0)
    common = float(np.linalg.norm(median))
    statistics = dict(
        pairs=len(shifts), believed=len(believed),
        median_xy=median.round(4).tolist(),
        length_percentiles={str(p): round(float(np.percentile(length, p)), 4)
                            for p in (10, 50, 90)})
    if common > _SHIFT_WARNING:
        worst = np.flatnonzero([
            'shift' in result and np.linalg.norm(result['shift'][:2]) > common
            and result['shift'][2] >= _EDGES_AGREE for result in found
        ])
        add('error' if common > _SHIFT_ERROR else 'warning', 'misaligned',
            f'RGB partners seem shifted by {median[0]:+.1%} of the face box '
            f'in x and {median[1]:+.1%} in y (median of {len(believed)} pairs '
            'with matching edges). A shift reduces landmark accuracy by the same '
            'amount. Register the pairs: tools/misc/register_pairs.py.',
            image_examples(data.name, worst))
    return statistics
