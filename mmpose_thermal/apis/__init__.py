from mmpose_thermal.engine.student import extract_student, student_config

from .benchmark import (latency_ms, machine_class, measure_models,
                        model_complexity)
from .export import compare_with_pytorch, export_onnx, output_names

__all__ = [
    'compare_with_pytorch', 'export_onnx', 'extract_student', 'latency_ms',
    'machine_class', 'measure_models', 'model_complexity', 'output_names',
    'student_config'
]
