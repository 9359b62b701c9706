# RTMDet of an eighth of the width, on rendered scenes with bodies: `python
# tools/misc/make_detection_scenes.py data/detection_scenes`. Dense
# convolutions: at this width they train twice as fast on a CPU as the
# depthwise ones of RTMDet-nano.
_base_ = '../../../_base_/thermal_face_rtmdet_320x320.py'

data_root = 'data/detection_scenes/'
input_size = (256, 256)
crop_size = (128, 128)
grey = dict(img=(114, 114, 114))
train_pipeline = [
    dict(type='mmpose.LoadThermalImage'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='RandomResize',
        scale=input_size,
        ratio_range=(0.5, 1.25),
        keep_ratio=True),
    # Crops of a quarter of the test input: the network is convolutional, and
    # sees four times as many in the same time. Most hold a face.
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
    # Black-hot cameras, and false colours that nobody undid.
    dict(type='mmpose.ContrastReversal', prob=0.08, background_share=0.),
    dict(type='mmpose.UnknownPalette', prob=0.25),
    dict(type='mmpose.GainLevelDrift', gain=(.6, 1.4), level_k=(-3, 3)),
    dict(type='mmpose.LowerResolution', prob=0.25, factor=(1.3, 2.5)),
    dict(type='mmpose.OpticalBlur', prob=0.2, sigma_px=(.4, 1.2)),
    dict(type='mmpose.NETDNoise', netd_mk=(50, 500)),
    dict(type='Pad', size=crop_size, pad_val=grey),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    _base_.test_pipeline[0],
    dict(type='Resize', scale=input_size, keep_ratio=True),
    dict(type='Pad', size=input_size, pad_val=grey),
    *_base_.test_pipeline[3:],
]
train_dataloader = dict(
    dataset=dict(data_root=data_root, pipeline=train_pipeline))
val_dataloader = dict(
    dataset=dict(data_root=data_root, pipeline=test_pipeline))
test_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='annotations/val.json',
        pipeline=test_pipeline))
val_evaluator = dict(ann_file=data_root + 'annotations/val.json')
test_evaluator = val_evaluator

widths = [32, 64, 128]
model = dict(
    test_cfg=dict(nms=dict(iou_threshold=0.3)),
    backbone=dict(deepen_factor=0.33, widen_factor=0.125, init_cfg=None),
    neck=dict(in_channels=widths, out_channels=32),
    bbox_head=dict(in_channels=32, feat_channels=32, share_conv=False))

max_epochs = 16
optim_wrapper = dict(optimizer=dict(lr=0.002))
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, end=80),
    dict(
        type='CosineAnnealingLR',
        eta_min=0.00005,
        begin=max_epochs // 4,
        end=max_epochs,
        T_max=max_epochs - max_epochs // 4,
        convert_to_iter_based=True),
]
# Validated at the end only: the best weights on rendered scenes are not the
# best on real ones.
default_hooks = dict(checkpoint=dict(interval=1))
custom_hooks = [
    dict(
        type='EMAHook',
        ema_type='ExpMomentumEMA',
        momentum=0.004,  # for few steps
        gamma=200,
        update_buffers=True,
        priority=49)
]
