import numpy as np
import pytest

from mmpose_thermal.datasets.alignment import fit_map, register_groups

MATRICES = dict(
    similarity=[[.5, -.1, 20], [.1, .5, -8], [0, 0, 1]],
    affine=[[.525, -.005, -15], [.04, .6, -36], [0, 0, 1]],
    homography=[[.6, .02, 5], [-.03, .7, 4], [2e-4, -1e-4, 1]])


def corresponding(matrix, count=40):
    rgb = np.random.default_rng(0).uniform(0, 400, (count, 2))
    moved = np.column_stack([rgb, np.ones(count)]) @ np.transpose(matrix)
    return rgb, moved[:, :2] / moved[:, 2:]


@pytest.mark.parametrize('model', MATRICES)
def test_map_is_found_in_spite_of_noise_and_outliers(model):
    rgb, thermal = corresponding(MATRICES[model])
    rng = np.random.default_rng(1)
    noisy = thermal + rng.normal(0, .3, thermal.shape)
    noisy[::8] += 60
    found = fit_map(rgb, noisy, model)
    assert found.inliers == 35 and found.points == 40
    assert found.residual_px < .8
    moved = np.column_stack([rgb, np.ones(40)]) @ found.matrix.T
    np.testing.assert_allclose(
        moved[:, :2] / moved[:, 2:], thermal, atol=1.2)


def test_points_that_determine_nothing_are_refused():
    line = np.column_stack([np.arange(9.), 2 * np.arange(9.)])
    with pytest.raises(ValueError, match='on one line'):
        fit_map(line, line, 'affine')
    with pytest.raises(ValueError, match='3 common points are too few'):
        fit_map(line[:3], line[:3])
    with pytest.raises(ValueError, match='the model must be one of'):
        fit_map(line, line, 'thin-plate')
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match='do not correspond'):
        fit_map(rng.uniform(0, 99, (60, 2)), rng.uniform(0, 99, (60, 2)))


def test_groups_pool_their_points_and_failures_are_named():
    rgb, thermal = corresponding(MATRICES['affine'], 8)

    def labelled(points, count):
        visible = np.where(np.arange(8) < count, 2., 0)
        return np.column_stack([points, visible])

    found, failed = register_groups([
        ('a', labelled(rgb, 2), labelled(thermal, 8)),
        ('a', labelled(rgb[::-1], 8), labelled(thermal[::-1], 2)),
        ('b', labelled(rgb, 2), labelled(thermal, 2)),
    ])
    assert found['a'].points == 4
    np.testing.assert_allclose(found['a'].matrix, MATRICES['affine'],
                               atol=1e-6)
    assert [group for group, _ in failed] == ['b']
