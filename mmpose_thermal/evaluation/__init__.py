from .functional import (DetectedFrame, FaceErrors, OperatingPoint,
                         area_under_ced, best_point, bootstrap_interval,
                         changed_boxes, cumulative_error_distribution,
                         failure_rate, match_faces, operating_points,
                         paired_difference, region_offsets, threshold_label)
from .metrics import FaceAlignmentMetric, errors_of_points

__all__ = [
    'DetectedFrame', 'FaceAlignmentMetric', 'FaceErrors', 'OperatingPoint',
    'area_under_ced', 'best_point', 'bootstrap_interval', 'changed_boxes',
    'cumulative_error_distribution', 'errors_of_points', 'failure_rate', 'match_faces',
    'operating_points', 'paired_difference', 'region_offsets', 'threshold_label'
]
