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
    overlaps = iou(boxes[:, None], truth[None])
    for index in np.flatnonzero((overlaps >= min_iou).any(1)):
        best = int(overlaps[index].argmax())
        if overlaps[index, best] >= min_iou:
            found[index] = best
            overlaps[:, best] = 0  # this face is taken
    return found


class DetectedFrame(NamedTuple):
    """Boxes (M, 4) of a detector, best first, their scores, annotated boxes (N, 4).

    Boxes in regions to ignore, (R, 4), such as crowds, are no false alarms.
    """
    boxes: np.ndarray
    scores: np.ndarray
    truth: np.ndarray
    ignored: np.ndarray = np.zeros((0, 4))


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
    kept = np.searchsorted(-scores, -np.asarray(thresholds, float), side='right')
    faces = sum(int(_is_large(frame.truth, min_side_px).sum()) for frame in frames)
    found = np.append(0, np.cumsum(hits == 1))[kept]
    false_alarms = np.append(0, np.cumsum(hits == -1))[kept]
    return [
        OperatingPoint(float(threshold), faces, one / faces if faces else np.nan,
                       other / len(frames))
        for threshold, one, other in zip(thresholds, found.tolist(),
                                         false_alarms.tolist())
    ]


def best_point(frames: Sequence[DetectedFrame],
               max_false_alarms: float = .1,
               **options) -> OperatingPoint:
    """The point of highest recall with at most so many false alarms per frame.

    ``options`` are those of :func:`operating_points`. Among points of one recall,
    the one of highest threshold is best.
    """
    scores = np.unique(np.concatenate([frame.scores for frame in frames]))
    points = operating_points(frames, [np.inf, *scores[::-1]], **options)
    return max(
        (p for p in points if p.false_alarms_per_frame <= max_false_alarms),
        key=lambda point: point.recall)


def _hits(frames, min_iou, min_side_px):
    """Descending scores of all boxes; 1 for those of large faces, 0 for those of
    small ones, or mostly on small ones or in ignored regions, -1 for those of none.
    """
    hits = []
    for frame in frames:
        face = match_faces(frame.boxes, frame.truth, min_iou)
        # The last entry is that of index -1, no face.
        is_large = _is_large(frame.truth, min_side_px)
        kinds = np.append(is_large, -1).astype(int)[face]
        regions = np.concatenate([frame.truth[~is_large], frame.ignored])
        kinds[(kinds < 0) & _is_mostly_in(frame.boxes, regions)] = 0
        hits.append(kinds)
    scores = np.concatenate([frame.scores for frame in frames])
    order = np.argsort(-scores, kind='stable')
    return scores[order], np.concatenate(hits)[order]


def _is_mostly_in(boxes, regions):
    low = np.maximum(boxes[:, None, :2], regions[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], regions[None, :, 2:])
    inside = np.clip(high - low, 0, None).prod(-1)
    return (inside > .5 * np.prod(boxes[:, 2:] - boxes[:, :2], 1)[:, None]).any(1)


def _is_large(boxes, min_side_px):
    return np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], 1)) >= min_side_px
