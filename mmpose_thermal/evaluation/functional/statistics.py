"""Statistics of the errors of one model, and comparison of two models."""
from dataclasses import dataclass
from typing import Optional, Sequence, Tuple

import numpy as np
from scipy import stats


def threshold_label(threshold: float) -> str:
    """Formats a threshold for the names of measures: '0.10', '0.085'."""
    return max(f'{threshold:.2f}', f'{threshold:.10g}', key=len)


def failure_rate(errors: np.ndarray, threshold: float) -> float:
    """Fraction of faces, (N, ), with an NME above a threshold."""
    return float((errors > threshold).mean())


def area_under_ced(errors: np.ndarray, threshold: float) -> float:
    """Area under the cumulative error distribution up to a threshold, normalised.

    The result is exact: the distribution is a step function, so its integral is
    the mean of max(threshold - error, 0). It is divided by the threshold.

    Args:
        errors (np.ndarray): NME of each face, (N, ).
        threshold (float): Upper limit of the integral.

    Returns:
        float: Between 0 and 1; 1 is best.
    """
    return float(np.maximum(threshold - errors, 0).mean() / threshold)


def cumulative_error_distribution(
        errors: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Corners of the step function: ascending errors from 0, fractions, (N + 1, )."""
    return (np.concatenate([[0], np.sort(errors)]),
            np.linspace(0, 1, len(errors) + 1))


def bootstrap_interval(values: np.ndarray,
                       groups: Optional[Sequence] = None,
                       level: float = .95,
                       median: bool = False) -> Tuple[float, float]:
    """Computes a confidence interval with SciPy's percentile bootstrap.

    Args:
        values (np.ndarray): Shape (N, ), without NaN.
        groups (Sequence, optional): The person of each face, (N, ). Errors of one
            person are correlated, so persons are resampled with all their faces.
        level (float): Confidence level.
        median (bool): Whether the interval is of the median, not of the mean.

    Returns:
        tuple[float, float]: Lower and upper end; NaN with fewer than two persons.
    """
    sums, counts = _by_group(values, groups)
    if len(sums) < 2:
        return float('nan'), float('nan')
    options = dict(
        method='percentile', n_resamples=2000, confidence_level=level,
        random_state=np.random.default_rng(0),
        batch=max(1, int(4e6 // len(sums))))  # limits memory for many faces
    if median:
        members = _members(values, groups)
        found = stats.bootstrap(
            (np.arange(len(members)), ),
            lambda drawn: np.median(np.concatenate([members[i] for i in drawn])),
            vectorized=False, **options)
    else:
        found = stats.bootstrap(
            (sums, counts), lambda s, n, axis=-1: s.sum(axis) / n.sum(axis),
            paired=True, vectorized=True, **options)
    low, high = found.confidence_interval
    return float(low), float(high)


@dataclass
class Difference:
    """Mean difference of errors (below 0 if the model is better), interval and p."""
    mean: float
    low: float
    high: float
    p_value: float


def paired_difference(errors: np.ndarray,
                      baseline: np.ndarray,
                      groups: Optional[Sequence] = None,
                      level: float = .95) -> Difference:
    """Compares two models on the same faces, trained with the same seeds.

    Errors vary with the training and with the faces, so both are treated as crossed
    random effects, with Satterthwaite's degrees of freedom (the quasi-F test of
    Clark, 1973). A test over faces alone would call a lucky training significant; a
    test over three seeds alone would hardly ever find a difference. With one seed,
    this is the paired t-test over faces and does not generalise to other trainings.

    Args:
        errors (np.ndarray): Errors of the model, (S, N) for S seeds and N faces.
        baseline (np.ndarray): Errors of the baseline, (S, N).
        groups (Sequence, optional): The person of each face, (N, ); then persons
            instead of faces are the random effect.
        level (float): Confidence level of the interval.

    Returns:
        Difference: In the unit of the errors.

    Raises:
        ValueError: The shapes differ, or there are fewer than two faces or persons.
    """
    errors, baseline = np.atleast_2d(errors), np.atleast_2d(baseline)
    if errors.shape != baseline.shape:
        raise ValueError('paired_difference: the same seeds and faces must be '
                         f'compared, got {errors.shape} and {baseline.shape}.')
    # Each person counts once, with the mean of their faces.
    table = np.stack([
        np.divide(*_by_group(row, groups)) for row in errors - baseline
    ])
    seeds, faces = table.shape
    if faces < 2:
        raise ValueError('paired_difference: needs at least two faces or persons.')
    mean = float(table.mean())
    by_face = table.mean(0) - mean
    between_faces = seeds * (by_face**2).sum() / (faces - 1)
    if seeds == 1:
        variance, freedom = between_faces / faces, faces - 1
    else:
        by_seed = table.mean(1) - mean
        between_seeds = faces * (by_seed**2).sum() / (seeds - 1)
        residual = ((table - mean - by_face - by_seed[:, None])**2).sum() / (
            (seeds - 1) * (faces - 1))
        parts = ((between_seeds, seeds - 1), (between_faces, faces - 1),
                 (residual, (seeds - 1) * (faces - 1)))
        total = between_seeds + between_faces - residual
        # At least the variance of each of the two effects alone.
        total = max(total, between_seeds, between_faces)
        spread = sum(square**2 / df for square, df in parts)
        freedom = total**2 / spread if spread else 1.
        variance = total / (seeds * faces)
    if variance == 0:
        return Difference(mean, mean, mean, float(mean == 0))
    error = np.sqrt(variance)
    reach = float(stats.t.ppf(.5 + level / 2, freedom) * error)
    p_value = float(2 * stats.t.sf(abs(mean) / error, freedom))
    return Difference(mean, mean - reach, mean + reach, p_value)


def _by_group(values, groups):
    """Returns the sum and number of the values of each group."""
    if groups is None:
        return np.asarray(values, float), np.ones(len(values))
    _, index = np.unique(np.asarray(groups), return_inverse=True)
    return (np.bincount(index, weights=values),
            np.bincount(index).astype(float))


def _members(values, groups):
    """Returns the values of each group."""
    if groups is None:
        return np.asarray(values, float)[:, None]
    _, index = np.unique(np.asarray(groups), return_inverse=True)
    return [np.asarray(values)[index == i] for i in range(index.max() + 1)]
