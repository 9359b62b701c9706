from .connectors import ConvConnector
from .data_preprocessors import PairDataPreprocessor
from .distillers import CrossModalDistiller
from .losses import DIKDLoss, FeatureDistillLoss, LogitDistillLoss

__all__ = [
    'ConvConnector', 'CrossModalDistiller', 'DIKDLoss', 'FeatureDistillLoss',
    'LogitDistillLoss', 'PairDataPreprocessor'
]
