"""Landmark models that label RGB images.

A teacher is called with an image (H, W, 3), BGR, uint8, and boxes (N, 4), ``x1 y1
x2 y2``. It returns points (N, K, 2) in pixels of the image, or (N, K, 3) with a
score between 0 and 1. Its attribute ``point_set``, if it has one, names the set of
its points.
"""
from pathlib import Path
from typing import Any, Dict, Optional, Sequence

import cv2
import numpy as np

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.runtime.networks import exported_network, load_network
from mmpose_thermal.weights import shipped_models

from .facemesh import FaceMesh
from .model_files import callable_of, is_callable_name
from .pfld import Pfld

_EXPORTED = ('.onnx', '.xml', '.pt')


class Ours:
    """A landmark model of this project, for visible light or thermal images.

    Args:
        path (str): ``NAME.onnx``, ``.xml`` or ``.pt`` with its ``.json``, or
            ``NAME.pth`` with its ``NAME.py``.
    """

    def __init__(self, path: str) -> None:
        self._landmarker = ThermalLandmarker(
            own_network(path, 'landmarks'), temperatures=False)
        self.gain = self._landmarker.info.gain

    @property
    def point_set(self) -> Optional[str]:
        """The point set with the model's names, if it has any."""
        from mmpose_thermal.datasets.point_sets import find_point_set
        return find_point_set(self._landmarker.info.keypoints)

    def __call__(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        if image.ndim == 3 and self._landmarker.info.channels == 1:
            image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        frame = self._landmarker.prepare(image)
        faces = self._landmarker.landmarks(frame, boxes, [1.] * len(boxes))
        return np.array([np.column_stack([face.keypoints, face.scores])
                         for face in faces])


class MMPoseTeacher:
    """Any top-down landmark model of MMPose, on a GPU if there is one.

    Args:
        config (str): Its config.
        checkpoint (str): Its checkpoint.
    """

    def __init__(self, config: str, checkpoint: str) -> None:
        import torch

        from mmpose_thermal.components import register_components
        from mmpose_thermal.deployment import load_model
        register_components()
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
        self._model = load_model((config, checkpoint)).to(device)

    @property
    def point_set(self) -> Optional[str]:
        """The set that checkpoint or config names, if it has as many points."""
        meta, head = self._model.dataset_meta or {}, self._model.head
        count = getattr(head, 'out_channels', None) or head.num_joints
        return meta.get('dataset_name') if meta.get(
            'num_keypoints') == count else None

    def __call__(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        from mmpose.apis import inference_topdown
        found = [sample.pred_instances
                 for sample in inference_topdown(self._model, image, boxes)]
        return np.array([np.column_stack([
            one.keypoints[0], np.clip(one.keypoint_scores[0], 0, 1)])
            for one in found])


def own_network(path: str, task: str) -> Any:
    """Loads a network of this project: exported, or trained with its config."""
    if Path(path).suffix in _EXPORTED:
        return exported_network(path, task)
    return load_network(path, task, None, None)


def load_teacher(spec: Any, crop: Optional[float] = None) -> Any:
    """Loads a landmark model.

    Args:
        spec (str | Sequence[str] | Callable): One of

            - a config and a checkpoint of MMPose;
            - MediaPipe's ``face_landmark.tflite``, or the wheel of mediapipe
              0.10.14 that holds it and need not be installed;
            - a model of this project: the name of a shipped one; ``NAME.onnx``,
              ``NAME.xml`` or ``NAME.pt`` with its ``.json``; or ``NAME.pth`` with
              its ``NAME.py``;
            - an ONNX file like PFLD's (:class:`.Pfld`);
            - ``MODULE:FUNCTION``, or a callable: see :mod:`.teachers`.
        crop (float, optional): Side of the crop in sides of the box, for models
            that do not come with one. Defaults to the best known.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: The file is not usable, or has a crop of its own.
    """
    if callable(spec):
        return spec
    if not isinstance(spec, str):
        return MMPoseTeacher(*_config_and_checkpoint(spec))
    if is_callable_name(spec):
        return callable_of(spec)
    spec = shipped_models().get(spec, spec)
    if not Path(spec).exists():
        raise FileNotFoundError(f'{spec} does not exist.')
    options: Dict[str, Any] = {} if crop is None else dict(crop=crop)
    suffix = Path(spec).suffix
    if suffix in ('.whl', '.tflite'):
        return FaceMesh(spec, **options)
    if suffix == '.onnx' and not Path(f'{spec}.json').exists():
        return Pfld(spec, **options)
    if suffix not in _EXPORTED + ('.pth', ):
        raise ValueError(f'{spec} is not a landmark model: give CONFIG and '
                         'CHECKPOINT, .onnx, .xml, .pt, .pth, .whl, .tflite or '
                         'MODULE:FUNCTION.')
    if options:
        raise ValueError(f'{spec}: our models come with a crop of their own. '
                         f'Leave out "@{crop:g}".')
    return Ours(spec)


def _config_and_checkpoint(spec: Sequence[str]) -> Sequence[str]:
    if len(spec) != 2:
        raise ValueError(f'{" ".join(map(str, spec))}: give one model, or a config '
                         'and a checkpoint.')
    return spec
