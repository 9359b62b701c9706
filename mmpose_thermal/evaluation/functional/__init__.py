from .face_errors import FaceErrors
from .statistics import (area_under_ced, bootstrap_interval,
                         cumulative_error_distribution, failure_rate,
                         paired_difference, threshold_label)

__all__ = [
    'FaceErrors', 'area_under_ced', 'bootstrap_interval',
    'cumulative_error_distribution', 'failure_rate', 'paired_difference',
    'threshold_label'
]
