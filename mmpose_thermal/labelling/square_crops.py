"""Square crops of faces, as models of other projects take them."""
from typing import List, Tuple

import cv2
import numpy as np


class SquareCrops:
    """Cuts faces from an image, and maps points back to it.

    Args:
        boxes (np.ndarray): ``x1 y1 x2 y2``, (N, 4).
        size_px (int): Side of the crops.
        zoom_out (float): Side of a crop in mean sides of its box.
        shift (tuple[float, float]): From the centre of a box to that of its
            crop, in sides of the box.
    """

    def __init__(self,
                 boxes: np.ndarray,
                 size_px: int,
                 zoom_out: float,
                 shift: Tuple[float, float] = (0., 0.)) -> None:
        sides = boxes[:, 2:] - boxes[:, :2]
        side = zoom_out * np.sqrt(sides.prod(1, keepdims=True))
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2 + np.array(shift) * sides
        self._origins = centres - side / 2
        self._zooms = size_px / side[:, 0]
        self._size = (size_px, size_px)

    def cut(self, image: np.ndarray) -> List[np.ndarray]:
        """Crops of a grey (H, W) or BGR image, RGB, (size_px, size_px, 3), uint8."""
        crops = []
        for origin, zoom in zip(self._origins, self._zooms):
            matrix = np.column_stack([zoom * np.eye(2), -zoom * origin])
            crop = cv2.warpAffine(image, matrix, self._size)
            crops.append(cv2.cvtColor(
                crop, cv2.COLOR_GRAY2RGB if crop.ndim == 2 else cv2.COLOR_BGR2RGB))
        return crops

    def to_image(self, points: np.ndarray) -> np.ndarray:
        """Maps points (N, K, 2) from pixels of the crops to those of the image."""
        return points / self._zooms[:, None, None] + self._origins[:, None]
