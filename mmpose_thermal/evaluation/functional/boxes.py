"""Changes boxes, and matches those of a detector to annotated faces."""
from typing import List, NamedTuple, Sequence, Tuple

import numpy as np

from mmpose_thermal.runtime.crops import iou


def changed_boxes(boxes: np.ndarray,
                  scale: float = 1.,
                  shift: Tuple[float, float] = (0., 0.)) -> np.ndarray:
    """Scales boxes about their centres, and shifts them by shares of their sides.

    Args:
        boxes (np.ndarray): ``x1 y1 x2 y2``, (N, 4).
        scale (float): Factor of both sides.
        shift (tuple[float, float]): Shares of the given width and height.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    centres = (boxes[:, 2:] + boxes[:, :2]) / 2 + np.asarray(shift) * sides
    return np.concatenate(
        [centres - scale / 2 * sides, centres + scale / 2 * sides], 1)


def match_faces(boxes: np.ndarray, truth: np.ndarray,
                min_iou: float) -> np.ndarray:
    """Assigns each face to the box of best score that frames it.

    Args:
        boxes (np.ndarray): Detected boxes, best score first, (M, 4).
        truth (np.ndarray): Annotated boxes, (N, 4).
        min_iou (float): Smallest intersection over union of a match.

    Returns:
        np.ndarray: Index of the face that each box has found, (M, ); -1 for
        none, as for a second box on the same face.
    """
    found = np.full(len(boxes), -1)
    free = np.ones(len(truth), bool)
    for index, box in enumerate(boxes):
        overlap = np.where(free, iou(box, truth), 0) if len(truth) else [0.]
        best = int(np.argmax(overlap))
        if overlap[best] >= min_iou:
            found[index], free[best] = best, False
    return found


class DetectedFrame(NamedTuple):
    """Boxes (M, 4) of a detector, best first, their scores, annotated boxes (N, 4)."""
    boxes: np.ndarray
    scores: np.ndarray
    truth: np.ndarray


class OperatingPoint(NamedTuple):
    """What a detector finds of so many faces at a threshold of its score."""
    threshold: float
    faces: int
    recall: float  # NaN without faces
    false_alarms_per_frame: float


def operating_points(frames: Sequence[DetectedFrame],
                     thresholds: Sequence[float],
                     min_iou: float = .5,
                     min_side_px: float = 0.) -> List[OperatingPoint]:
    """Computes recall and false alarms of a detector by threshold.

    Args:
        frames (Sequence[DetectedFrame]): All frames of a test set.
        thresholds (Sequence[float]): Lowest scores of faces.
        min_iou (float): See :func:`match_faces`.
        min_side_px (float): Faces whose box has a smaller mean side, the square
            root of its area, need not be found; boxes on them are no false alarms.
    """
    scores, hits = _hits(frames, min_iou, min_side_px)
    faces = sum(int(_is_large(frame.truth, min_side_px).sum()) for frame in frames)
    points = []
    for threshold in thresholds:
        kept = hits[scores >= threshold]
        recall = (kept == 1).sum() / faces if faces else np.nan
        points.append(OperatingPoint(float(threshold), faces, float(recall),
                                     float((kept == -1).sum() / len(frames))))
    return points


def best_point(frames: Sequence[DetectedFrame],
               max_false_alarms: float = .1,
               **options) -> OperatingPoint:
    """The point of highest recall with at most so many false alarms per frame.

    ``options`` are those of :func:`operating_points`. Among points of one recall,
    the one of highest threshold is best.
    """
    scores = np.concatenate([frame.scores for frame in frames])
    thresholds = [np.inf, *np.unique(scores)[::-1]]
    points = operating_points(frames, thresholds, **options)
    return max(
        (p for p in points if p.false_alarms_per_frame <= max_false_alarms),
        key=lambda point: point.recall)


def _hits(frames, min_iou, min_side_px):
    """Scores of all boxes; 1 for those of large faces, 0 of small ones, -1 of none."""
    hits = []
    for frame in frames:
        face = match_faces(frame.boxes, frame.truth, min_iou)
        # The last entry is that of index -1, no face.
        kinds = np.append(_is_large(frame.truth, min_side_px), -1).astype(int)
        hits.append(kinds[face])
    return np.concatenate([f.scores for f in frames]), np.concatenate(hits)


def _is_large(boxes, min_side_px):
    return np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], 1)) >= min_side_px
