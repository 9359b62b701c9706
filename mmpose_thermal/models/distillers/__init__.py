from .cross_modal_distiller import CrossModalDistiller
from .decay import Decay
from .head_adapter import HeadAdapter, adapts
from .mmpose_heads import (HeatmapAdapter, RegressionAdapter, RTMWAdapter,
                           SimCCAdapter)
from .unlabelled import TeacherLabels

__all__ = [
    'CrossModalDistiller', 'Decay', 'HeadAdapter', 'HeatmapAdapter',
    'RTMWAdapter', 'RegressionAdapter', 'SimCCAdapter', 'TeacherLabels', 'adapts'
]
