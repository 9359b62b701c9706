"""The One Euro filter: steady when still, quick when moving."""
from typing import Optional

import numpy as np


# A lower cutoff at rest removes more jitter; a steeper rise with speed reduces
# the lag.
_MIN_CUTOFF_HZ, _RISE_HZ, _SPEED_CUTOFF_HZ = 1., 5., 1.


class OneEuroFilter:
    """Smooths points with less lag the faster they move.

    A low-pass filter whose cutoff rises with speed, 1 Hz + 5 Hz per unit per
    second (Casiez, Roussel and Vogel, CHI 2012). At a constant speed, its
    output lags by ``1 / (2 * pi * cutoff)`` seconds.
    """

    def __init__(self) -> None:
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
            _SPEED_CUTOFF_HZ, step_s) * (speed - self._speed)
        cutoff_hz = _MIN_CUTOFF_HZ + _RISE_HZ * np.linalg.norm(
            self._speed, axis=1, keepdims=True)
        self._values = self._values + _weight(
            cutoff_hz, step_s) * (values - self._values)
        return self._values


def _weight(cutoff_hz, step_s):
    """Weight of a new value in a first-order low-pass filter."""
    return 1 / (1 + 1 / (2 * np.pi * cutoff_hz * step_s))
