"""Cutting faces out, exactly as MMPose's test pipeline does."""
from dataclasses import dataclass

import cv2
import numpy as np

from .model_info import ModelInfo


@dataclass
class Crops:
    """Faces as the network takes them.

    Attributes:
        images (np.ndarray): Shape (N, C, H, W), uint8.
        scales (np.ndarray): Image pixels per unit of decoded points, (N, 2).
        origins (np.ndarray): Where the crops' origins lie in the image,
            (N, 2).
    """
    images: np.ndarray
    scales: np.ndarray
    origins: np.ndarray

    def to_image(self, keypoints: np.ndarray) -> np.ndarray:
        """Decoded points, (N, K, 2), in pixels of the image."""
        return keypoints * self.scales[:, None] + self.origins[:, None]


def crop_faces(image: np.ndarray, boxes: np.ndarray,
               info: ModelInfo) -> Crops:
    """Cuts boxes out of an image.

    The geometry is that of MMPose's ``GetBBoxCenterScale`` and
    ``TopdownAffine``: the box grows by the padding and, on its shorter side,
    to the aspect ratio of the input.

    Args:
        image (np.ndarray): Shape (H, W), or (H, W, 3) for ``channels=3``;
            uint8.
        boxes (np.ndarray): ``x1, y1, x2, y2`` in pixels, (N, 4).
        info (ModelInfo): Of the network.

    Returns:
        Crops: The faces.
    """
    width, height = info.input_size
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    centres = (boxes[:, :2] + boxes[:, 2:]) * np.float32(.5)
    sizes = (boxes[:, 2:] - boxes[:, :2]) * np.float32(info.padding)
    wide, high = sizes.T
    sizes = np.where((wide > high * (width / height))[:, None],
                     np.stack([wide, wide / (width / height)], 1),
                     np.stack([high * (width / height), high], 1))
    crops = np.empty((len(boxes), height, width) + image.shape[2:], np.uint8)
    for crop, centre, size in zip(crops, centres, sizes):
        matrix = (_udp_matrix if info.use_udp else _matrix)(centre, size,
                                                            width, height)
        cv2.warpAffine(
            image, matrix, (width, height), dst=crop, flags=cv2.INTER_LINEAR)
    images = crops[:, None] if image.ndim == 2 else np.ascontiguousarray(
        crops.transpose(0, 3, 1, 2))
    # What MMPose decodes is a share of the whole, with UDP too.
    return Crops(images, sizes / [width, height], centres - sizes / 2)


def _matrix(centre, size, width, height):
    """From image to crop: by three points in single precision, as MMPose."""
    corners = []
    for middle, side in ((centre, size[0]), ((width / 2, height / 2), width)):
        first = np.asarray(middle, np.float32)
        second = np.float32([first[0] - .5 * side, first[1]])
        third = second + np.float32([0, first[0] - second[0]])
        corners.append(np.stack([first, second, third]))
    return cv2.getAffineTransform(*corners)


def _udp_matrix(centre, size, width, height):
    """The same from the first pixel's centre to the last one's."""
    scale = np.array([width - 1, height - 1]) / size
    return np.column_stack([
        np.diag(scale), scale * (.5 * size - centre)]).astype(np.float32)
