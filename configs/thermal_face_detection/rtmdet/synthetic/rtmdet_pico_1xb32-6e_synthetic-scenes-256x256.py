# The same detector for six more epochs, from the last weights of the first
# 16: the one that the package ships.
_base_ = './rtmdet_pico_1xb32-16e_synthetic-scenes-256x256.py'

load_from = ('work_dirs/rtmdet_pico_1xb32-16e_synthetic-scenes-256x256/'
             'epoch_16.pth')
randomness = dict(seed=1)
max_epochs = 6
optim_wrapper = dict(optimizer=dict(lr=0.001))
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=20),
    dict(
        type='CosineAnnealingLR',
        eta_min=0.00002,
        begin=0,
        end=max_epochs,
        T_max=max_epochs,
        convert_to_iter_based=True),
]
