from mmpose_thermal.engine.student import extract_student, student_config

from .benchmark import latency_ms, model_complexity
from .export import compare_with_pytorch, export_onnx

__all__ = [
    'compare_with_pytorch', 'export_onnx', 'extract_student', 'latency_ms',
    'model_complexity', 'student_config'
]
