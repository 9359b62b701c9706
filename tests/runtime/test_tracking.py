"""Faces keep their numbers from frame to frame."""
import numpy as np
import pytest

from mmpose_thermal.apis.inputs import PreparedFrame
from mmpose_thermal.runtime import FaceLandmarks, FaceTracker, Results


class Scene:
    """A landmarker that knows where the faces are: pixels of that value."""

    detector, min_face_score = True, None

    def __init__(self):
        self.detected, self.looked_at = [], 0
        self.score, self.least_share = 1., 0.

    def prepare(self, frame):
        return PreparedFrame(frame, frame, False)

    def results(self, frame, faces):
        return Results(faces, frame)

    def _box(self, frame, value):
        rows, columns = np.nonzero(frame == value)
        return np.array([columns.min(), rows.min(),
                         columns.max(), rows.max()], float)

    def detect(self, frame):
        values = [v for v in np.unique(frame.grey) if v]
        self.detected.append(len(values))
        boxes = [self._box(frame.grey, value) for value in values]
        return np.array(boxes).reshape(-1, 4), np.ones(len(boxes))

    def landmarks(self, frame, boxes, scores):
        faces = []
        self.looked_at += len(boxes)
        for box in boxes:
            x1, y1, x2, y2 = np.clip(box, 0, None).astype(int)
            values = frame.grey[y1:y2 + 1, x1:x2 + 1]
            value = values.max() if values.size else 0
            seen = (values > 0).sum() > self.least_share * 1200
            own = self._box(frame.grey, value) if seen else np.array(box)
            faces.append(
                FaceLandmarks(own.reshape(2, 2), np.full(2, self.score * seen),
                              box))
        return faces


def scene(*faces, size=200):
    frame = np.zeros((size, size), np.uint8)
    for value, x, y in faces:
        frame[y:y + 40, x:x + 30] = value
    return frame


def test_faces_are_followed_without_the_detector():
    landmarker = Scene()
    tracker = FaceTracker(landmarker, detect_every=10)
    ids = []
    for step in range(9):
        faces = tracker(scene((1, 10 + 5 * step, 20), (2, 150 - 5 * step, 120)))
        ids.append([face.track_id for face in faces])
        assert faces[0].keypoints[0].tolist() == [10 + 5 * step, 20]
    assert ids == [[0, 1]] * 9
    assert tracker.detector_runs == 1


def test_new_faces_are_found_at_the_next_detection():
    tracker = FaceTracker(Scene(), detect_every=3)
    counts = [len(tracker(scene((1, 10, 20)))) for _ in range(2)]
    both = scene((1, 10, 20), (2, 150, 120))
    counts += [len(tracker(both)) for _ in range(3)]
    assert counts == [1, 1, 1, 2, 2]
    assert [face.track_id for face in tracker(both)] == [0, 1]


def test_a_lost_face_is_looked_for_at_once():
    tracker = FaceTracker(Scene(), detect_every=50)
    tracker(scene((1, 10, 20)))
    assert tracker(scene((1, 150, 150))) == []  # jumped away
    found = tracker(scene((1, 150, 150)))
    assert [face.track_id for face in found] == [1]
    assert tracker.detector_runs == 2


def ids_of(faces):
    return [face.track_id for face in faces]


def test_a_weak_frame_changes_no_number():
    landmarker = Scene()
    tracker = FaceTracker(landmarker, detect_every=50)
    both = scene((1, 10, 20), (2, 150, 120))
    assert ids_of(tracker(both)) == [0, 1]
    landmarker.score = .1
    assert tracker(both) == []
    landmarker.score = 1.
    assert ids_of(tracker(both)) == [0, 1]
    # Found again, they need no detector.
    runs = tracker.detector_runs
    tracker(both)
    assert tracker.detector_runs == runs


def test_one_face_may_be_weak_while_another_is_not():
    tracker = FaceTracker(Scene(), detect_every=50)
    both = scene((1, 10, 20), (2, 150, 120))
    tracker(both)
    assert ids_of(tracker(scene((1, 10, 20)))) == [0]
    assert ids_of(tracker(both)) == [0, 1]


@pytest.mark.parametrize('frames, number', [(3, 0), (4, 1)])
def test_a_face_is_known_for_as_many_frames_as_one_says(frames, number):
    tracker = FaceTracker(Scene(), detect_every=1, max_lost=3)
    tracker(scene((1, 10, 20)))
    for _ in range(frames):
        assert tracker(scene()) == []
    assert ids_of(tracker(scene((1, 12, 22)))) == [number]


def test_numbers_end_at_once_if_wanted():
    landmarker = Scene()
    tracker = FaceTracker(landmarker, detect_every=1, max_lost=0)
    tracker(scene((1, 10, 20)))
    tracker(scene())
    assert ids_of(tracker(scene((1, 10, 20)))) == [1]


def test_a_face_that_returns_elsewhere_is_a_new_one():
    tracker = FaceTracker(Scene(), detect_every=1)
    tracker(scene((1, 10, 20)))
    tracker(scene())
    assert ids_of(tracker(scene((1, 150, 150)))) == [1]


def test_a_hidden_face_is_looked_for_where_it_moves_to():
    tracker = FaceTracker(Scene(), detect_every=50)
    for step in range(4):
        tracker(scene((1, 10 + 8 * step, 20)))
    for _ in range(4):
        assert tracker(scene()) == []
    # 32 pixels on, more than its width.
    assert ids_of(tracker(scene((1, 10 + 8 * 8, 20)))) == [0]


def test_a_lost_face_gets_the_box_of_the_detector():
    landmarker = Scene()
    landmarker.least_share = .8  # of the face must be in the box
    tracker = FaceTracker(landmarker, detect_every=50)
    tracker(scene((1, 10, 20)))
    assert tracker(scene()) == []
    assert ids_of(tracker(scene((1, 22, 20)))) == [0]


def test_no_face_is_looked_at_twice():
    landmarker = Scene()
    tracker = FaceTracker(landmarker, detect_every=1)
    for _ in range(5):
        tracker(scene((1, 10, 20), (2, 150, 120)))
    assert landmarker.looked_at == 10


def test_faces_that_cross_keep_their_numbers():
    tracker = FaceTracker(Scene(), detect_every=10)
    places = {}
    for step in range(25):
        one, other = 10 + 6 * step, 160 - 6 * step
        for face in tracker(scene((1, one, 20), (2, other, 30))):
            places.setdefault(face.track_id, []).append(
                'one' if abs(face.keypoints[0, 0] - one) < 1 else 'other')
    assert set(places) == {0, 1}
    assert places[0][-1] == places[0][0] != places[1][0] == places[1][-1]


def test_an_empty_scene_does_not_keep_the_detector_busy():
    tracker = FaceTracker(Scene(), detect_every=5)
    assert [tracker(scene()) for _ in range(10)] == [[]] * 10
    assert tracker.detector_runs == 2


def test_tracking_starts_from_a_given_box():
    landmarker = Scene()
    landmarker.detector = None
    tracker = FaceTracker(landmarker)
    with pytest.raises(ValueError, match='boxes= with the first frame'):
        tracker(scene((1, 10, 20)))
    with pytest.raises(ValueError, match='Box 0 .* outside'):
        tracker(scene((1, 10, 20)), [[900, 0, 950, 40]])
    assert ids_of(tracker(scene((1, 10, 20)), [[12, 18, 40, 60]])) == [0]
    for step in range(1, 12):
        face, = tracker(scene((1, 10 + 5 * step, 20), (2, 150, 120)))
        assert face.track_id == 0
        assert face.keypoints[0].tolist() == [10 + 5 * step, 20]


def test_of_given_faces_the_detector_adds_none():
    landmarker = Scene()
    tracker = FaceTracker(landmarker, detect_every=1)
    both = scene((1, 10, 20), (2, 150, 120))
    assert ids_of(tracker(both, [[10, 20, 39, 59]])) == [0]
    assert [ids_of(tracker(both)) for _ in range(3)] == [[0]] * 3
    assert tracker.detector_runs == 0
    # A lost one is looked for, a corrected one keeps its number.
    assert tracker(scene((2, 150, 120))) == []
    assert ids_of(tracker(scene((1, 22, 22), (2, 150, 120)))) == [0]
    assert tracker.detector_runs == 1
    assert ids_of(tracker(both, [[15, 20, 44, 59], [150, 120, 180, 160]])) == \
        [0, 1]


def test_a_given_face_may_score_little_in_its_first_frame():
    landmarker = Scene()
    landmarker.score = .1
    tracker = FaceTracker(landmarker)
    frame = scene((1, 10, 20))
    assert ids_of(tracker(frame, [[10, 20, 39, 59]])) == [0]
    assert tracker(frame) == []


def test_gaps_of_some_frames_are_survived_without_a_detector():
    landmarker = Scene()
    landmarker.detector = None
    tracker = FaceTracker(landmarker)
    tracker(scene((1, 10, 20)), [[10, 20, 39, 59]])
    tracker(scene((1, 16, 20)))
    assert [tracker(scene()) for _ in range(4)] == [[]] * 4
    assert ids_of(tracker(scene((1, 16 + 5 * 6, 20)))) == [0]
    assert [tracker(scene()) for _ in range(6)] == [[]] * 6
    assert tracker(scene((1, 16 + 5 * 12, 20))) == []  # given up


def path_of(places, **options):
    """Where the smoothed corner of a face of 34 x 34 is seen."""
    tracker = FaceTracker(Scene(), smooth=True, **options)
    return np.array([
        tracker(scene((1, int(x), 20), size=600))[0].keypoints[0, 0]
        for x in places
    ])


def test_smoothing_lags_as_it_says():
    speed = 4.  # pixels per frame
    places = 10 + speed * np.arange(120)
    sizes_per_s = 25 * speed / np.sqrt(29 * 39)
    lag_px = places[-20:] - path_of(places)[-20:]
    expected_s = 1 / (2 * np.pi * (1 + 5 * sizes_per_s))
    assert lag_px / (25 * speed) == pytest.approx(expected_s, rel=.02)
    assert .001 < expected_s < .027  # fast faces lag by less than a frame
    # At another rate, the lag in seconds follows from the speed in seconds.
    slow = places[-20:] - path_of(places, fps=5)[-20:]
    assert slow / (5 * speed) == pytest.approx(
        1 / (2 * np.pi * (1 + sizes_per_s)), rel=.02)


def test_smoothing_calms_a_still_face():
    jitter = np.random.default_rng(0).integers(-1, 2, 400)
    assert np.std(path_of(200 + jitter)[50:]) < .6 * np.std(jitter)


def test_smoothing_is_off_by_default():
    tracker = FaceTracker(Scene())
    for x in (10, 15, 11):
        face, = tracker(scene((1, x, 20)))
        assert face.keypoints[0, 0] == x


def test_bad_numbers_are_refused():
    for options in (dict(detect_every=0), dict(max_lost=-1), dict(fps=0)):
        with pytest.raises(ValueError, match=next(iter(options))):
            FaceTracker(Scene(), **options)
