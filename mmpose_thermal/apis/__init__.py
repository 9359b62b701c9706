"""High-level API: inference, export, benchmark.

What is imported here needs neither PyTorch nor MMPose. Everything else does,
and is imported on first use.
"""
from mmpose_thermal.runtime import (CameraSource, FaceLandmarks, FaceTracker,
                                    HeadPose, InputOptions, Results,
                                    SkinReading, Source)
from mmpose_thermal.runtime.networks import import_training_side

from .landmarker import ThermalLandmarker

_ELSEWHERE = {
    **dict.fromkeys(('machine_class', 'measure_models', 'time_in_turns',
                     'model_complexity'), 'mmpose_thermal.apis.speed'),
    **dict.fromkeys(('describe', 'export_model', 'load_model'),
                    'mmpose_thermal.deployment'),
    **dict.fromkeys(('extract_student', 'student_config'),
                    'mmpose_thermal.engine.student'),
    'ThermalInferencer': 'mmpose_thermal.apis.thermal_inferencer',
}

__all__ = [
    'CameraSource', 'FaceLandmarks', 'FaceTracker', 'HeadPose',
    'InputOptions', 'Results', 'SkinReading', 'Source', 'ThermalLandmarker',
    *_ELSEWHERE
]


def __getattr__(name):
    if name in _ELSEWHERE:
        return getattr(import_training_side(_ELSEWHERE[name]), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
