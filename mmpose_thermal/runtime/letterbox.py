"""Before and after a detector: the whole image in its input, and back."""
from typing import Tuple

import cv2
import numpy as np

_GREY = 114  # MMDetection's padding


def letterbox(image: np.ndarray,
              input_size: Tuple[int, int]) -> Tuple[np.ndarray, float]:
    """Scales an image into the upper left of a detector's input.

    As MMDetection's ``Resize(keep_ratio=True)`` and ``Pad``.

    Args:
        image (np.ndarray): Shape (H, W) or (H, W, 3), uint8.
        input_size (tuple[int, int]): (width, height).

    Returns:
        tuple: The input (1, C, height, width), uint8, and the scale.
    """
    width, height = input_size
    scale = min(width / image.shape[1], height / image.shape[0])
    size = [int(length * scale + .5) for length in image.shape[1::-1]]
    size = [max(length, 1) for length in size]
    canvas = np.full((height, width) + image.shape[2:], _GREY, np.uint8)
    canvas[:size[1], :size[0]] = cv2.resize(
        image, tuple(size), interpolation=cv2.INTER_LINEAR)
    if image.ndim == 2:
        return canvas[None, None], scale
    return np.ascontiguousarray(canvas.transpose(2, 0, 1))[None], scale


def boxes_from(boxes: np.ndarray,
               scores: np.ndarray,
               scale: float,
               image_size: Tuple[int, int],
               min_score: float,
               nms_iou: float) -> Tuple[np.ndarray, np.ndarray]:
    """Turns a detector's output into faces of the image.

    Args:
        boxes (np.ndarray): ``x1, y1, x2, y2`` in its input, (M, 4).
        scores (np.ndarray): Shape (M, ).
        scale (float): Of :func:`letterbox`.
        image_size (tuple[int, int]): (width, height) of the image.
        min_score (float): Below it there is no face.
        nms_iou (float): Boxes of larger overlap are one face.

    Returns:
        tuple: Boxes in the image, (N, 4), best first, and scores (N, ).
    """
    boxes = np.clip(boxes / scale, 0, [*image_size, *image_size])
    sizes = boxes[:, 2:] - boxes[:, :2]
    good = (scores >= min_score) & (sizes > 1).all(1)
    boxes, scores, sizes = boxes[good], scores[good], sizes[good]
    if not len(boxes):
        return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
    kept = np.array(
        cv2.dnn.NMSBoxes(
            np.column_stack([boxes[:, :2], sizes]).tolist(), scores.tolist(),
            min_score, nms_iou), int).ravel()
    return boxes[kept].astype(np.float32), scores[kept].astype(np.float32)
