from .boxes import (DetectedFrame, OperatingPoint, best_point, changed_boxes,
                    match_faces, operating_points)
from .face_errors import FaceErrors
from .offsets import region_offsets
from .statistics import (area_under_ced, bootstrap_interval,
                         cumulative_error_distribution, failure_rate,
                         paired_difference, threshold_label)

__all__ = [
    'DetectedFrame', 'FaceErrors', 'OperatingPoint', 'area_under_ced',
    'best_point', 'bootstrap_interval', 'changed_boxes',
    'cumulative_error_distribution', 'failure_rate', 'match_faces',
    'operating_points', 'paired_difference', 'region_offsets', 'threshold_label'
]
