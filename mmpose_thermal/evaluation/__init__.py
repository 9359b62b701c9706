from .functional import (FaceErrors, area_under_ced, bootstrap_interval,
                         cumulative_error_distribution, failure_rate,
                         paired_difference, threshold_label)
from .metrics import FaceAlignmentMetric

__all__ = [
    'FaceAlignmentMetric', 'FaceErrors', 'area_under_ced',
    'bootstrap_interval', 'cumulative_error_distribution', 'failure_rate',
    'paired_difference', 'threshold_label'
]
