from .base import DistillBatch, DistillLoss
from .dikd_loss import DIKDLoss
from .feature_distill_loss import FeatureDistillLoss
from .logit_distill_loss import LogitDistillLoss

__all__ = [
    'DIKDLoss', 'DistillBatch', 'DistillLoss', 'FeatureDistillLoss',
    'LogitDistillLoss'
]
