"""Tracks faces from frame to frame, with few detector runs."""
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from .crops import checked_boxes, iou
from .image_results import Results
from .results import FaceLandmarks
from .skin_regions import landmark_extent_px
from .smoothing import OneEuroFilter

_MIN_SCORE = .3
_SAME_FACE_IOU = .3
_ONE_FACE_IOU = .6  # landmarks with this overlap belong to one face


@dataclass(eq=False)
class _Track:
    """A tracked face.

    Attributes:
        box (np.ndarray): Where to look for it in the next frame, (4, ).
        score (float): Detector score.
        track_id (int, optional): ``None`` until it is found for the first time.
        in_sight (bool): Whether the face is inside the image.
        middle (np.ndarray, optional): Last known centre of the landmarks'
            bounding box.
        motion (np.ndarray): Velocity of the centre, pixels per frame, (2, ).
        lost (int): Frames since it was last found.
        is_given (bool): Whether its box was given for this frame.
        smooth (OneEuroFilter): Smooths its landmarks.
    """
    box: np.ndarray
    score: float
    track_id: Optional[int] = None
    in_sight: bool = True
    middle: Optional[np.ndarray] = None
    motion: np.ndarray = field(default_factory=lambda: np.zeros(2))
    lost: int = 0
    is_given: bool = False
    smooth: OneEuroFilter = field(default_factory=OneEuroFilter)


class FaceTracker:
    """Tracks faces by their landmarks in the previous frame.

        >>> tracker = FaceTracker(ThermalLandmarker())
        >>> for frame in Source('video.mp4'):
        ...     print([face.track_id for face in tracker(frame)])

    Faces start from given boxes or are detected. The detector runs on the
    first frame, then every ``detect_every`` frames to find new faces, and
    while a face is lost. A face that scores too low or
    leaves the image is dropped from the results, but keeps its ID for
    ``max_lost`` frames. Meanwhile it is searched for at its predicted position
    and among new detections. IDs are never reused.

    Smoothing reduces the jitter of a still face to about 40 %, but delays
    moving ones: at a constant speed by ``1 / (2 * pi * (1 + 5 * speed))``
    seconds, with the speed in face sizes per second. That is 160 ms at the
    slowest, 45 ms at half a face size per second and 27 ms at a whole one.
    The head pose is that of the smoothed landmarks; temperatures are those
    before smoothing.

    Args:
        landmarker (ThermalLandmarker): Landmarker. Without a detector, boxes
            must be given.
        detect_every (int): Frames between detector runs.
        min_score (float, optional): Minimum mean landmark score of a face.
            Defaults to the landmarker's ``min_face_score`` if that was set,
            otherwise to 0.3.
        margin (float): Margin between landmarks and box, as a share of width
            and height on each side. It should match the training boxes.
        max_lost (int): Consecutive frames that a face may be lost. With 0, a
            returning face gets a new ID.
        smooth (bool): Whether to smooth the landmarks (One Euro filter).
        fps (float): Frames per second, for smoothing frames without a time.

    Attributes:
        detector_runs (int): Number of detector runs so far.

    Raises:
        ValueError: A number is out of range.
    """

    def __init__(self,
                 landmarker,
                 detect_every: int = 10,
                 min_score: Optional[float] = None,
                 margin: float = .1,
                 max_lost: int = 5,
                 smooth: bool = False,
                 fps: float = 25.) -> None:
        if detect_every < 1:
            raise ValueError('detect_every must be at least 1, got '
                             f'{detect_every}.')
        if max_lost < 0:
            raise ValueError(f'max_lost must not be negative, got {max_lost}.')
        if not fps > 0:
            raise ValueError(f'fps must be positive, got {fps}.')
        self.landmarker = landmarker
        self.detect_every = detect_every
        given = landmarker.min_face_score if min_score is None else min_score
        self.min_score = _MIN_SCORE if given is None else given
        self.margin = margin
        self.max_lost = max_lost
        self.smooth, self._step_s = smooth, 1 / fps
        self.detector_runs = 0
        self._tracks: List[_Track] = []
        self._wait = 0
        self._next_id = 0
        self._is_given = False
        self._time_s: Optional[float] = None

    def __call__(self,
                 frame,
                 boxes: Optional[Sequence] = None) -> Results:
        """Finds the faces of the next frame.

        Args:
            frame (str | np.ndarray | Frame): See
                :meth:`ThermalLandmarker.__call__`.
            boxes (Sequence, optional): Faces to track from this frame on,
                ``x1, y1, x2, y2`` in pixels, (N, 4). A box that overlaps a
                tracked face corrects it. Once boxes were given, the detector
                only looks for lost faces and adds no others.

        Returns:
            Results: The faces, sorted by ``track_id``.

        Raises:
            ValueError: The frame or a box is unusable, in which case the
                tracker is unchanged; or there is neither a detector nor a box.
        """
        prepared = self.landmarker.prepare(frame)
        if boxes is not None:
            self._start(checked_boxes(boxes, prepared.grey))
        elif self.landmarker.detector is None and not self._is_given:
            raise ValueError('FaceTracker has no face to start from: give '
                             'boxes= with the first frame, or a landmarker '
                             'with a detector.')
        elif self._needs_detector():
            self._detect(prepared)
        self._wait -= 1
        tracks = [track for track in self._tracks if track.in_sight]
        faces = self.landmarker.landmarks(
            prepared, np.array([track.box for track in tracks]).reshape(-1, 4),
            [track.score for track in tracks])
        found = self._found(tracks, faces)
        step_s = self._seconds_to(prepared)
        for track in self._tracks:
            if track in found:
                self._follow(track, found[track], prepared.grey.shape[1::-1],
                             step_s)
            else:
                track.lost += 1
                track.box = track.box + np.tile(track.motion, 2)
            track.is_given = False
        # Drop detections that the landmarks did not confirm.
        self._tracks = [
            track for track in self._tracks
            if track.track_id is not None and track.lost <= self.max_lost
        ]
        return self.landmarker.results(
            prepared,
            sorted(found.values(), key=lambda face: face.track_id or 0))

    def _needs_detector(self):
        if self.landmarker.detector is None:
            return False
        return (self._wait <= 0 and not self._is_given) or any(
            track.lost or not track.in_sight for track in self._tracks)

    def _seconds_to(self, prepared):
        """Seconds since the previous frame."""
        before, self._time_s = self._time_s, prepared.time_s
        if before is None or self._time_s is None or self._time_s <= before:
            return self._step_s
        return self._time_s - before

    def _start(self, boxes):
        """Starts tracks at given boxes, or moves those that overlap them."""
        self._is_given = True
        pairs, _ = _matched([track.box for track in self._tracks], boxes)
        known = {box: self._tracks[track] for track, box in pairs}
        for index, box in enumerate(boxes):
            track = known.get(index) or _Track(box, 1.)
            track.box, track.in_sight, track.is_given = box, True, True
            if index not in known:
                self._tracks.append(track)

    def _detect(self, prepared):
        """Runs the detector to relocate lost faces and add new ones."""
        self.detector_runs += 1
        self._wait = self.detect_every
        boxes, scores = self.landmarker.detect(prepared)
        pairs, near = _matched([track.box for track in self._tracks], boxes)
        for track, box in pairs:
            if self._tracks[track].lost or not self._tracks[track].in_sight:
                self._tracks[track].box = np.asarray(boxes[box])
                self._tracks[track].in_sight = True
        if self._is_given:
            return
        self._tracks += [
            _Track(np.asarray(box), float(score))
            for index, (box, score) in enumerate(zip(boxes, scores))
            if index not in near
        ]

    def _found(self, tracks, faces) -> Dict[_Track, FaceLandmarks]:
        """Keeps confident faces; the better track wins among duplicates."""
        pairs = [(track, face) for track, face in zip(tracks, faces)
                 if face.face_score >= self.min_score or track.is_given]
        pairs.sort(key=lambda pair: (
            not pair[0].is_given, pair[0].track_id is None, pair[0].lost,
            -iou(pair[0].box, _around(pair[1].keypoints))))
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

    def _follow(self, track, face, image_size, step_s):
        """Updates a track from its face in this frame."""
        low, high = face.keypoints.min(0), face.keypoints.max(0)
        grow = self.margin * (high - low)
        middle = .5 * (low + high)
        if self.smooth:
            face.keypoints = track.smooth(
                face.keypoints, step_s * (track.lost + 1),
                landmark_extent_px(face.keypoints))
        if track.middle is not None:
            track.motion = (middle - track.middle) / (track.lost + 1)
        track.middle, track.lost = middle, 0
        track.box = np.concatenate([low - grow, high + grow])
        # A face that is half outside the image counts as gone.
        inside = np.minimum(high, image_size) - np.maximum(low, 0)
        track.in_sight = bool((inside > .5 * (high - low)).all() and
                              (high - low > 2).all())


def _matched(boxes, others):
    """Matches overlapping boxes greedily, each at most once.

    Returns the index pairs, best first, and the indices of all ``others`` that
    overlap with any box.
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
