"""One face that was found."""
from dataclasses import dataclass
from typing import Dict, Optional

import numpy as np


@dataclass
class FaceLandmarks:
    """The landmarks of one face.

    Attributes:
        keypoints (np.ndarray): Shape (K, 2), pixels of the image; the centre
            of its first pixel is (0, 0).
        scores (np.ndarray): Confidence of each point, (K, ).
        box (np.ndarray): ``x1, y1, x2, y2`` in pixels, (4, ).
        box_score (float): Of the detector; 1 for boxes that were given.
        keypoint_celsius (np.ndarray, optional): Skin temperature at each
            point, (K, ), degrees Celsius; NaN outside the image. ``None``
            without radiometric image.
        skin_celsius (dict[str, float], optional): Of regions of the skin.
        track_id (int, optional): The same number in each frame.
    """
    keypoints: np.ndarray
    scores: np.ndarray
    box: np.ndarray
    box_score: float = 1.
    keypoint_celsius: Optional[np.ndarray] = None
    skin_celsius: Optional[Dict[str, float]] = None
    track_id: Optional[int] = None

    def to_dict(self) -> dict:
        """The same for JSON; what is not known is ``None``."""
        result = dict(
            box=_listed(self.box),
            box_score=round(float(self.box_score), 4),
            keypoints=_listed(self.keypoints),
            scores=_listed(self.scores, 4))
        if self.track_id is not None:
            result['track_id'] = self.track_id
        if self.keypoint_celsius is not None:
            result['keypoint_celsius'] = _listed(self.keypoint_celsius)
        if self.skin_celsius is not None:
            result['skin_celsius'] = dict(
                zip(self.skin_celsius,
                    _listed(np.array(list(self.skin_celsius.values())))))
        return result


def _listed(values, digits=2):
    rounded = np.round(np.asarray(values, float), digits)
    return np.where(np.isfinite(rounded), rounded.astype(object),
                    None).tolist()
