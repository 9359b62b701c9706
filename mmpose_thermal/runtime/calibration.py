"""What a network's confidence says about its errors."""
from dataclasses import dataclass
from typing import Optional, Tuple

import numpy as np


@dataclass(frozen=True)
class Calibration:
    """Turns heatmaps' peaks and spreads into probabilities and radii.

    ``mmpose_thermal.deployment.fit_calibration`` finds the numbers on labelled
    faces. The score is the probability that a point is right; the radius holds
    the true point in about two thirds of the cases.

    Args:
        bias, weight (float): The score is the logistic function of
            ``bias + weight * peak``.
        factor, power (float): The radius is ``factor * spread**power``, in
            input pixels.
    """
    bias: float
    weight: float
    factor: float
    power: float

    def scores(self, peaks: np.ndarray) -> np.ndarray:
        """Scores of heatmaps' maxima, of any shape."""
        return 1 / (1 + np.exp(-(self.bias + self.weight * peaks)))

    def radii(self, spreads: Optional[np.ndarray],
              largest: float) -> Optional[np.ndarray]:
        """Radii of spreads, in input pixels, cut at ``largest``."""
        if spreads is None:
            return None
        return np.minimum(self.factor * spreads**self.power, largest)


class LandmarkNetwork:
    """A landmark network with calibrated scores, in batches.

    Args:
        network (Callable): Maps images (N, C, H, W) to points (N, K, 2),
            heatmaps' maxima (N, K) and, if it has them, spreads (N, K); its
            ``info`` is a :class:`ModelInfo`.
        batch_size (int): Maximum number of images per call of it.
    """

    def __init__(self, network, batch_size: int) -> None:
        self._network, self._batch_size = network, batch_size
        self.info = network.info
        self._calibration = Calibration(
            **self.info.calibration) if self.info.calibration else None

    def __call__(self, images: np.ndarray) -> Tuple[
            np.ndarray, np.ndarray, Optional[np.ndarray]]:
        """Returns points (N, K, 2), scores and radii (N, K), input pixels."""
        count = len(self.info.keypoints)
        if not len(images):
            none = np.zeros((0, count))
            return np.zeros((0, count, 2)), none, none
        parts = [
            self._network(images[start:start + self._batch_size])
            for start in range(0, len(images), self._batch_size)
        ]
        points, peaks, *spreads = (np.concatenate(part)
                                   for part in zip(*parts))
        radii = spreads[0] if spreads else None
        if self._calibration is None:
            return points, peaks, radii
        return (points, self._calibration.scores(peaks),
                self._calibration.radii(radii, max(self.info.input_size)))
