"""The landmarks of a face, and their row in a table."""
from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from .head_pose import HeadPose, head_pose
from .model_info import ModelInfo
from .skin_regions import skin_regions
from .temperature import SkinReading

_BOX = ('x1', 'y1', 'x2', 'y2')
_POSE = ('yaw_deg', 'pitch_deg', 'roll_deg')


@dataclass
class FaceLandmarks:
    """The landmarks of one face.

    Attributes:
        keypoints (np.ndarray): Points (K, 2) in image pixels; (0, 0) is the
            centre of the first pixel.
        scores (np.ndarray): Confidence of each point, (K, ). Of calibrated
            models, the probability that it is right: at most 10 % of the
            distance between the outer eye corners off.
        box (np.ndarray): ``x1, y1, x2, y2`` in pixels, (4, ).
        box_score (float): Detector score; 1 for given boxes.
        keypoint_celsius (np.ndarray, optional): Skin temperature at each
            point, (K, ), degrees Celsius; NaN outside the image. ``None`` if
            the image is not radiometric.
        skin_celsius (dict[str, float], optional): Temperature of each skin
            region, degrees Celsius.
        track_id (int, optional): Identifies the face across frames.
        uncertainty_px (np.ndarray, optional): Radius around each point, (K, ),
            image pixels. Of calibrated models, it holds the true point in about
            two thirds of the cases; otherwise it is the heatmap's own radius.
            ``None`` if the model does not tell.
        skin_readings (dict[str, SkinReading], optional): Number of pixels,
            uncertainty and reliability of each value of ``skin_celsius``.
        names (Sequence[str]): Names of the points, (K, ).
    """
    keypoints: np.ndarray
    scores: np.ndarray
    box: np.ndarray
    box_score: float = 1.
    keypoint_celsius: Optional[np.ndarray] = None
    skin_celsius: Optional[Dict[str, float]] = None
    track_id: Optional[int] = None
    uncertainty_px: Optional[np.ndarray] = None
    skin_readings: Optional[Dict[str, SkinReading]] = None
    names: Sequence[str] = ()

    @property
    def head_pose(self) -> Optional[HeadPose]:
        """Rotation of the head, computed when asked for (:func:`head_pose`)."""
        return head_pose(self.keypoints, self.names)

    @property
    def face_score(self) -> float:
        """Mean score of the points: low where the box holds no face."""
        return float(np.mean(self.scores))

    def to_dict(self) -> dict:
        """Converts to JSON types; NaN becomes ``None``."""
        result = dict(
            box=_listed(self.box),
            box_score=round(float(self.box_score), 4),
            face_score=round(self.face_score, 4),
            keypoints=_listed(self.keypoints),
            scores=_listed(self.scores, 4))
        if self.uncertainty_px is not None:
            result['uncertainty_px'] = _listed(self.uncertainty_px)
        if self.track_id is not None:
            result['track_id'] = self.track_id
        if self.keypoint_celsius is not None:
            result['keypoint_celsius'] = _listed(self.keypoint_celsius)
        if self.skin_celsius is not None:
            result['skin_celsius'] = dict(
                zip(self.skin_celsius,
                    _listed(np.array(list(self.skin_celsius.values())))))
        if self.skin_readings is not None:
            result['skin_readings'] = {
                name: _json_values(reading)
                for name, reading in self.skin_readings.items()
            }
        pose = self.head_pose
        if pose is not None:
            result['head_pose'] = _json_values(pose)
        return result


def _json_values(values) -> Dict[str, Any]:
    """Fields of a data class as JSON types, floats rounded."""
    return {
        name: _listed(value) if isinstance(value, float) else value
        for name, value in asdict(values).items()
    }


def _listed(values, digits=2):
    rounded = np.round(np.asarray(values, float), digits)
    return np.where(np.isfinite(rounded), rounded.astype(object),
                    None).tolist()


def face_columns(info: ModelInfo) -> List[str]:
    """Names of the values in :func:`face_row`."""
    of_point = ['x', 'y', 'score'] + [
        'uncertainty_px'] * ('spreads' in info.outputs)
    regions = skin_regions(info.keypoints)
    return ['face', *_BOX, 'box_score', 'face_score', *_POSE,
            *(f'{name}_celsius' for name in regions),
            *(f'{name}_uncertainty_k' for name in regions),
            *(f'{name}_problem' for name in regions),
            *(f'{name}_{value}' for name in info.keypoints
              for value in of_point)]


def face_row(face: dict, number: int, info: ModelInfo) -> Dict[str, Any]:
    """One row of a table.

    Args:
        face (dict): Made by :meth:`FaceLandmarks.to_dict`.
        number (int): Number of the face, used if it has no ``track_id``.
        info (ModelInfo): The model's description.

    Returns:
        dict: Values by column; ``None`` where there is none.
    """
    skin, pose = face.get('skin_celsius', {}), face.get('head_pose', {})
    readings, regions = face.get('skin_readings', {}), skin_regions(
        info.keypoints)
    columns = [*zip(*face['keypoints']), face['scores']] + (
        [face['uncertainty_px']] if 'uncertainty_px' in face else [])
    values = [
        face.get('track_id', number), *face['box'], face['box_score'],
        face['face_score'], *(pose.get(name) for name in _POSE),
        *(skin.get(name) for name in regions),
        *(readings.get(name, {}).get(value)
          for value in ('uncertainty_k', 'problem') for name in regions),
        *(value for point in zip(*columns) for value in point)
    ]
    return dict(zip(face_columns(info), values))
