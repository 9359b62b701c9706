"""Reads images and converts them to network input."""
from typing import Optional

import cv2
import numpy as np

from mmpose_thermal.runtime.frames import Frame
from mmpose_thermal.runtime.images import (grey_levels, holds_kelvin,
                                           thermal_pixels)
from mmpose_thermal.runtime.model_info import ModelInfo
from mmpose_thermal.runtime.palettes import palette_colours
from mmpose_thermal.runtime.radiometry import temperature_problem
from mmpose_thermal.runtime.warned_once import WarnOnce

from .inputs import Image, PreparedFrame, read

_WHITE_HOT = 'white-hot'


class FramePreparation:
    """Reads and checks images, and converts them to network input.

    Args:
        info (ModelInfo): The model's description.
        palette (str, optional): Palette of 8-bit frames. Defaults to
            white-hot.
        scale, offset (float): Kelvin are ``frame * scale + offset``.
        temperatures (bool): Whether frames shall hold temperatures.
        warn_once (WarnOnce): Gives warnings.

    Attributes:
        given_palette (str, optional): As given; for readers of files.

    Raises:
        ValueError: The palette is unknown, or the unit is none.
    """

    def __init__(self, info: ModelInfo, palette: Optional[str],
                 scale: Optional[float], offset: float, temperatures: bool,
                 warn_once: WarnOnce) -> None:
        self._info, self.given_palette = info, palette
        self._palette = palette or _WHITE_HOT
        palette_colours(self._palette)  # fail early if it is unknown
        if not np.isfinite([scale or 1., offset]).all() or scale == 0:
            raise ValueError(
                f'temperature_scale is {scale} and temperature_offset {offset}: kelvin '
                'are value * scale + offset, with a scale other than 0.')
        self._scale, self._offset = scale, offset
        self._temperatures, self._warn_once = temperatures, warn_once

    def __call__(self, image: Image, name: str) -> PreparedFrame:
        """See :meth:`ThermalLandmarker.prepare`."""
        if isinstance(image, PreparedFrame):
            return image
        raw, name = read(image, name, self.given_palette)
        frame = self._visible(raw, name) if self._info.channels == 3 else \
            self._thermal(raw, name)
        frame.name = name
        frame.time_s = image.time_s if isinstance(image, Frame) else None
        return frame

    def _visible(self, raw, name):
        if raw.dtype != np.uint8:
            raise ValueError(
                f'Image {name} is {raw.dtype} of shape {raw.shape}; this '
                'model is for visible light and takes 8-bit BGR images, '
                '(H, W, 3).')
        if raw.ndim == 2:
            raw = cv2.cvtColor(raw, cv2.COLOR_GRAY2BGR)
        return PreparedFrame(raw, raw, False)

    def _thermal(self, raw, name):
        scale, offset = self._unit(raw, name)
        grey, _ = grey_levels(raw, name, self._palette, scale, offset,
                              **self._info.gain)
        if raw.dtype == np.uint8 or not self._temperatures:
            return PreparedFrame(raw, grey, False)
        raw = thermal_pixels(raw, name)
        problem = temperature_problem(raw, scale, offset)
        if problem is not None:
            if raw.dtype == np.float32 and holds_kelvin(name):
                problem = temperature_problem(raw, unit_is_known=True)
            self._warn_once(
                'temperatures', f'Image {name}: {problem} No temperatures are '
                'computed.')
        return PreparedFrame(
            raw, grey, problem is None, problem, scale=scale, offset=offset)

    def _unit(self, raw, name):
        """Scale and offset to kelvin: as given, unless the file knows better."""
        is_given = self._scale is not None or self._offset != 0
        if is_given and raw.dtype == np.float32 and holds_kelvin(name):
            return None, 0.
        return self._scale, self._offset
