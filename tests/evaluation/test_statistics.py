from dataclasses import astuple

import numpy as np
import pytest
from scipy import stats

from mmpose_thermal.evaluation import (bootstrap_interval,
                                       cumulative_error_distribution,
                                       paired_difference)


def test_ced_steps_up_at_each_error():
    errors, shares = cumulative_error_distribution(np.array([.3, .1]))
    assert errors.tolist() == [0, .1, .3] and shares.tolist() == [0, .5, 1]


def test_bootstrap_interval_is_that_of_the_mean():
    values = np.random.default_rng(0).normal(5, 2, 400)
    low, high = bootstrap_interval(values)
    error = values.std() / np.sqrt(400)
    assert low == pytest.approx(values.mean() - 1.96 * error, abs=.03)
    assert high == pytest.approx(values.mean() + 1.96 * error, abs=.03)
    # one person tells nothing of the spread over persons
    assert np.isnan(bootstrap_interval(values, np.zeros(400))).all()


def test_bootstrap_interval_of_the_median():
    values = np.random.default_rng(0).exponential(size=200)
    low, high = bootstrap_interval(values, median=True)
    # that of order statistics, with binomial probabilities
    expected = np.sort(values)[stats.binom.ppf([.025, .975], 200, .5).astype(int)]
    assert (low, high) == pytest.approx(tuple(expected), abs=.04)
    persons = np.arange(200) // 20
    alike = np.repeat(values[:10], 20)
    grouped = bootstrap_interval(alike, persons, median=True)
    alone = bootstrap_interval(alike, median=True)
    assert grouped[1] - grouped[0] > alone[1] - alone[0]


def test_one_seed_is_the_paired_t_test():
    rng = np.random.default_rng(1)
    one, other = rng.normal(1, 1, (2, 50))
    found = paired_difference(one, other)
    expected = stats.ttest_rel(one, other)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(
        tuple(expected.confidence_interval()))


def simulated(rng, effect=0., luck=.5, seeds=3, faces=60):
    """Errors of two models whose trainings and faces vary by chance."""

    def model(mean):
        return (mean + luck * rng.normal(size=(seeds, 1)) + difficulty +
                rng.normal(size=(seeds, faces)))

    difficulty = rng.normal(size=faces)
    return model(effect), model(0.)


def test_luck_of_a_training_is_no_significance():
    """Models that do not differ pass for different at the stated rate.

    A test over faces alone would find a difference in most of these."""
    rng = np.random.default_rng(2)
    drawn = [simulated(rng) for _ in range(400)]
    found = np.mean([paired_difference(*d).p_value < .05 for d in drawn])
    naive = np.mean([
        stats.ttest_rel(a.mean(0), b.mean(0)).pvalue < .05 for a, b in drawn
    ])
    assert found < .08 < .3 < naive


def test_a_difference_that_is_there_is_found():
    rng = np.random.default_rng(3)
    drawn = [simulated(rng, effect=-1, luck=.1) for _ in range(50)]
    found = [paired_difference(*d) for d in drawn]
    assert np.mean([d.p_value < .05 for d in found]) > .9
    assert np.mean([d.low < -1 < d.high for d in found]) > .85


def test_persons_are_what_is_drawn():
    errors, baseline = np.random.default_rng(4).normal(size=(2, 3, 12))
    persons = np.repeat([7, 8, 9], 4)
    means = [table.reshape(3, 3, 4).mean(2) for table in (errors, baseline)]
    assert astuple(paired_difference(
        errors, baseline, persons)) == pytest.approx(
            astuple(paired_difference(*means)))


def test_identical_models_do_not_differ():
    errors = np.ones((2, 5))
    assert paired_difference(errors, errors).p_value == 1
    with pytest.raises(ValueError, match='same seeds and faces'):
        paired_difference(errors, errors[:, 1:])
