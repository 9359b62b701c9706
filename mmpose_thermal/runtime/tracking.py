"""Faces from frame to frame, with few runs of the detector."""
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

import numpy as np

from .crops import iou
from .results import FaceLandmarks

_SAME_FACE_IOU = .3
_ONE_FACE_IOU = .6  # landmarks of two boxes that are of one face


@dataclass(eq=False)
class _Track:
    """A face that is followed.

    Attributes:
        box (np.ndarray): Where it is looked for, (4, ).
        score (float): Of the detector.
        track_id (int, optional): ``None`` before it was found once.
        in_sight (bool): Whether the box is worth a look.
        middle (np.ndarray, optional): Of the landmarks' box when last found.
        motion (np.ndarray): Of the middle, pixels a frame, (2, ).
        lost (int): Frames since it was found.
    """
    box: np.ndarray
    score: float
    track_id: Optional[int] = None
    in_sight: bool = True
    middle: Optional[np.ndarray] = None
    motion: np.ndarray = field(default_factory=lambda: np.zeros(2))
    lost: int = 0


class FaceTracker:
    """Finds faces where their landmarks were in the frame before.

    The detector runs on the first frame, every ``detect_every`` frames for
    faces that are new, and while a face is lost. A face that is weak or out
    of sight is not among the results, and keeps its number for ``max_lost``
    frames: it is looked for where it would have moved to, and among what the
    detector finds. Numbers are never used again.

    Args:
        landmarker (ThermalLandmarker): With a detector.
        detect_every (int): Frames from one run of the detector to the next.
        min_score (float): A face whose points have a lower mean score is
            not found. Scores are those of the model: about 1 for a heatmap
            model that is sure.
        margin (float): Share of width and height that a box has beyond the
            landmarks, on each side; as the boxes that the model learned from.
        max_lost (int): Frames in a row that a face may be lost. 0: it has a
            new number when it comes back.

    Attributes:
        detector_runs (int): So far.
    """

    def __init__(self,
                 landmarker,
                 detect_every: int = 10,
                 min_score: float = .3,
                 margin: float = .1,
                 max_lost: int = 5) -> None:
        if landmarker.detector is None:
            raise ValueError('FaceTracker needs a landmarker with a detector: '
                             'ThermalLandmarker(..., detector=...).')
        if detect_every < 1:
            raise ValueError('detect_every must be at least 1, got '
                             f'{detect_every}.')
        if max_lost < 0:
            raise ValueError(f'max_lost must not be negative, got {max_lost}.')
        self.landmarker = landmarker
        self.detect_every = detect_every
        self.min_score = min_score
        self.margin = margin
        self.max_lost = max_lost
        self.detector_runs = 0
        self._tracks: List[_Track] = []
        self._wait = 0
        self._next_id = 0

    def __call__(self, frame: np.ndarray) -> List[FaceLandmarks]:
        """The faces of the next frame, with ``track_id``, in their order."""
        prepared = self.landmarker.prepare(frame)
        if self._wait <= 0 or any(
                track.lost or not track.in_sight for track in self._tracks):
            self._detect(prepared)
        self._wait -= 1
        tracks = [track for track in self._tracks if track.in_sight]
        faces = self.landmarker.landmarks(
            prepared, np.array([track.box for track in tracks]).reshape(-1, 4),
            [track.score for track in tracks])
        found = self._found(tracks, faces)
        for track in self._tracks:
            if track in found:
                self._follow(track, found[track], prepared.grey.shape[1::-1])
            else:
                track.lost += 1
                track.box = track.box + np.tile(track.motion, 2)
        # Where the detector saw a face and the landmarks did not, is none.
        self._tracks = [
            track for track in self._tracks
            if track.track_id is not None and track.lost <= self.max_lost
        ]
        return sorted(found.values(), key=lambda face: face.track_id or 0)

    def _detect(self, prepared):
        """Gives lost faces the boxes of the detector, and adds new faces."""
        self.detector_runs += 1
        self._wait = self.detect_every
        boxes, scores = self.landmarker.detect(prepared)
        pairs, near = _matched([track.box for track in self._tracks], boxes)
        for track, box in pairs:
            if self._tracks[track].lost or not self._tracks[track].in_sight:
                self._tracks[track].box = np.asarray(boxes[box])
                self._tracks[track].in_sight = True
        self._tracks += [
            _Track(np.asarray(box), float(score))
            for index, (box, score) in enumerate(zip(boxes, scores))
            if index not in near
        ]

    def _found(self, tracks, faces) -> Dict[_Track, FaceLandmarks]:
        """Faces that are sure; of two that are one, the better track's."""
        pairs = [(track, face) for track, face in zip(tracks, faces)
                 if float(face.scores.mean()) >= self.min_score]
        pairs.sort(
            key=lambda pair: (pair[0].track_id is None, pair[0].lost, -iou(
                pair[0].box, _around(pair[1].keypoints))))
        found: Dict[_Track, FaceLandmarks] = {}
        for track, face in pairs:
            if all(
                    overlap(face.keypoints, other.keypoints) < _ONE_FACE_IOU
                    for other in found.values()):
                found[track] = face
        for track, face in found.items():
            if track.track_id is None:
                track.track_id = self._next_id
                self._next_id += 1
            face.track_id = track.track_id
        return found

    def _follow(self, track, face, image_size):
        """Where a face that was found is looked for in the next frame."""
        low, high = face.keypoints.min(0), face.keypoints.max(0)
        grow = self.margin * (high - low)
        middle = .5 * (low + high)
        if track.middle is not None:
            track.motion = (middle - track.middle) / (track.lost + 1)
        track.middle, track.lost = middle, 0
        track.box = np.concatenate([low - grow, high + grow])
        # Half out of sight is gone.
        inside = np.minimum(high, image_size) - np.maximum(low, 0)
        track.in_sight = bool((inside > .5 * (high - low)).all() and
                              (high - low > 2).all())


def _matched(boxes, others):
    """Pairs of overlapping boxes (their indices), the best first and each in
    one pair; and all of the others that overlap with one.
    """
    overlaps = [(iou(box, other), first, second)
                for first, box in enumerate(boxes)
                for second, other in enumerate(others)]
    overlaps = [each for each in overlaps if each[0] >= _SAME_FACE_IOU]
    pairs: List[Tuple[int, int]] = []
    for _, first, second in sorted(overlaps, key=lambda each: -each[0]):
        if all(first != one and second != other for one, other in pairs):
            pairs.append((first, second))
    return pairs, {second for _, _, second in overlaps}


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of the boxes around two sets of points."""
    return float(iou(_around(one), _around(other)))


def _around(points):
    return np.concatenate([points.min(0), points.max(0)])
