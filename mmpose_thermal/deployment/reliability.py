"""Measures whether scores tell right points from wrong, and faces from none."""
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List, Tuple

import numpy as np

from .calibration import RIGHT_NME

_EYES = ('right_eye_outer', 'left_eye_outer')
_TRIES, _SIDES, _MIN_CONTRAST = 20, (.12, .5), 4.


@dataclass
class Reliability:
    """Errors and scores on one set of faces.

    Attributes:
        nme (np.ndarray): Error of every labelled point as a share of the
            distance between the outer eye corners, (P, ).
        scores (np.ndarray): Their scores, (P, ).
        held (np.ndarray): Whether they lie within ``uncertainty_px``, (P, ).
        face_nme (np.ndarray): Mean error of each face, (F, ).
        face_scores (np.ndarray): Mean score of each face, (F, ).
        background_scores (np.ndarray): Mean score of each crop without a face,
            (B, ).
    """
    nme: np.ndarray
    scores: np.ndarray
    held: np.ndarray
    face_nme: np.ndarray
    face_scores: np.ndarray
    background_scores: np.ndarray

    def bins(self, edges: np.ndarray) -> List[Tuple[int, float]]:
        """Number of points, and share of right ones, between score edges."""
        index = np.digitize(self.scores, edges[1:-1])
        right = self.nme <= RIGHT_NME
        return [(int((index == i).sum()),
                 float(right[index == i].mean()) if (index == i).any() else
                 float('nan')) for i in range(len(edges) - 1)]

    def kept(self, threshold: float) -> Tuple[float, float]:
        """Shares of faces and of background crops at or above a threshold."""
        return (float((self.face_scores >= threshold).mean()),
                float((self.background_scores >= threshold).mean()))

    @property
    def roc_area(self) -> float:
        """Probability that a face scores higher than a background crop."""
        higher = self.face_scores[:, None] - self.background_scores
        return float((higher > 0).mean() + .5 * (higher == 0).mean())


def measure_reliability(landmarker, annotations: str,
                        backgrounds: int = 2) -> Reliability:
    """Runs a landmarker on labelled faces and on crops without faces.

    Args:
        landmarker (ThermalLandmarker): The model to measure.
        annotations (str): COCO file of faces with both outer eye corners.
        backgrounds (int): Maximum number of crops without a face per image.

    Returns:
        Reliability: Errors and scores.
    """
    eyes = [landmarker.info.keypoints.index(name) for name in _EYES]
    rng = np.random.default_rng(0)
    points, faces, without = [], [], []
    for path, boxes, labels in _labelled_images(annotations):
        frame = landmarker.prepare(path)
        for face, label in zip(landmarker(frame, boxes), labels):
            distance = np.linalg.norm(face.keypoints - label[:, :2], axis=1)
            nme = distance / np.linalg.norm(np.subtract(*label[eyes, :2]))
            seen = label[:, 2] > 0
            radii = face.uncertainty_px
            held = distance <= (np.nan if radii is None else radii)
            points.append(np.stack([nme, face.scores, held], 1)[seen])
            faces.append((nme[seen].mean(), face.face_score))
        empty = _empty_boxes(frame.grey, boxes, backgrounds, rng)
        without += [face.face_score for face in landmarker(frame, empty)]
    nme, scores, held = np.concatenate(points).T
    face_nme, face_scores = np.array(faces).T
    return Reliability(nme, scores, held.astype(bool), face_nme, face_scores,
                       np.array(without))


def _labelled_images(annotations) -> Iterator[tuple]:
    """Path, boxes (N, 4) and labels (N, K, 3) of each image with a face."""
    path = Path(annotations)
    root = path.parents[path.parent.name == 'annotations']
    content = json.loads(path.read_text())
    for image in content['images']:
        own = [each for each in content['annotations']
               if each['image_id'] == image['id'] and each.get('keypoints')]
        if own:
            boxes = np.array([each['bbox'] for each in own], float)
            boxes[:, 2:] += boxes[:, :2]
            yield str(root / image['file_name']), boxes, [
                np.reshape(each['keypoints'], (-1, 3)) for each in own]


def _empty_boxes(grey, boxes, count, rng) -> np.ndarray:
    """Random square boxes (N, 4) with some contrast and hardly any face."""
    height, width = grey.shape[:2]
    found: List[np.ndarray] = []
    for _ in range(_TRIES * count):
        side = rng.uniform(*_SIDES) * min(height, width)
        corner = rng.uniform(0, [width - side, height - side])
        box = np.concatenate([corner, corner + side])
        common = np.clip(np.minimum(box[2:], boxes[:, 2:]) -
                         np.maximum(box[:2], boxes[:, :2]), 0, None).prod(1)
        left, top, right, bottom = box.astype(int)
        if common.max() < .05 * side**2 and \
                grey[top:bottom, left:right].std() > _MIN_CONTRAST:
            found.append(box)
        if len(found) == count:
            break
    return np.reshape(found, (-1, 4))
