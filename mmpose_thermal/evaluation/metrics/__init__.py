from .compared_points import errors_of_points
from .face_alignment_metric import FaceAlignmentMetric

__all__ = ['FaceAlignmentMetric', 'errors_of_points']
