# MCL: logits distillation instead of injection.
_base_ = './mcl-dikd_shufflenetv2-w0.5_1xb32-20e_synthetic-96x96.py'

model = dict(
    distill_losses=dict(
        _delete_=True, loss_ld=dict(type='LogitDistillLoss')))
