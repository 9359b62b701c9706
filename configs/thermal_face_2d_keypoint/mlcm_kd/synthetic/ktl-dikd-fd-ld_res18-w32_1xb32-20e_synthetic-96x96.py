# KTL: dual injection plus feature and logits distillation.
_base_ = './ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py'

model = dict(
    distill_losses=dict(
        loss_fd=dict(type='FeatureDistillLoss', loss_weight=0.01),
        loss_ld=dict(type='LogitDistillLoss')))
