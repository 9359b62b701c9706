"""Where the pixels of a frame are, by value."""
from typing import NamedTuple

import numpy as np

# What lies beyond the 5th and 95th percentile by three times their distance,
# a tenth of the median and 10 units is looked at. The tenth is 30 K of a
# frame in kelvin, the 10 are 10 K of one in degrees Celsius.
_SPANS, _MEDIAN_SHARE, _UNITS = 3., .1, 10.
_GRID = 32  # rows and columns that a look at the range takes


class UsualRange(NamedTuple):
    """Where most of a frame's pixels are, and how far others may be.

    Attributes:
        low, median, high (float): The 5th, 50th and 95th percentile.
    """
    low: float
    median: float
    high: float

    @property
    def reach(self) -> float:
        return max(_SPANS * (self.high - self.low),
                   _MEDIAN_SHARE * abs(self.median), _UNITS)


def usual_range(raw: np.ndarray) -> UsualRange:
    """Looks at a grid of pixels: all of them would be slow.

    Args:
        raw (np.ndarray): Shape (H, W), finite.

    Returns:
        UsualRange: Of the pixels.
    """
    step = max(min(raw.shape) // _GRID, 1)
    values = raw[::step, ::step].ravel()
    last = values.size - 1
    places = [last // 20, last // 2, last - last // 20]
    low, median, high = np.partition(values, places)[places].tolist()
    return UsualRange(low, median, high)
