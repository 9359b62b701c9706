from .epoch_seed_hook import EpochSeedHook
from .student_checkpoint_hook import StudentCheckpointHook

__all__ = ['EpochSeedHook', 'StudentCheckpointHook']
