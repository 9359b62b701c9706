from .connectors import (ConvConnector, IdentityConnector, ResizeConnector,
                         build_connector)
from .data_preprocessors import PairDataPreprocessor
from .distillers import (CrossModalDistiller, Decay, HeadAdapter,
                         HeatmapAdapter, RegressionAdapter, RTMWAdapter,
                         SimCCAdapter, adapts)
from .losses import (DIKDLoss, DistillBatch, DistillLoss, FeatureDistillLoss,
                     LogitDistillLoss)

__all__ = [
    'ConvConnector', 'CrossModalDistiller', 'DIKDLoss', 'Decay',
    'DistillBatch', 'DistillLoss', 'FeatureDistillLoss', 'HeadAdapter',
    'HeatmapAdapter', 'IdentityConnector', 'LogitDistillLoss',
    'PairDataPreprocessor', 'RTMWAdapter', 'RegressionAdapter',
    'ResizeConnector', 'SimCCAdapter', 'adapts', 'build_connector'
]
