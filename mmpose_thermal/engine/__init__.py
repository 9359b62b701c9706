from .hooks import (AtomicCheckpointHook, CheckedLoadingHook, EpochSeedHook,
                    FiniteLossHook, StudentCheckpointHook)
from .optim_wrapper import FiniteOptimWrapper
from .student import extract_student, student_config

__all__ = [
    'AtomicCheckpointHook', 'CheckedLoadingHook', 'EpochSeedHook',
    'FiniteLossHook', 'FiniteOptimWrapper', 'StudentCheckpointHook',
    'extract_student', 'student_config'
]
