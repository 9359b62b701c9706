# KTL: reverse injection alone.
_base_ = './ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py'

model = dict(distill_losses=dict(loss_dikd=dict(forward_weight=0)))
