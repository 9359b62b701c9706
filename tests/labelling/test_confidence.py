import numpy as np
import pytest

from mmpose_thermal.labelling.confidence import agreement, confident_points

MIRRORED = [1, 0, 2, 3]


def test_agreement_falls_with_the_spread_in_sides_of_the_face():
    points = np.array([[0., 0], [100, 0], [0, 100], [100, 100]])
    views = np.repeat(points[None, None], 3, 0)
    assert agreement(views) == pytest.approx(np.ones((1, 4)))
    views[:, 0, 3, 0] += [-2, 0, 2]  # a spread of sqrt(8/3) px of 100
    assert agreement(views)[0, 3] == pytest.approx(np.exp(-(8 / 3) / 4 / 2), abs=.01)
    # The same in an image of half the size.
    assert agreement(views / 2) == pytest.approx(agreement(views))


class EyesAndMouth:
    """Finds four marks, names the leftmost eye right, as a teacher does."""

    marks = np.array([[40., 40], [70, 42], [48, 70], [55, 90]])

    def __init__(self, own_score=None):
        self.own_score, self.boxes = own_score, []

    def __call__(self, image, boxes):
        self.boxes.append(boxes)
        xy = np.array([np.argwhere(image[..., 0] == value)[0][::-1]
                       for value in (11, 12, 13, 14)], float)
        if xy[0, 0] > xy[1, 0]:
            xy = xy[[1, 0, 2, 3]]
        if self.own_score is not None:
            xy = np.column_stack([xy, np.full(4, self.own_score)])
        return np.repeat(xy[None], len(boxes), 0)


@pytest.fixture
def image():
    pixels = np.zeros((100, 120, 3), np.uint8)
    for value, (x, y) in enumerate(EyesAndMouth.marks.astype(int), start=11):
        pixels[y, x] = value
    return pixels


def test_mirrored_looks_come_back_with_sides_swapped(image):
    teacher = EyesAndMouth()
    boxes = np.array([[0., 0, 120, 100]])
    points, scores = confident_points(teacher, image, boxes, MIRRORED)
    assert points[0] == pytest.approx(teacher.marks)
    assert scores == pytest.approx(np.ones((1, 4)))
    # The first look is at the box, the others at what was found: 30 x 50 px and
    # a margin, with their middle at (55, 65); in the mirror at (119 - 55, 65).
    assert teacher.boxes[0] is boxes
    middles = [(box[:, :2] + box[:, 2:])[0] / 2 for box in teacher.boxes[1:]]
    assert np.array(middles) == pytest.approx(np.array([[55, 65], [64, 65], [55, 65]]))
    widths = [np.ptp(box[0, ::2]) for box in teacher.boxes[1:]]
    assert widths == pytest.approx([.85 * 36, 36, 1.15 * 36])


def test_the_teachers_own_scores_count_too(image):
    _, scores = confident_points(
        EyesAndMouth(own_score=.6), image, np.array([[0., 0, 120, 100]]), MIRRORED)
    assert scores == pytest.approx(np.full((1, 4), .6))
