# The same detector for three last epochs on larger crops, in which it learns
# that a bright chest below a head is no face: the one that the package ships.
_base_ = './rtmdet_pico_1xb32-6e_synthetic-scenes-256x256.py'

load_from = ('work_dirs/rtmdet_pico_1xb32-6e_synthetic-scenes-256x256/'
             'epoch_6.pth')
randomness = dict(seed=2)
crop_size = (192, 192)
train_pipeline = [
    dict(type='mmpose.LoadThermalImage'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='RandomResize',
        scale={{_base_.input_size}},
        ratio_range=(0.5, 1.1),
        keep_ratio=True),
    dict(
        type='RandomChoice',
        prob=[0.8, 0.2],
        transforms=[
            [dict(type='RandomCrop', crop_size=crop_size)],
            [dict(
                type='RandomCrop',
                crop_size=crop_size,
                allow_negative_crop=True)],
        ]),
    dict(type='RandomFlip', prob=0.5),
    dict(type='mmpose.ContrastReversal', prob=0.08, background_share=0.),
    dict(type='mmpose.UnknownPalette', prob=0.25),
    dict(type='mmpose.GainLevelDrift', gain=(.6, 1.4), level_k=(-3, 3)),
    dict(type='mmpose.LowerResolution', prob=0.25, factor=(1.3, 2.5)),
    dict(type='mmpose.OpticalBlur', prob=0.2, sigma_px=(.4, 1.2)),
    dict(type='mmpose.NETDNoise', netd_mk=(50, 500)),
    dict(type='Pad', size=crop_size, pad_val=dict(img=(114, 114, 114))),
    dict(type='PackDetInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

max_epochs = 3
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
