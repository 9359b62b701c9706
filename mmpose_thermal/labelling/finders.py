"""Find the points of faces in RGB and in thermal images."""
from typing import Any, Optional

import numpy as np

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.apis.inputs import PreparedFrame
from mmpose_thermal.datasets.point_sets import (convert_keypoints, find_point_set,
                                                keypoint_mapping, load_metainfo)
from mmpose_thermal.datasets.transforms.loading import LoadThermalImage

from .confidence import confident_points

_MIN_THERMAL_SCORE = .5


class PointFinder:
    """Finds a point set in RGB images with a teacher that may know another one.

    Args:
        teacher (Callable): See :mod:`.teachers`.
        points (str): The wanted point set.
        teacher_points (str, optional): The teacher's, if it does not tell.
    """

    def __init__(self, teacher: Any, points: str,
                 teacher_points: Optional[str]) -> None:
        own = teacher_points or getattr(teacher, 'point_set', None) or points
        self._mirrored = load_metainfo(dict(from_file=own))['flip_indices']
        self._teacher = _Counted(teacher, own, len(self._mirrored))
        self._convert = Conversion(own, points)

    def __call__(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Points and scores, (N, K, 3), in boxes (N, 4)."""
        found, scores = confident_points(self._teacher, image, boxes, self._mirrored)
        return np.array([self._convert(face)
                         for face in np.dstack([found, scores])])


class Conversion:
    """Converts a face's points, (K, 3), from one point set to another."""

    def __init__(self, source: str, target: str) -> None:
        self._mapping = None
        if source != target:
            self._mapping = keypoint_mapping(source, target)
            self._count = load_metainfo(dict(from_file=target))['num_keypoints']

    def __call__(self, points: np.ndarray) -> np.ndarray:
        if self._mapping is None:
            return points
        return convert_keypoints(points, self._mapping, self._count)


class _Counted:
    """A teacher that must return as many points as its set has."""

    def __init__(self, teacher, point_set, count):
        self._teacher, self._set, self._count = teacher, point_set, count

    def __call__(self, image, boxes):
        found = np.asarray(self._teacher(image, boxes), float)
        if found.shape[:2] != (len(boxes), self._count) or found.shape[2:] not in (
                (2, ), (3, )):
            raise ValueError(
                f'the teacher returned {found.shape} for {len(boxes)} boxes, but the '
                f'point set "{self._set}" needs ({len(boxes)}, {self._count}, 2 or '
                '3). Name its point set with --teacher-points.')
        return found


class ThermalFinder:
    """Finds the clearest face of a thermal image with the shipped models.

    Args:
        points (str): The wanted point set.
    """

    def __init__(self, points: str) -> None:
        self._landmarker = ThermalLandmarker(temperatures=False)
        info = self._landmarker.info
        self._load = LoadThermalImage(channels=1, **info.gain)
        own = find_point_set(info.keypoints)
        assert own is not None
        self._convert = Conversion(own, points)

    def __call__(self, record: dict) -> Optional[np.ndarray]:
        """Points with visibility, (K, 3), of an image's record with ``img_path``."""
        grey = self._load(dict(record))['img']
        frame = PreparedFrame(grey, grey, False)
        boxes, scores = self._landmarker.detect(frame)
        if not len(boxes):
            return None
        face, = self._landmarker.landmarks(frame, boxes[:1], [float(scores[0])])
        if face.face_score < _MIN_THERMAL_SCORE:
            return None
        seen = 2. * (face.scores >= _MIN_THERMAL_SCORE)
        return self._convert(np.column_stack([face.keypoints, seen]))
