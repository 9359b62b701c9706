"""Fits what a network's confidence says about its errors."""
from dataclasses import asdict

import numpy as np

from mmpose_thermal.runtime.calibration import Calibration

#: A point is right if its error is at most this share of the distance between
#: the outer corners of the eyes.
RIGHT_NME = .1
_HELD = 2 / 3
_STEPS = 50
_SMALLEST_PX = .05


def fit_calibration(peaks: np.ndarray, spreads: np.ndarray,
                    errors_px: np.ndarray, nme: np.ndarray) -> dict:
    """Fits a :class:`Calibration` on labelled points.

    The faces should be as hard as those that the model will meet: a model is
    surer of its own training data than it may be of another camera's.

    Args:
        peaks, spreads (np.ndarray): The network's second and third output for
            each point, (P, ).
        errors_px (np.ndarray): Errors in input pixels, (P, ).
        nme (np.ndarray): The same errors as shares of the distance between the
            outer eye corners, (P, ).

    Returns:
        dict[str, float]: The calibration, for :attr:`ModelInfo.calibration`.

    Raises:
        ValueError: All points are right, or all are wrong.
    """
    is_right = nme <= RIGHT_NME
    if is_right.all() or not is_right.any():
        raise ValueError(
            f'{is_right.sum()} of {len(is_right)} points are right: a '
            'calibration needs right and wrong points. Use more faces, or a '
            'model that is trained.')
    bias, weight = _logistic(peaks.astype(float), is_right)
    logs = np.log(np.maximum(spreads, _SMALLEST_PX))
    power, _ = np.polyfit(logs, np.log(np.maximum(errors_px, _SMALLEST_PX)), 1)
    factor = np.quantile(errors_px / np.exp(power * logs), _HELD)
    return asdict(
        Calibration(*(round(float(value), 5)
                      for value in (bias, weight, factor, power))))


def _logistic(values, is_right):
    """Bias and weight of a logistic regression, by Newton's method."""
    design = np.stack([np.ones_like(values), values], 1)
    parameters = np.zeros(2)
    for _ in range(_STEPS):
        probable = 1 / (1 + np.exp(-design @ parameters))
        curvature = design.T @ (design * (probable *
                                          (1 - probable))[:, None])
        # The small constant keeps separable points from diverging.
        parameters += np.linalg.solve(curvature + 1e-3 * np.eye(2),
                                      design.T @ (is_right - probable) -
                                      1e-3 * parameters)
    return parameters
