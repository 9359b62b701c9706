# The light network for real cameras: a ResNet-18 of a quarter of the width, on
# CPUs as fast as a ShuffleNetV2 of a third of its parameters.
_base_ = './td-hm_res18-w32_1xb64-16e_synthetic-thermal-128x128.py'

optim_wrapper = dict(optimizer=dict(lr=3e-3))
model = dict(
    backbone=dict(stem_channels=16, base_channels=16),
    head=dict(in_channels=32 + 64 + 128))
