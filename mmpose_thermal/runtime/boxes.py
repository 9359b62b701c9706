"""Boxes as left, top, right, bottom."""
import numpy as np


def iou(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes.

    Args:
        one, others (np.ndarray): Shape (..., 4), which broadcast.

    Returns:
        np.ndarray: Shape (...), from 0 to 1; 0 where a box has no area.
    """
    low = np.maximum(one[..., :2], others[..., :2])
    high = np.minimum(one[..., 2:], others[..., 2:])
    common = np.clip(high - low, 0, None).prod(-1)
    areas = sum(
        np.clip(boxes[..., 2:] - boxes[..., :2], 0, None).prod(-1)
        for boxes in (one, others))
    return common / np.maximum(areas - common, 1e-9)
