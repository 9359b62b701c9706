"""What is measured of a face besides its landmarks."""
from typing import Optional, Sequence

import numpy as np

from mmpose_thermal.runtime.head_pose import head_pose
from mmpose_thermal.runtime.results import FaceLandmarks
from mmpose_thermal.runtime.temperature import SkinThermometer, is_skin
from mmpose_thermal.runtime.warned_once import WarnOnce

from .inputs import PreparedFrame


class FaceMeasures:
    """Adds skin temperatures and head pose to a face.

    Args:
        keypoints (Sequence[str]): Landmark names.
        scale, offset (float): Kelvin are ``frame * scale + offset``.
        warn_once (WarnOnce): Gives warnings.
    """

    def __init__(self, keypoints: Sequence[str], scale: Optional[float],
                 offset: float, warn_once: WarnOnce) -> None:
        self._keypoints, self._warn_once = keypoints, warn_once
        self._thermometer = SkinThermometer(keypoints, scale, offset)

    def add(self, face: FaceLandmarks, frame: PreparedFrame) -> FaceLandmarks:
        """Returns the face, with the measures of its frame."""
        face.head_pose = head_pose(face.keypoints, self._keypoints)
        if not frame.radiometric:
            return face
        at_points, of_skin = self._thermometer(frame.raw, face.keypoints)
        if is_skin(at_points.tolist()) or np.isnan(at_points).all():
            face.keypoint_celsius, face.skin_celsius = at_points, of_skin
            face.skin_readings = self._thermometer.readings(
                frame.raw, face.keypoints, face.uncertainty_px,
                face.face_score)
        else:
            self._warn_once(
                'skin', 'A face has no plausible skin temperatures (its '
                f'median is {np.nanmedian(at_points):.1f} degrees Celsius), '
                'so they are omitted. Set temperature_scale and '
                'temperature_offset if the pixels have another unit.')
        return face
