"""Face detectors for RGB images.

A detector is called with an image (H, W, 3), BGR, uint8, and the smallest score. It
returns boxes (N, 4), ``x1 y1 x2 y2``, best first, and scores (N, ).
"""
from pathlib import Path
from typing import Any, Tuple

import cv2
import numpy as np

from mmpose_thermal.runtime.crops import detect_faces
from mmpose_thermal.weights import shipped_models

from .blazeface import BlazeFace
from .model_files import callable_of, is_callable_name
from .teachers import own_network

Found = Tuple[np.ndarray, np.ndarray]


class OurDetector:
    """A face detector of this project, for visible light or thermal images.

    Args:
        path (str): As for :class:`.teachers.Ours`.
    """

    def __init__(self, path: str) -> None:
        self._network = own_network(path, 'detection')
        self.gain = self._network.info.gain

    def __call__(self, image: np.ndarray, min_score: float) -> Found:
        if image.ndim == 3 and self._network.info.channels == 1:
            image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        return detect_faces(self._network, image, min_score)


class YuNet:
    """OpenCV's YuNet (``face_detection_yunet_2023mar.onnx``)."""

    def __init__(self, path: str) -> None:
        self._net = cv2.FaceDetectorYN.create(path, '', (320, 320))

    def __call__(self, image: np.ndarray, min_score: float) -> Found:
        if image.ndim == 2:
            image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        self._net.setInputSize(image.shape[1::-1])
        self._net.setScoreThreshold(min_score)
        found = self._net.detect(image)[1]
        rows = np.zeros((0, 15)) if found is None else found
        rows = rows[np.argsort(-rows[:, -1])]
        corner, size = rows[:, :2], rows[:, 2:4]
        return np.concatenate([corner, corner + size], 1), rows[:, -1]


class MMDetDetector:
    """Any detector of MMDetection, on a GPU if there is one.

    If it knows other classes, too, only those called "face" count.
    """

    def __init__(self, config: str, checkpoint: str) -> None:
        import torch

        from mmpose_thermal.components import register_components
        from mmpose_thermal.deployment import load_model
        register_components()
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
        self._model = load_model((config, checkpoint), 'detection').to(device)
        classes = [name.lower() for name in self._model.dataset_meta['classes']]
        if 'face' not in classes and len(classes) > 1:
            raise ValueError(f'{config}: none of its classes {classes[:5]} ... is '
                             '"face". Give a face detector.')
        self._face = classes.index('face') if 'face' in classes else 0

    def __call__(self, image: np.ndarray, min_score: float) -> Found:
        from mmdet.apis import inference_detector
        found = inference_detector(self._model, image).pred_instances.cpu().numpy()
        good = (found.labels == self._face) & (found.scores >= min_score)
        best = np.argsort(-found.scores[good])
        return found.bboxes[good][best], found.scores[good][best]


def load_detector(spec: Any) -> Any:
    """Loads a face detector.

    Args:
        spec (str | Sequence[str] | Callable): One of

            - a config and a checkpoint of MMDetection;
            - a detector of this project: shipped, exported or ``NAME.pth``;
            - OpenCV's YuNet, an ``.onnx`` file without ``.json``;
            - MediaPipe's ``face_detection_short_range.tflite``, or the wheel of
              mediapipe 0.10.14 that holds it;
            - ``MODULE:FUNCTION``, or a callable: see :mod:`.detectors`.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: The file is not a usable detector.
    """
    if callable(spec):
        return spec
    if not isinstance(spec, str):
        if len(spec) != 2:
            raise ValueError(f'{" ".join(spec)}: give one detector, or a config '
                             'and a checkpoint.')
        return MMDetDetector(*spec)
    if is_callable_name(spec):
        return callable_of(spec)
    spec = shipped_models().get(spec, spec)
    if not Path(spec).exists():
        raise FileNotFoundError(f'{spec} does not exist.')
    if Path(spec).suffix in ('.whl', '.tflite'):
        return BlazeFace(spec)
    if spec.endswith('.onnx') and not Path(f'{spec}.json').exists():
        return YuNet(spec)
    return OurDetector(spec)
