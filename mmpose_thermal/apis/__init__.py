from .benchmark import latency_ms, model_complexity
from .export import compare_with_pytorch, export_onnx

__all__ = [
    'compare_with_pytorch', 'export_onnx', 'latency_ms', 'model_complexity'
]
