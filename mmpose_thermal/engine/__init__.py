from .hooks import (AtomicCheckpointHook, ChannelsLastHook,
                    CheckedLoadingHook, EpochSeedHook, FiniteLossHook,
                    StudentCheckpointHook)
from .optim_wrapper import Bfloat16OptimWrapper, FiniteOptimWrapper
from .student import extract_student, student_config

__all__ = [
    'AtomicCheckpointHook', 'Bfloat16OptimWrapper', 'ChannelsLastHook',
    'CheckedLoadingHook', 'EpochSeedHook', 'FiniteLossHook',
    'FiniteOptimWrapper', 'StudentCheckpointHook', 'extract_student',
    'student_config'
]
