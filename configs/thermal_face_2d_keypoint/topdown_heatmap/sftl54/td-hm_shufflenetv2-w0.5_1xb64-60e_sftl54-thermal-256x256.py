# SF-TL54: the smallest student, here without distillation.
_base_ = './td-hm_shufflenetv2_1xb64-60e_sftl54-thermal-256x256.py'

model = dict(
    backbone=dict(widen_factor=0.5), head=dict(in_channels=48 + 96 + 192))
