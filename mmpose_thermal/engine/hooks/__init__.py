from .atomic_checkpoint_hook import AtomicCheckpointHook
from .channels_last_hook import ChannelsLastHook
from .checked_loading_hook import CheckedLoadingHook
from .epoch_seed_hook import EpochSeedHook
from .finite_loss_hook import FiniteLossHook
from .student_checkpoint_hook import StudentCheckpointHook
from .thermal_visualization_hook import ThermalVisualizationHook
from .unlabelled_data_hook import UnlabelledDataHook

__all__ = [
    'AtomicCheckpointHook', 'ChannelsLastHook', 'CheckedLoadingHook',
    'EpochSeedHook', 'FiniteLossHook', 'StudentCheckpointHook',
    'ThermalVisualizationHook', 'UnlabelledDataHook'
]
