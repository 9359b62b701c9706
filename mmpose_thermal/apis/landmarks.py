"""Finds the landmarks in boxes of prepared frames."""
from typing import Any, List, Sequence, Tuple

import numpy as np

from mmpose_thermal.runtime.calibration import LandmarkNetwork
from mmpose_thermal.runtime.crops import crop_faces
from mmpose_thermal.runtime.results import FaceLandmarks

from .inputs import PreparedFrame
from .measures import FaceMeasures


class LandmarksInBoxes:
    """Finds the landmarks in boxes of frames, and measures the faces.

    Args:
        network (Callable): See :class:`ThermalLandmarker`.
        batch_size (int): Maximum number of faces per network call.
        measures (FaceMeasures): Measures the faces.
    """

    def __init__(self, network: Any, batch_size: int,
                 measures: FaceMeasures) -> None:
        self._info = network.info
        self._network = LandmarkNetwork(network, batch_size)
        self._measures = measures

    def __call__(self, frames: Sequence[PreparedFrame],
                 found: Sequence[Tuple]) -> List[List[FaceLandmarks]]:
        """Returns one face per box, in a list per frame.

        Args:
            frames (Sequence[PreparedFrame]): Frames.
            found (Sequence[tuple]): Boxes (N, 4) and scores (N, ) in each.
        """
        cut = [
            crop_faces(frame.grey, boxes, self._info)
            for frame, (boxes, _) in zip(frames, found)
        ]
        keypoints, scores, radii = self._network(
            np.concatenate([crops.images for crops in cut]))
        results, start = [], 0
        for frame, (boxes, box_scores), crops in zip(frames, found, cut):
            chosen = slice(start, start + len(boxes))
            start += len(boxes)
            uncertainty = [None] * len(boxes) if radii is None else \
                crops.lengths_to_image(radii[chosen])
            results.append([
                self._face(frame, *values) for values in zip(
                    crops.to_image(keypoints[chosen]), scores[chosen],
                    uncertainty, boxes, box_scores)
            ])
        return results

    def _face(self, frame, keypoints, scores, uncertainty_px, box, box_score):
        face = FaceLandmarks(
            keypoints, scores, np.asarray(box), float(box_score),
            uncertainty_px=uncertainty_px, names=self._info.keypoints)
        return self._measures.add(face, frame)
