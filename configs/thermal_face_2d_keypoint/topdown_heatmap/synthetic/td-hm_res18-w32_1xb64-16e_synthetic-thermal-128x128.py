# A ResNet-18 of half width for real cameras: the student of KTL, here trained
# without distillation.
_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/synthetic_faces_128x128.py',
]

# runtime
max_epochs = 16
train_cfg = dict(max_epochs=max_epochs, val_interval=2)
default_hooks = dict(
    checkpoint=dict(interval=1, max_keep_ckpts=1, save_best='NME', rule='less'),
    logger=dict(interval=20))
# On a CPU that computes in bfloat16 the two double the speed.
custom_hooks = [*_base_.custom_hooks, dict(type='ChannelsLastHook')]

# optimizer and learning rate
optim_wrapper = dict(
    type='Bfloat16OptimWrapper',
    optimizer=dict(type='Adam', lr=2e-3),
    clip_grad=dict(max_norm=0.2))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, begin=0, end=100, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        eta_min=2e-5,
        begin=0,
        end=max_epochs,
        T_max=max_epochs,
        by_epoch=True,
        convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=64)

# model
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor', mean=[128] * 3, std=[64] * 3),
    backbone=dict(
        type='ResNet',
        depth=18,
        stem_channels=32,
        base_channels=32,
        out_indices=(1, 2, 3)),
    neck=dict(type='FeatureMapProcessor', concat=True),
    head=dict(
        type='HeatmapHead',
        in_channels=64 + 128 + 256,
        out_channels=68,
        deconv_out_channels=(64, ),
        deconv_kernel_sizes=(2, ),
        loss=dict(type='KeypointMSELoss', use_target_weight=True),
        decoder={{_base_.codec}}),
    train_cfg=dict(compute_acc=False),
    test_cfg=dict(flip_test=False))
