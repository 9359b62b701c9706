"""MediaPipe's TFLite networks in OpenCV."""
from typing import List, Sequence

import cv2
import numpy as np

from .model_files import read_model


class TfliteNetwork:
    """A network of MediaPipe.

    Args:
        path (str): Its ``.tflite`` file, or the wheel that it comes in.
        in_wheel (str): Path of the file in the wheel.
        outputs (Sequence[str]): Names of the outputs.

    Raises:
        FileNotFoundError: The file is missing.
        ValueError: The wheel does not hold the file.
    """

    def __init__(self, path: str, in_wheel: str, outputs: Sequence[str]) -> None:
        content = np.frombuffer(read_model(path, in_wheel), np.uint8)
        self._net = cv2.dnn.readNetFromTFLite(content)
        self._outputs = list(outputs)
        # OpenCV 5 forgets all outputs but one, and computes the others by name.
        self._at_once = len(outputs) == len(self._net.getUnconnectedOutLayersNames())

    def __call__(self, blob: np.ndarray) -> List[np.ndarray]:
        """Computes the outputs for images (N, C, H, W), float32."""
        self._net.setInput(blob)
        if self._at_once:
            return list(self._net.forward(self._outputs))
        return [self._net.forward(name) for name in self._outputs]
