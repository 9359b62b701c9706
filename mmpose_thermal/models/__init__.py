from .connectors import (ConvConnector, IdentityConnector, ResizeConnector,
                         build_connector)
from .data_preprocessors import PairDataPreprocessor
from .distillers import CrossModalDistiller, Decay
from .losses import (DIKDLoss, DistillBatch, DistillLoss, FeatureDistillLoss,
                     LogitDistillLoss)

__all__ = [
    'ConvConnector', 'CrossModalDistiller', 'DIKDLoss', 'Decay',
    'DistillBatch', 'DistillLoss', 'FeatureDistillLoss', 'IdentityConnector',
    'LogitDistillLoss', 'PairDataPreprocessor', 'ResizeConnector',
    'build_connector'
]
