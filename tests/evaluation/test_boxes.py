import numpy as np
import pytest

from mmpose_thermal.evaluation import (DetectedFrame, best_point, changed_boxes,
                                       match_faces, operating_points)

FACE, SMALL = [10., 10, 60, 60], [70., 70, 80, 80]


def frame(*found, truth=(FACE, SMALL)):
    """A frame with boxes and their scores."""
    return DetectedFrame(
        np.array([box for box, _ in found], float).reshape(-1, 4),
        np.array([score for _, score in found], float),
        np.array(truth, float).reshape(-1, 4))


def test_boxes_are_scaled_about_their_centre_and_shifted_by_their_own_side():
    boxes = np.array([[0., 0, 10, 20], [50, 50, 70, 70]])
    assert changed_boxes(boxes, 1.5).tolist() == [[-2.5, -5, 12.5, 25],
                                                  [45, 45, 75, 75]]
    assert changed_boxes(boxes, shift=(.1, -.2)).tolist() == [
        [1, -4, 11, 16], [52, 46, 72, 66]]


def test_a_second_box_on_the_same_face_finds_nothing():
    boxes = np.array([FACE, [12., 10, 60, 60], SMALL])
    assert match_faces(boxes, np.array([SMALL, FACE]), .5).tolist() == [1, -1, 0]
    assert match_faces(boxes, np.zeros((0, 4)), .5).tolist() == [-1] * 3


def test_small_faces_are_neither_missed_nor_false_alarms():
    frames = [frame((FACE, .9), (SMALL, .8), ([0, 70, 20, 90], .7)), frame()]
    strict, = operating_points(frames, [.5])
    assert (strict.faces, strict.recall) == (4, .5)
    lenient, = operating_points(frames, [.5], min_side_px=40)
    assert (lenient.faces, lenient.recall) == (2, .5)
    assert strict.false_alarms_per_frame == lenient.false_alarms_per_frame == .5


def test_boxes_on_what_is_ignored_are_no_false_alarms():
    twice = frame((FACE, .9), (SMALL, .8), ([71., 71, 80, 80], .7),
                  ([69., 69, 77, 77], .6), ([75., 75, 95, 95], .5))
    point, = operating_points([twice], [.1], min_side_px=40)
    assert point.false_alarms_per_frame == 1  # that beside the small face
    crowd = twice._replace(ignored=np.array([[50., 50, 100, 100]]))
    point, = operating_points([crowd], [.1])
    assert (point.recall, point.false_alarms_per_frame) == (1, 0)


def test_points_follow_the_threshold():
    frames = [frame((FACE, .9)), frame(([0., 70, 20, 90], .7), (FACE, .4))]
    points = operating_points(frames, [.95, .8, .6, .3], min_side_px=40)
    assert [p.recall for p in points] == [0, .5, .5, 1]
    assert [p.false_alarms_per_frame for p in points] == [0, 0, .5, .5]


def test_the_best_point_keeps_to_the_false_alarms():
    frames = [frame((FACE, .9)), frame(([0., 70, 20, 90], .7), (FACE, .4))]
    assert best_point(frames, .1, min_side_px=40)[:3] == (.9, 2, .5)
    assert best_point(frames, .5, min_side_px=40)[:3] == (.4, 2, 1)
    only_false = [frame(([0., 70, 20, 90], .7), truth=[FACE])]
    assert best_point(only_false, .1).recall == 0


def test_recall_without_faces_is_not_zero():
    point, = operating_points([frame(truth=[])], [.5])
    assert np.isnan(point.recall) and point.faces == 0


@pytest.mark.parametrize('overlap, found', [(.49, -1), (.51, 0)])
def test_overlap_decides(overlap, found):
    box = np.array([[0., 0, 100 * overlap, 100]])
    assert match_faces(box, np.array([[0., 0, 100, 100]]), .5).tolist() == [found]
