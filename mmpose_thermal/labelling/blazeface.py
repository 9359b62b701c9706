"""MediaPipe's short-range face detector, BlazeFace, in OpenCV."""
from typing import Iterator, Tuple

import cv2
import numpy as np

from mmpose_thermal.runtime.crops import boxes_from, letterbox

from .tflite import TfliteNetwork

_IN_WHEEL = 'mediapipe/modules/face_detection/face_detection_short_range.tflite'
_SIZE_PX = 128
# Anchors per cell by cells per side.
_GRIDS = ((16, 2), (8, 6))
_NMS_IOU = .3


def _anchor_centres() -> np.ndarray:
    """Centres of the 896 anchors in input pixels, (896, 2)."""
    centres = []
    for cells, anchors in _GRIDS:
        y, x = np.mgrid[:cells, :cells]
        centre = np.stack([x, y], -1).reshape(-1, 2) + .5
        centres.append(np.repeat(centre, anchors, 0) * (_SIZE_PX / cells))
    return np.concatenate(centres)


class BlazeFace:
    """MediaPipe's short-range face detector.

    It finds faces that fill a tenth of its square input or more, so it looks at
    the whole image and at overlapping squares of its shorter side.

    Called with an image and the smallest score; see :func:`.load_detector`.

    Args:
        path (str): ``face_detection_short_range.tflite``, or the wheel of
            mediapipe 0.10.14, which need not be installed.
    """

    def __init__(self, path: str) -> None:
        self._network = TfliteNetwork(
            path, _IN_WHEEL, ['classificators', 'regressors'])
        self._centres = _anchor_centres()

    def __call__(self, image: np.ndarray,
                 min_score: float) -> Tuple[np.ndarray, np.ndarray]:
        if image.ndim == 2:
            image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        found = [self._in_tile(tile, min_score, left, top)
                 for tile, left, top in _tiles(image)]
        boxes, scores = (np.concatenate(each) for each in zip(*found))
        return boxes_from(boxes, scores, 1., image.shape[1::-1], min_score,
                          _NMS_IOU)

    def _in_tile(self, tile, min_score, left, top):
        canvas, scale = letterbox(tile, (_SIZE_PX, ) * 2)
        logits, boxes = self._network(
            canvas[:, ::-1].astype(np.float32) / 127.5 - 1)
        scores = 1 / (1 + np.exp(-np.clip(logits.ravel(), -80, 80)))
        middle = boxes[0, :, :2] + self._centres
        half = boxes[0, :, 2:4] / 2
        corners = np.concatenate([middle - half, middle + half], 1) / scale
        good = scores >= min_score
        return corners[good] + [left, top, left, top], scores[good]


def _tiles(image: np.ndarray) -> Iterator[Tuple[np.ndarray, int, int]]:
    """The image, and squares that overlap by half, with their left and top."""
    yield image, 0, 0
    height, width = image.shape[:2]
    side = min(height, width)
    count = int(np.ceil(2 * max(height, width) / side)) - 1
    if count < 2:
        return
    for start in np.linspace(0, max(height, width) - side, count).astype(int):
        left, top = (start, 0) if width > height else (0, start)
        yield image[top:top + side, left:left + side], left, top
