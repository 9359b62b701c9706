"""Faces from frame to frame, with few runs of the detector."""
from typing import List, Optional

import numpy as np

from .face_landmarks import FaceLandmarks

_SAME_FACE_IOU = .3


class FaceTracker:
    """Finds faces where their landmarks were in the frame before.

    The detector runs on the first frame, every ``detect_every`` frames for
    faces that are new, and when a face was lost.

    Args:
        landmarker (ThermalLandmarker): With a detector.
        detect_every (int): Frames from one run of the detector to the next.
        min_score (float): A face whose points have a lower mean score is
            lost. Scores are those of the model: about 1 for a heatmap model
            that is sure.
        margin (float): Share of width and height that a box has beyond the
            landmarks, on each side; as the boxes that the model learned from.

    Attributes:
        detector_runs (int): So far.
    """

    def __init__(self,
                 landmarker,
                 detect_every: int = 10,
                 min_score: float = .3,
                 margin: float = .1) -> None:
        if landmarker.detector is None:
            raise ValueError('FaceTracker needs a landmarker with a detector: '
                             'ThermalLandmarker(..., detector=...).')
        if detect_every < 1:
            raise ValueError('detect_every must be at least 1, got '
                             f'{detect_every}.')
        self.landmarker = landmarker
        self.detect_every = detect_every
        self.min_score = min_score
        self.margin = margin
        self.detector_runs = 0
        self._faces: List[FaceLandmarks] = []
        self._wait = 0
        self._next_id = 0

    def __call__(self, frame: np.ndarray) -> List[FaceLandmarks]:
        """Finds the faces of the next frame.

        Args:
            frame (np.ndarray): As for the landmarker.

        Returns:
            list[FaceLandmarks]: With ``track_id``.
        """
        prepared = self.landmarker.prepare(frame)
        height, width = prepared.grey.shape[:2]
        boxes, ids, scores = [], [], []
        for face in self._faces:
            box = self._box_around(face.keypoints, width, height)
            if box is not None:
                boxes.append(box)
                ids.append(face.track_id)
                scores.append(face.box_score)
        if self._wait <= 0 or len(boxes) < len(self._faces):
            self._detect(prepared, boxes, ids, scores)
        self._wait -= 1
        found = self.landmarker.landmarks(
            prepared, np.array(boxes).reshape(-1, 4), scores)
        kept: List[FaceLandmarks] = []
        for face, track_id in zip(found, ids):
            sure = float(face.scores.mean()) >= self.min_score
            alone = all(
                overlap(face.keypoints, other.keypoints) < .6
                for other in kept)
            if sure and alone:
                face.track_id = track_id
                kept.append(face)
        known = {face.track_id for face in self._faces}
        if known - {face.track_id for face in kept}:
            self._wait = 0  # one was lost: look for it in the next frame
        self._faces = kept
        return kept

    def _detect(self, prepared, boxes, ids, scores):
        """Adds what the detector sees beyond the boxes that are there."""
        self.detector_runs += 1
        self._wait = self.detect_every
        for box, score in zip(*self.landmarker.detect(prepared)):
            if all(_iou(box, other) < _SAME_FACE_IOU for other in boxes):
                boxes.append(box)
                ids.append(self._next_id)
                scores.append(float(score))
                self._next_id += 1

    def _box_around(self, keypoints, width, height) -> Optional[np.ndarray]:
        low, high = keypoints.min(0), keypoints.max(0)
        grow = self.margin * (high - low)
        box = np.concatenate([low - grow, high + grow])
        inside = np.minimum(high, [width, height]) - np.maximum(low, 0)
        # Half out of sight is gone.
        return box if (inside > .5 * (high - low)).all() and (
            high - low > 2).all() else None


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of the boxes around two sets of points.

    Args:
        one, other (np.ndarray): Shape (K, 2).

    Returns:
        float: From 0 to 1.
    """
    return _iou(
        np.concatenate([one.min(0), one.max(0)]),
        np.concatenate([other.min(0), other.max(0)]))


def _iou(one, other):
    low = np.maximum(one[:2], other[:2])
    high = np.minimum(one[2:], other[2:])
    common = np.prod(np.maximum(high - low, 0))
    areas = np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2])
    return float(common / max(areas - common, 1e-6))
