# The fast network for real cameras: the light one with heatmaps of stride 8.
_base_ = './td-hm_res18-w32-s8_1xb64-6e_synthetic-thermal-128x128.py'

load_from = None

# runtime
max_epochs = 36
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=3e-3))
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], end=max_epochs, T_max=max_epochs),
]

# model
model = dict(
    backbone=dict(
        stem_channels=16,
        base_channels=16,
        init_cfg=dict(
            type='Pretrained',
            prefix='backbone.',
            checkpoint='work_dirs/'
            'mcl-dikd_res18-w16_1xb64-16e_synthetic-128x128/student_best.pth')),
    head=dict(in_channels=32 + 64 + 128))
