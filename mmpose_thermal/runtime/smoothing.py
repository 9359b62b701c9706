"""The One Euro filter: steady when still, quick when moving."""
from typing import Optional

import numpy as np


class OneEuroFilter:
    """Smooths points with less lag the faster they move.

    A low-pass filter whose cutoff rises with speed: ``min_cutoff_hz + beta *
    speed`` (Casiez, Roussel and Vogel, CHI 2012). At a constant speed, its
    output lags by ``1 / (2 * pi * cutoff)`` seconds.

    Args:
        min_cutoff_hz (float): Cutoff at rest. Lower values remove more jitter.
        beta (float): Rise of the cutoff with speed, Hz per unit per second.
            Higher values reduce the lag.
        speed_cutoff_hz (float): Cutoff of the low-pass filter of the speed.
    """

    def __init__(self,
                 min_cutoff_hz: float = 1.,
                 beta: float = 5.,
                 speed_cutoff_hz: float = 1.) -> None:
        self._min_cutoff_hz, self._beta = min_cutoff_hz, beta
        self._speed_cutoff_hz = speed_cutoff_hz
        self._last: Optional[np.ndarray] = None
        self._values = np.zeros(1)
        self._speed = np.zeros(1)

    def __call__(self, values: np.ndarray, step_s: float,
                 unit: float = 1.) -> np.ndarray:
        """Filters the next values.

        Args:
            values (np.ndarray): Points (K, 2).
            step_s (float): Seconds since the previous call.
            unit (float): Length in which speed is measured, such as the size
                of a face.

        Returns:
            np.ndarray: Smoothed points, (K, 2).
        """
        if self._last is None:
            self._last = self._values = values
            self._speed = np.zeros(values.shape)
            return values
        speed = (values - self._last) / (step_s * unit)
        self._last = values
        self._speed = self._speed + _weight(
            self._speed_cutoff_hz, step_s) * (speed - self._speed)
        cutoff_hz = self._min_cutoff_hz + self._beta * np.linalg.norm(
            self._speed, axis=1, keepdims=True)
        self._values = self._values + _weight(
            cutoff_hz, step_s) * (values - self._values)
        return self._values


def _weight(cutoff_hz, step_s):
    """Weight of a new value in a first-order low-pass filter."""
    return 1 / (1 + 1 / (2 * np.pi * cutoff_hz * step_s))
