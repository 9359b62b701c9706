"""What the pixels of a face say besides its landmarks."""
from typing import Dict, Sequence

import numpy as np

from mmpose_thermal.runtime.images import holds_kelvin
from mmpose_thermal.runtime.results import FaceLandmarks
from mmpose_thermal.runtime.temperature import SkinThermometer, is_skin
from mmpose_thermal.runtime.warned_once import WarnOnce

from .inputs import PreparedFrame


class FaceMeasures:
    """Adds skin temperatures to a face.

    Args:
        keypoints (Sequence[str]): Landmark names.
        warn_once (WarnOnce): Gives warnings.
    """

    def __init__(self, keypoints: Sequence[str], warn_once: WarnOnce) -> None:
        self._keypoints, self._warn_once = keypoints, warn_once
        self._thermometers: Dict[tuple, SkinThermometer] = {}  # by unit

    def add(self, face: FaceLandmarks, frame: PreparedFrame) -> FaceLandmarks:
        """Returns the face, with the measures of its frame."""
        if not frame.radiometric:
            return face
        thermometer = self._thermometer(frame)
        at_points, of_skin = thermometer(frame.raw, face.keypoints)
        if is_skin(at_points.tolist()) or np.isnan(at_points).all():
            face.keypoint_celsius, face.skin_celsius = at_points, of_skin
            face.skin_readings = thermometer.readings(
                frame.raw, face.keypoints, face.uncertainty_px,
                face.face_score)
        else:
            advice = '' if holds_kelvin(frame.name) else (
                ' Set temperature_scale and temperature_offset if the pixels '
                'have another unit.')
            self._warn_once(
                'skin', 'A face has no plausible skin temperatures (its '
                f'median is {np.nanmedian(at_points):.1f} degrees Celsius), '
                f'so they are omitted.{advice}')
        return face

    def _thermometer(self, frame):
        unit = frame.scale, frame.offset
        if unit not in self._thermometers:
            self._thermometers[unit] = SkinThermometer(self._keypoints, *unit)
        return self._thermometers[unit]
