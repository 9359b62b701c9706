from .connectors import (ConvConnector, IdentityConnector, ResizeConnector,
                         StatisticsConnector, build_connector)
from .data_preprocessors import PairDataPreprocessor
from .distillers import (CrossModalDistiller, Decay, HeadAdapter,
                         HeatmapAdapter, RegressionAdapter, RTMWAdapter,
                         SimCCAdapter, TeacherLabels, adapts)
from .losses import (DIKDLoss, DistillBatch, DistillLoss, FeatureDistillLoss,
                     LogitDistillLoss)

__all__ = [
    'ConvConnector', 'CrossModalDistiller', 'DIKDLoss', 'Decay',
    'DistillBatch', 'DistillLoss', 'FeatureDistillLoss', 'HeadAdapter',
    'HeatmapAdapter', 'IdentityConnector', 'LogitDistillLoss',
    'PairDataPreprocessor', 'RTMWAdapter', 'RegressionAdapter',
    'ResizeConnector', 'SimCCAdapter', 'StatisticsConnector', 'TeacherLabels',
    'adapts', 'build_connector'
]
