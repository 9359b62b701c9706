from .cross_modal_distiller import CrossModalDistiller
from .decay import Decay
from .head_adapter import HeadAdapter, adapts
from .mmpose_heads import (HeatmapAdapter, RegressionAdapter, RTMWAdapter,
                           SimCCAdapter)

__all__ = [
    'CrossModalDistiller', 'Decay', 'HeadAdapter', 'HeatmapAdapter',
    'RTMWAdapter', 'RegressionAdapter', 'SimCCAdapter', 'adapts'
]
