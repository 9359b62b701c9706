# KTL: logits distillation instead of injection.
_base_ = './ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py'

model = dict(
    distill_losses=dict(
        _delete_=True, loss_ld=dict(type='LogitDistillLoss')))
