# The benchmark's light thermal network, the student of MCL, here trained on
# labels alone.
_base_ = './td-hm_res18-w16_1xb32-2000i_synthetic-thermal-64x64.py'

model = dict(
    backbone=dict(stem_channels=8, base_channels=8),
    head=dict(in_channels=16 + 32 + 64))
