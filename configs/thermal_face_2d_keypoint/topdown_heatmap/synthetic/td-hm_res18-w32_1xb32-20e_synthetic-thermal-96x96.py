# A ResNet-18 of half width on thermal faces: the student of KTL, here trained
# without distillation.
_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/synthetic_faces_96x96.py',
]

# runtime
max_epochs = 20
train_cfg = dict(max_epochs=max_epochs, val_interval=5)
default_hooks = dict(
    checkpoint=dict(interval=1, max_keep_ckpts=1, save_best='NME', rule='less'),
    logger=dict(interval=10))

# optimizer and learning rate
# At first, the gradient of reverse injection is about a hundred times that of
# the task. Unclipped, it would fill Adam's second moment and keep the
# student's steps small for all of this short training. Clipping hardly affects
# plain training, whose gradient norm stays around 0.02.
optim_wrapper = dict(
    optimizer=dict(type='Adam', lr=2e-3), clip_grad=dict(max_norm=0.05))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, begin=0, end=50, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        eta_min=2e-5,
        begin=0,
        end=max_epochs,
        T_max=max_epochs,
        by_epoch=True,
        convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=32)

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
    # Concatenates strides 8, 16 and 32 at stride 8, as HRNetV2 does: the map
    # is fine enough to be injected into another head.
    neck=dict(type='FeatureMapProcessor', concat=True),
    head=dict(
        type='HeatmapHead',
        in_channels=64 + 128 + 256,
        out_channels=68,
        deconv_out_channels=(64, ),
        deconv_kernel_sizes=(2, ),
        loss=dict(type='KeypointMSELoss', use_target_weight=True),
        decoder={{_base_.codec}}),
    # Accuracy in training would copy all heatmaps to the host at every step.
    train_cfg=dict(compute_acc=False),
    # Test as deployed: one pass, no flip test.
    test_cfg=dict(flip_test=False))
