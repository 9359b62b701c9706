"""Crops boxes for network input, and maps the outputs back to the image."""
from dataclasses import dataclass
from typing import Sequence, Tuple

import cv2
import numpy as np

from .model_info import ModelInfo

_GREY = 114  # MMDetection's padding value


@dataclass
class Crops:
    """Face crops in network input format.

    Attributes:
        images (np.ndarray): Shape (N, C, H, W), uint8.
        scales (np.ndarray): Image pixels per crop pixel, (N, 2).
        origins (np.ndarray): Upper left corners of the crops in the image,
            (N, 2).
    """
    images: np.ndarray
    scales: np.ndarray
    origins: np.ndarray

    def to_image(self, keypoints: np.ndarray) -> np.ndarray:
        """Maps decoded points (N, K, 2) to image pixels."""
        return keypoints * self.scales[:, None] + self.origins[:, None]

    def lengths_to_image(self, lengths: np.ndarray) -> np.ndarray:
        """Maps lengths (N, K), in crop pixels, to image pixels."""
        return lengths * self.scales.mean(1)[:, None]


def crop_faces(image: np.ndarray, boxes: np.ndarray,
               info: ModelInfo) -> Crops:
    """Crops boxes (N, 4) from an image (H, W) or (H, W, 3), uint8.

    Uses the same geometry as MMPose's ``GetBBoxCenterScale`` and
    ``TopdownAffine``: each box grows by the padding factor, then its shorter
    side grows to the aspect ratio of the input.
    """
    width, height = info.input_size
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    centres = (boxes[:, :2] + boxes[:, 2:]) * np.float32(.5)
    sizes = (boxes[:, 2:] - boxes[:, :2]) * np.float32(info.padding)
    wide, high = sizes.T
    sizes = np.where((wide > high * (width / height))[:, None],
                     np.stack([wide, wide / (width / height)], 1),
                     np.stack([high * (width / height), high], 1))
    matrices = (_udp_matrices if info.use_udp else _matrices)(
        centres, sizes, width, height)
    crops = np.empty((len(boxes), height, width) + image.shape[2:], np.uint8)
    for crop, matrix in zip(crops, matrices):
        cv2.warpAffine(
            image, matrix, (width, height), dst=crop, flags=cv2.INTER_LINEAR)
    images = crops[:, None] if image.ndim == 2 else np.ascontiguousarray(
        crops.transpose(0, 3, 1, 2))
    # MMPose scales decoded points by the full crop size, even with UDP.
    return Crops(images, sizes / [width, height], centres - sizes / 2)


def _matrices(centres, sizes, width, height):
    """Image-to-crop affines (N, 2, 3) from float32 points, as in MMPose.

    MMPose solves for three points: the centre, the middle of the left side, and
    one as far below that.
    """
    x, y = centres.T
    left = x - np.float32(.5) * sizes[:, 0]
    below = y + (x - left)
    matrices = np.zeros((len(centres), 2, 3))
    for row, (near, far, middle, length) in enumerate(
            ((left, x, x, width), (y, below, y, height))):
        scale = width / 2 / (far.astype(float) - near)
        matrices[:, row, row] = scale
        matrices[:, row, 2] = length / 2 - scale * middle
    return matrices


def _udp_matrices(centres, sizes, width, height):
    """As :func:`_matrices`, but maps first and last pixel centres (UDP)."""
    scales = np.array([width - 1, height - 1]) / sizes
    return np.concatenate([
        np.eye(2) * scales[:, None],
        (scales * (.5 * sizes - centres))[..., None]
    ], 2).astype(np.float32)


def letterbox(image: np.ndarray,
              input_size: Tuple[int, int]) -> Tuple[np.ndarray, float]:
    """Fits an image (H, W) or (H, W, 3), uint8, into a detector's input.

    Equivalent to MMDetection's ``Resize(keep_ratio=True)`` and ``Pad``.

    Args:
        image (np.ndarray): Grey or BGR image.
        input_size (tuple[int, int]): (width, height) of the input.

    Returns:
        tuple: Input (1, C, height, width) with the image in the upper left
        corner, and the scale.
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


def detect_faces(network, image: np.ndarray,
                 min_score: float) -> Tuple[np.ndarray, np.ndarray]:
    """Runs a detector on an image (H, W) or (H, W, 3), uint8.

    Returns:
        tuple: See :func:`boxes_from`.
    """
    canvas, scale = letterbox(image, network.info.input_size)
    boxes, scores = network(canvas)
    return boxes_from(boxes[0], scores[0], scale, image.shape[1::-1],
                      min_score, network.info.nms_iou)


def boxes_from(boxes: np.ndarray,
               scores: np.ndarray,
               scale: float,
               image_size: Tuple[int, int],
               min_score: float,
               nms_iou: float) -> Tuple[np.ndarray, np.ndarray]:
    """Converts a detector's output to face boxes in the image.

    Args:
        boxes (np.ndarray): ``x1, y1, x2, y2`` in input pixels, (M, 4).
        scores (np.ndarray): Shape (M, ).
        scale (float): Returned by :func:`letterbox`.
        image_size (tuple[int, int]): (width, height) of the image.
        min_score (float): Minimum score of a face.
        nms_iou (float): IoU threshold of non-maximum suppression.

    Returns:
        tuple: Boxes (N, 4) in image pixels, best first, and scores (N, ).
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


def checked_boxes(boxes: Sequence, image: np.ndarray) -> np.ndarray:
    """Validates boxes and returns them as an array (N, 4).

    Raises:
        ValueError: A box is malformed, empty or mostly outside the image.
    """
    try:
        rows = np.asarray(boxes, float)
    except (TypeError, ValueError):
        raise ValueError(f'boxes are {boxes!r:.80}; expected (N, 4): x1, y1, '
                         'x2, y2.') from None
    if rows.size == 0:
        return np.zeros((0, 4))
    if rows.ndim != 2 or rows.shape[1] != 4:
        raise ValueError(f'boxes have the shape {rows.shape}; expected '
                         '(N, 4): x1, y1, x2, y2.')
    low, high, size = rows[:, :2], rows[:, 2:], image.shape[1::-1]
    malformed = ~(np.isfinite(rows).all(1) & (high > low).all(1))
    if malformed.any():
        index = int(malformed.argmax())
        raise ValueError(f'Box {index} is {rows[index].tolist()}: it must be '
                         'x1, y1, x2, y2 with an area.')
    inside = np.maximum(np.minimum(high, size) - np.maximum(low, 0), 0)
    outside = inside.prod(1) < .5 * (high - low).prod(1)
    if outside.any():
        index = int(outside.argmax())
        raise ValueError(f'Box {index} is {rows[index].tolist()}: more than '
                         f'half of it is outside the {size[0]}x{size[1]} '
                         'image.')
    return rows


def iou(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes (..., 4); 0 for empty boxes."""
    low = np.maximum(one[..., :2], others[..., :2])
    high = np.minimum(one[..., 2:], others[..., 2:])
    common = np.clip(high - low, 0, None).prod(-1)
    areas = sum(
        np.clip(boxes[..., 2:] - boxes[..., :2], 0, None).prod(-1)
        for boxes in (one, others))
    return common / np.maximum(areas - common, 1e-9)
