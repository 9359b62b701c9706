"""Errors of points that did not come through MMPose's test loop."""
from typing import Sequence

import numpy as np

from ..functional import FaceErrors
from .face_alignment_metric import FaceAlignmentMetric


def errors_of_points(metainfo: dict, faces: Sequence[dict],
                     points: Sequence[np.ndarray]) -> FaceErrors:
    """Compares found points with the annotation.

    Args:
        metainfo (dict): Of the data set.
        faces (Sequence[dict]): Its samples, as ``get_data_info`` returns them.
        points (Sequence[np.ndarray]): What was found in each, (K, 2), in pixels
            of the image.
    """
    metric = FaceAlignmentMetric(prefix='faces')  # without one, it warns
    metric.dataset_meta = metainfo
    metric.process(None, [
        dict(face, pred_instances=dict(keypoints=found[None]),
             gt_instances=dict(
                 keypoints=face['keypoints'],
                 keypoints_visible=face['keypoints_visible'],
                 bboxes=face['bbox'])) for face, found in zip(faces, points)
    ])
    return metric.face_errors(metric.results)
