from typing import Optional, Sequence, Tuple

import numpy as np
from mmengine.evaluator import BaseMetric
from mmpose.registry import METRICS

# Outer eye corners, by number of points: SF-TL54, iBUG-68, iBUG-68 with
# pupils (FaceSynthetics, T-FAKE), Charlotte-ThermalFace and WFLW.
_OUTER_EYE_CORNERS = {
    54: (36, 45),
    68: (36, 45),
    70: (36, 45),
    72: (36, 45),
    98: (60, 72),
}


def normalized_mean_errors(predicted: np.ndarray, truth: np.ndarray,
                           labelled: np.ndarray,
                           normalizer_px: np.ndarray) -> np.ndarray:
    """Mean point-to-point error of each face over a length.

    Args:
        predicted (np.ndarray): Shape (N, K, 2), pixels.
        truth (np.ndarray): Shape (N, K, 2), pixels.
        labelled (np.ndarray): Which points count, (N, K), bool; at least one
            a face.
        normalizer_px (np.ndarray): Shape (N, ), pixels.

    Returns:
        np.ndarray: NME as a fraction, shape (N, ).
    """
    errors_px = np.linalg.norm(predicted - truth, axis=-1)
    mean_px = np.where(labelled, errors_px, 0).sum(1) / labelled.sum(1)
    return mean_px / normalizer_px


def failure_rate(errors: np.ndarray, threshold: float) -> float:
    """The share of faces whose NME exceeds a threshold."""
    return float((errors > threshold).mean())


def area_under_ced(errors: np.ndarray, threshold: float) -> float:
    """Normalised area under the cumulative error distribution.

    Exact: the distribution is a step function, so its integral from 0 to the
    threshold is the mean of what each error leaves of the threshold.

    Args:
        errors (np.ndarray): NME of each face, (N, ).
        threshold (float): Upper limit of the integral.

    Returns:
        float: Between 0 and 1, 1 being best.
    """
    return float(np.maximum(threshold - errors, 0).mean() / threshold)


@METRICS.register_module()
class FaceAlignmentMetric(BaseMetric):
    """The field's measures of face alignment, all in one pass.

    - ``NME``: mean over faces of the normalised mean error, by default by
      inter-ocular distance (outer eye corners); ``NME_box``: by sqrt(w * h)
      of the annotated box. Fractions, as MMPose's ``NME``; papers print
      percent.
    - ``FR@t`` and ``AUC@t`` of the former error, for each threshold.

    Points count if they are labelled (visibility above 0), hidden or not.

    Args:
        thresholds (Sequence[float]): t of FR and AUC, as fractions. Defaults
            to (0.08, 0.10).
        normalizer (str): Of ``NME``, ``FR`` and ``AUC``: ``'interocular'`` or,
            for faces that do not show both eyes, ``'box'``. Defaults to
            ``'interocular'``.
        interocular_indices (tuple[int, int], optional): The two outer eye
            corners. By default those of the data set's metainfo; for sets
            without any known for 54, 68, 70, 72 and 98 points.
        collect_device (str): ``'cpu'`` or ``'gpu'``. Defaults to ``'cpu'``.
        prefix (str, optional): Prefix of the names.

    Raises:
        ValueError: A prediction is not finite, the eye corners of a face are
            not labelled, or their indices are not known.
    """

    def __init__(self,
                 thresholds: Sequence[float] = (.08, .10),
                 normalizer: str = 'interocular',
                 interocular_indices: Optional[Tuple[int, int]] = None,
                 collect_device: str = 'cpu',
                 prefix: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if not thresholds or min(thresholds) <= 0:
            raise ValueError('FaceAlignmentMetric: `thresholds` must be '
                             f'positive fractions, got {thresholds}.')
        if normalizer not in ('interocular', 'box'):
            raise ValueError('FaceAlignmentMetric: `normalizer` must be '
                             f'"interocular" or "box", got {normalizer!r}.')
        self.thresholds = tuple(thresholds)
        self.normalizer = normalizer
        self.interocular_indices = interocular_indices

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Stores predictions and ground truth of a batch.

        Args:
            data_batch: Unused.
            data_samples (Sequence[dict]): With ``pred_instances`` and
                ``gt_instances``.
        """
        for sample in data_samples:
            truth, predicted = sample['gt_instances'], sample['pred_instances']
            points = np.asarray(predicted['keypoints'])[..., :2]
            if not np.isfinite(points).all():
                raise ValueError(
                    'FaceAlignmentMetric: the prediction for '
                    f'{sample.get("img_path")} is not finite. The model has '
                    'diverged, or its checkpoint is broken.')
            self.results.append(
                dict(
                    image=sample.get('img_path'),
                    predicted=points,
                    truth=np.asarray(truth['keypoints'])[..., :2],
                    labelled=np.asarray(truth['keypoints_visible']) > 0,
                    boxes=np.asarray(truth['bboxes'])))

    def compute_metrics(self, results: list) -> dict:
        """Computes all measures.

        Args:
            results (list[dict]): What :meth:`process` stored.

        Returns:
            dict[str, float]: The measures by name.
        """
        predicted, truth, labelled, boxes = (
            np.concatenate([result[key] for result in results])
            for key in ('predicted', 'truth', 'labelled', 'boxes'))
        if predicted.shape != truth.shape:
            raise ValueError(
                f'FaceAlignmentMetric: the model predicts '
                f'{predicted.shape[1]} points, the annotation has '
                f'{truth.shape[1]}.')
        box_px = np.sqrt(np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1))
        box_errors = normalized_mean_errors(predicted, truth, labelled, box_px)
        errors = box_errors
        if self.normalizer == 'interocular':
            images = [result['image'] for result in results]
            errors = normalized_mean_errors(
                predicted, truth, labelled,
                self._interocular_px(truth, labelled, images))
        metrics = dict(
            NME=float(errors.mean()), NME_box=float(box_errors.mean()))
        for threshold in self.thresholds:
            metrics[f'FR@{threshold:.2f}'] = failure_rate(errors, threshold)
            metrics[f'AUC@{threshold:.2f}'] = area_under_ced(errors, threshold)
        return metrics

    def _interocular_px(self, truth: np.ndarray, labelled: np.ndarray,
                        images: Sequence[str]) -> np.ndarray:
        right, left = self._eye_corners(truth.shape[1])
        distance_px = np.linalg.norm(truth[:, right] - truth[:, left], axis=-1)
        usable = labelled[:, right] & labelled[:, left] & (distance_px > 0)
        if not usable.all():
            raise ValueError(
                f'FaceAlignmentMetric: {(~usable).sum()} faces have no two '
                f'labelled eye corners (points {right} and {left}), first '
                f'{images[int(np.argmin(usable))]}. Leave them out of the '
                'test annotation, or measure by normalizer="box".')
        return distance_px

    def _eye_corners(self, num_keypoints: int) -> Tuple[int, int]:
        if self.interocular_indices is not None:
            return self.interocular_indices
        ends = (self.dataset_meta or {}).get('interocular')
        if ends and len(ends[0]) == len(ends[1]) == 1:
            return ends[0][0], ends[1][0]
        if num_keypoints not in _OUTER_EYE_CORNERS:
            raise ValueError(
                'FaceAlignmentMetric: the outer eye corners of a set of '
                f'{num_keypoints} points are not known. Pass '
                '`interocular_indices`, or measure by normalizer="box".')
        return _OUTER_EYE_CORNERS[num_keypoints]
