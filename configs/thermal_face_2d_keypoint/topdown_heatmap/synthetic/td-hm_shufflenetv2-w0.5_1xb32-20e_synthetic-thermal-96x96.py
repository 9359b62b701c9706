# The light student of MCL, here trained without distillation.
_base_ = './td-hm_res18-w32_1xb32-20e_synthetic-thermal-96x96.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='ShuffleNetV2',
        widen_factor=0.5,
        out_indices=(0, 1, 2)),
    head=dict(in_channels=48 + 96 + 192))
