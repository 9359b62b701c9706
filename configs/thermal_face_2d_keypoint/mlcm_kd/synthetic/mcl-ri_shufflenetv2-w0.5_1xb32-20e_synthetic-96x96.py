# MCL: reverse injection alone.
_base_ = './mcl-dikd_shufflenetv2-w0.5_1xb32-20e_synthetic-96x96.py'

model = dict(distill_losses=dict(loss_dikd=dict(forward_weight=0)))
