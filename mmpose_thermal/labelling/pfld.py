"""Landmark models such as PFLD, in ONNX Runtime."""
from typing import Optional

import numpy as np

from .square_crops import SquareCrops

_POINT_SETS = {68: 'ibug68', 98: 'wflw'}


class Pfld:
    """An ONNX file that returns normalised points of a square RGB crop.

    See :func:`.load_teacher` for how it is called.

    Args:
        path (str): Takes (1, 3, S, S), RGB between 0 and 1; returns 68 points
            in iBUG's order or 98 in WFLW's, x and y in turn, as shares of S.
        crop (float): Side of the crop, in mean sides of the box.
        threads (int, optional): CPU threads. Defaults to all cores.

    Raises:
        ValueError: It takes or returns something else.
    """

    def __init__(self, path: str, crop: float = 1.2,
                 threads: Optional[int] = None) -> None:
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        self._session = onnxruntime.InferenceSession(
            path, options, providers=['CPUExecutionProvider'])
        self._input = self._session.get_inputs()[0]
        self._size_px, self._crop = self._input.shape[-1], crop
        if not isinstance(self._size_px, int):
            raise ValueError(f'{path} takes {self._input.shape}, but an input of '
                             'fixed size (N, 3, S, S) is needed. If the model is '
                             'ours, copy its .json next to it.')
        blank = np.zeros((1, 3, self._size_px, self._size_px), np.float32)
        count = len(self._shares(blank))
        if count not in _POINT_SETS:
            raise ValueError(f'{path} returns {count} points; 68 (iBUG) or 98 '
                             '(WFLW) can be used. If the model is ours, copy its '
                             '.json next to it.')
        self.point_set = _POINT_SETS[count]

    def __call__(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        crops = SquareCrops(boxes, self._size_px, self._crop)
        shares = np.array([
            self._shares(crop.transpose(2, 0, 1)[None].astype(np.float32) / 255)
            for crop in crops.cut(image)])
        return crops.to_image(shares * self._size_px)

    def _shares(self, crop):
        return self._session.run(None, {self._input.name: crop})[-1].reshape(-1, 2)
