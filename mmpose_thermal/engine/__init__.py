from .hooks import EpochSeedHook, StudentCheckpointHook
from .student import extract_student, student_config

__all__ = [
    'EpochSeedHook', 'StudentCheckpointHook', 'extract_student',
    'student_config'
]
