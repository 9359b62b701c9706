"""Draws what ``predict`` and the web page show."""
from typing import Optional, Tuple

import numpy as np

from mmpose_thermal.runtime import Results
from mmpose_thermal.runtime.drawing import shown_range, write_rate

_MEMORY = .9  # share of the previous frame's temperature range in the next one


class Pictures:
    """Draws the results of one input, frame by frame.

    Args:
        palette (str): Palette of the pictures.
        regions (bool): Whether to outline the measured skin regions.
        moving (bool): Whether the frames are consecutive in time, so that the
            temperature scale follows the scene slowly.
    """

    def __init__(self, palette: str, regions: bool, moving: bool) -> None:
        self._palette, self._regions = palette, regions
        self._moving = moving
        self._range: Optional[np.ndarray] = None

    def __call__(self, results: Results,
                 fps: Optional[float] = None) -> np.ndarray:
        """Draws a frame with its faces, as BGR picture (:meth:`Results.plot`)."""
        picture = results.plot(self._palette, self._celsius_range(results),
                               regions=self._regions)
        if fps is not None:
            write_rate(picture, fps)
        return picture

    def _celsius_range(self, results) -> Optional[Tuple[float, float]]:
        """Temperatures of the coldest and hottest colour, degrees Celsius."""
        celsius = results.celsius
        if celsius is None or not self._moving:
            return None
        seen = np.array(shown_range(celsius))
        self._range = seen if self._range is None else (
            _MEMORY * self._range + (1 - _MEMORY) * seen)
        return tuple(self._range)
