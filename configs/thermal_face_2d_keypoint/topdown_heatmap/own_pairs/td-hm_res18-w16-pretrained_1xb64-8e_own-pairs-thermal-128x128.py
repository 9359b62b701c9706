# The light network, which ships as landmarks_s4, trained on from its weights
# with labels that a teacher made and with rendered faces: one step, for few
# pairs.
# `mmpose-thermal distill` fills in the folders.
_base_ = './td-hm_res18-w32_1xb64-16e_own-pairs-thermal-128x128.py'

load_from = 'mmpose_thermal/weights/landmarks_s4.pth'

# A trained network needs fewer and smaller steps than a new one.
max_epochs = 8
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], end=max_epochs, T_max=max_epochs),
]

model = dict(
    backbone=dict(stem_channels=16, base_channels=16),
    head=dict(in_channels=32 + 64 + 128))
