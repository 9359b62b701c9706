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
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    sizes = (boxes[:, 2:] - boxes[:, :2]) * np.float32(info.padding)
    wide = np.maximum(sizes[:, 0], sizes[:, 1] * (width / height))
    sizes = np.stack([wide, wide * (height / width)], axis=1)
    pixels = np.array([width, height], np.float32)
    # UDP's crops reach from the first pixel's centre to the last one's; what
    # MMPose decodes is a share of the whole in both cases.
    steps = sizes / (pixels - 1 if info.use_udp else pixels)
    origins = centres - sizes / 2
    shape = (height, width) + image.shape[2:]
    crops = np.empty((len(boxes), *shape), np.uint8)
    for crop, step, origin in zip(crops, steps, origins):
        cv2.warpAffine(
            image,
            np.array([[step[0], 0, origin[0]], [0, step[1], origin[1]]]),
            (width, height),
            dst=crop,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    images = crops[:, None] if image.ndim == 2 else np.ascontiguousarray(
        crops.transpose(0, 3, 1, 2))
    return Crops(images, sizes / pixels, origins)
