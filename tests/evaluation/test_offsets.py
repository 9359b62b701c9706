import numpy as np
import pytest
from conftest import face_errors

from mmpose_thermal.evaluation import region_offsets

EYES = ([36], [45])


def turned(points, degrees):
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)],
                     [np.sin(angle), np.cos(angle)]])
    return points @ turn.T


@pytest.mark.parametrize('degrees', [0, 30, -90])
def test_offsets_are_those_of_the_face_however_it_is_tilted(degrees):
    faces = face_errors(count=3)
    middle = faces.truth[:, [36, 45]].mean(1)[:, None]
    side = np.sign(faces.truth[..., 0] - middle[..., 0])
    shift = np.stack([2 * side, np.full(side.shape, 3.)], -1)  # px
    faces.predicted = turned(faces.truth + shift, degrees)
    faces.truth = turned(faces.truth, degrees)
    for offsets in region_offsets(faces, EYES).values():
        assert offsets == pytest.approx(np.tile([2 / 40, 3 / 40], (3, 1)))


def test_unlabelled_points_do_not_count():
    faces = face_errors(count=2)
    faces.predicted = faces.truth + (0, 4.)
    faces.predicted[0, 30] += 100
    faces.labelled[0, 30] = False
    faces.labelled[1, :17] = False
    found = region_offsets(faces, EYES)
    assert found['nose'][:, 1] == pytest.approx(.1)
    assert np.isnan(found['jaw'][1]).all() and found['jaw'][0, 1] == pytest.approx(.1)
