# Shared by the face detectors: MMDetection's RTMDet-tiny with one class.
# Thermal images are small, so 320x320 loses nothing. Each data set adds its
# folder and schedule.
_base_ = [
    'mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py', './reproducible_runs.py'
]

custom_imports = dict(
    imports=['mmpose_thermal', 'mmpose_thermal.datasets.detection'],
    allow_failed_imports=False)
model = dict(
    bbox_head=dict(num_classes=1),
    test_cfg=dict(nms_pre=1000, score_thr=0.05, max_per_img=100))
# A quarter of the width and depthwise convolutions, for boards without a GPU.
rtmdet_nano = dict(
    backbone=dict(
        deepen_factor=0.33,
        widen_factor=0.25,
        use_depthwise=True,
        init_cfg=None),
    neck=dict(
        in_channels=[64, 128, 256], out_channels=64, use_depthwise=True),
    bbox_head=dict(
        in_channels=64,
        feat_channels=64,
        share_conv=False,
        use_depthwise=True))

input_size = (320, 320)
train_pipeline = [
    dict(type='mmpose.LoadThermalImage'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='CachedMosaic',
        img_scale=input_size,
        pad_val=114.0,
        max_cached_images=20,
        random_pop=False),
    dict(
        type='RandomResize',
        scale=(640, 640),
        ratio_range=(0.5, 1.5),
        keep_ratio=True),
    dict(type='RandomCrop', crop_size=input_size),
    dict(type='RandomFlip', prob=0.5),
    # Grey levels have only brightness and contrast.
    dict(
        type='PhotoMetricDistortion',
        saturation_range=(1, 1),
        hue_delta=0),
    dict(type='Pad', size=input_size, pad_val=dict(img=(114, 114, 114))),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='mmpose.LoadThermalImage'),
    dict(type='Resize', scale=input_size, keep_ratio=True),
    dict(type='Pad', size=input_size, pad_val=dict(img=(114, 114, 114))),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape',
                   'scale_factor')),
]
train_dataloader = dict(
    batch_size=32,
    num_workers=2,
    dataset=dict(
        _delete_=True,
        type='ThermalFaceDetDataset',
        ann_file='annotations/train.json',
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=32,
    num_workers=2,
    dataset=dict(
        _delete_=True,
        type='ThermalFaceDetDataset',
        ann_file='annotations/val.json',
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = dict(
    val_dataloader,
    dataset=dict(
        val_dataloader['dataset'], ann_file='annotations/test.json'))

# MMDetection's learning rate for 256 images per step, scaled to 32.
optim_wrapper = dict(optimizer=dict(lr=0.0005))
auto_scale_lr = dict(base_batch_size=32)
max_epochs = 100
train_cfg = dict(max_epochs=max_epochs, val_interval=5, dynamic_intervals=None)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, end=200),
    dict(
        type='CosineAnnealingLR',
        eta_min=0.000025,
        begin=max_epochs // 2,
        end=max_epochs,
        T_max=max_epochs // 2,
        convert_to_iter_based=True),
]
default_hooks = dict(
    checked_loading={{_base_.run_hooks.checked_loading}},
    epoch_seed={{_base_.run_hooks.epoch_seed}},
    finite_loss={{_base_.run_hooks.finite_loss}},
    checkpoint=dict(
        type='mmpose.AtomicCheckpointHook',
        interval=5, max_keep_ckpts=1, save_best='coco/bbox_mAP', rule='greater'))
# Keeps the running mean of the weights, without MMDetection's second stage.
custom_hooks = [
    dict(
        type='EMAHook',
        ema_type='ExpMomentumEMA',
        momentum=0.0002,
        update_buffers=True,
        priority=49)
]
