"""Scores and radii that hold what they say."""
import numpy as np
import pytest

from mmpose_thermal.deployment import RIGHT_NME, fit_calibration
from mmpose_thermal.deployment.reliability import (Reliability,
                                                   measure_reliability)
from mmpose_thermal.runtime import Calibration
from mmpose_thermal.synthetic import SyntheticSpec, make_synthetic_pairs


def points(count=20000):
    """Errors whose size the spread tells, and the peak the chance of."""
    rng = np.random.default_rng(0)
    peaks = rng.uniform(0, 1, count)
    spreads = np.exp(rng.normal(2, .3, count))
    errors = .1 * spreads**2 * rng.rayleigh(1, count)
    right = rng.uniform(size=count) < 1 / (1 + np.exp(4 - 8 * peaks))
    return peaks, spreads, errors, np.where(right, .5, 2) * RIGHT_NME


def test_a_fit_finds_the_probabilities_and_the_radii():
    peaks, spreads, errors, nme = points()
    fitted = Calibration(**fit_calibration(peaks, spreads, errors, nme))
    assert fitted.bias == pytest.approx(-4, abs=.2)
    assert fitted.weight == pytest.approx(8, abs=.3)
    assert fitted.power == pytest.approx(2, abs=.1)
    held = errors <= fitted.radii(spreads, 1e9)
    for part in (spreads < 6, spreads > 9):
        assert held[part].mean() == pytest.approx(2 / 3, abs=.03)


def test_a_fit_needs_right_and_wrong_points():
    peaks, spreads, errors, _ = points(50)
    with pytest.raises(ValueError, match='50 of 50 points are right'):
        fit_calibration(peaks, spreads, errors, np.zeros(50))


def test_reliability_counts_points_and_faces():
    found = Reliability(
        nme=np.array([.02, .2, .05, .3]), scores=np.array([.9, .8, .6, .1]),
        held=np.ones(4, bool), face_nme=np.ones(2),
        face_scores=np.array([.9, .4]), background_scores=np.array([.4, .2]))
    assert found.bins(np.array([0, .5, 1])) == [(1, 0.), (3, 2 / 3)]
    assert found.kept(.3) == (1., .5)
    assert found.roc_area == .875


def test_shipped_scores_hold_on_unseen_faces(tmp_path):
    from mmpose_thermal.apis import ThermalLandmarker
    make_synthetic_pairs(
        str(tmp_path), SyntheticSpec(size=192, train=1, val=1, test=24,
                                     extra=0, per_subject=1, seed=3))
    found = measure_reliability(
        ThermalLandmarker(), str(tmp_path / 'annotations/test.json'))
    assert found.roc_area > .98
    assert found.face_scores.min() > .35
    (_, doubtful), (_, middling), (_, sure) = found.bins(
        np.array([0, .5, .8, 1]))
    assert not doubtful > .6 and middling < sure and sure > .8
    assert .5 < found.held.mean() < .9
