# Shared by the 256x256 configs of the public data sets: MMPose's HRNetV2-w18
# with its 300W schedule, thermal pipelines and metrics. Each data set adds its
# class, folder and number of points.
_base_ = [
    'mmpose::face_2d_keypoint/topdown_heatmap/300w/'
    'td-hm_hrnetv2-w18_8xb64-60e_300w-256x256.py',
    '../reproducible_runs.py',
]

default_hooks = {{_base_.run_hooks}}
visualizer = dict(type='ThermalPoseVisualizer')
auto_scale_lr = dict(base_batch_size=64)
# At first, reverse injection has about a hundred times the task's gradients.
optim_wrapper = dict(clip_grad=dict(max_norm=0.05))

model = dict(
    # Accuracy in training would copy all heatmaps to the host at every step.
    train_cfg=dict(compute_acc=False),
    # Test as deployed: one pass, no flip test.
    test_cfg=dict(flip_test=False))

# Shared by several configs of other networks.
hrnetv2_w32 = dict(
    backbone=dict(
        extra=dict(
            stage2=dict(num_channels=(32, 64)),
            stage3=dict(num_channels=(32, 64, 128)),
            stage4=dict(num_channels=(32, 64, 128, 256))),
        init_cfg=dict(checkpoint='open-mmlab://msra/hrnetv2_w32')),
    head=dict(
        in_channels=32 + 64 + 128 + 256,
        conv_out_channels=(32 + 64 + 128 + 256, )))
# MMPose's learning rate for 512 images per step, scaled to 64.
rtmpose_optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=5e-4, weight_decay=0.05),
    paramwise_cfg=dict(
        norm_decay_mult=0, bias_decay_mult=0, bypass_duplicate=True),
    clip_grad=dict(max_norm=35))
rtmpose_t_optim_wrapper = dict(
    rtmpose_optim_wrapper,
    optimizer=dict(type='AdamW', lr=5e-4, weight_decay=0.))

# ImageNet's normalisation, which HRNet's pretrained weights expect.
normalisation = dict(
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    bgr_to_rgb=True)
pair_preprocessor = dict(
    type='PairDataPreprocessor', thermal=normalisation, rgb=normalisation)

# MMPose moves maxima near the left and upper border by a pixel if 3 * sigma is not
# whole. Both modalities share the geometry ...
codec = dict(
    type='MSRAHeatmap', input_size=(256, 256), heatmap_size=(64, 64), sigma=2.)
box = [
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(
        type='FastRandomBBoxTransform',
        shift_prob=0,
        rotate_factor=60,
        scale_factor=(0.75, 1.25)),
]
# ... and each has its own photometry.
thermal_effects = [
    dict(type='OpticalBlur', prob=0.2),
    dict(type='LowerResolution', prob=0.2),
    dict(type='TemperatureGradient', prob=0.2),
    dict(type='PartialOcclusion'),
    dict(type='ContrastReversal', prob=0.05),
    dict(type='GainLevelDrift'),
    dict(type='FixedPatternNoise', prob=0.2),
    dict(type='NETDNoise'),
]
rgb_photometry = dict(type='PhotometricDistortion')

pair_pipeline = [
    dict(type='LoadThermalImage'),
    dict(type='LoadRGBPartner'),
    *box,
    dict(type='PairTopdownAffine', input_size=codec['input_size']),
    dict(
        type='ModalityTransform',
        modality='thermal',
        transforms=thermal_effects),
    dict(
        type='ModalityTransform', modality='rgb', transforms=[rgb_photometry]),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPairInputs'),
]
thermal_pipeline = [
    dict(type='LoadThermalImage'),
    *box,
    dict(type='TopdownAffine', input_size=codec['input_size']),
    *thermal_effects,
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
rgb_pipeline = [
    dict(type='LoadImage'),
    *box,
    dict(type='TopdownAffine', input_size=codec['input_size']),
    rgb_photometry,
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
# Pipelines for other codecs than HRNet's, by the codec's name: a config cannot
# change a single step of an inherited list.
codecs = dict(
    dark=dict(codec, unbiased=True),
    simcc=dict(
        type='SimCCLabel',
        input_size=codec['input_size'],
        sigma=(5.66, 5.66),
        simcc_split_ratio=2.0,
        normalize=False,
        use_dark=False),
    regression=dict(type='RegressionLabel', input_size=codec['input_size']))
thermal_pipelines = {
    name: [*thermal_pipeline[:-2], dict(type='GenerateTarget', encoder=encoder),
           dict(type='PackPoseInputs')]
    for name, encoder in codecs.items()
}
simcc_pair_pipeline = [
    *pair_pipeline[:-2],
    dict(type='GenerateTarget', encoder=codecs['simcc']),
    dict(type='PackPairInputs')
]
simcc_rgb_pipeline = [
    *rgb_pipeline[:-2],
    dict(type='GenerateTarget', encoder=codecs['simcc']),
    dict(type='PackPoseInputs')
]
# For point sets with unknown mirror partners.
unflipped_thermal_pipeline = [
    step for step in thermal_pipeline if step['type'] != 'RandomFlip'
]
thermal_val_pipeline = [
    dict(type='LoadThermalImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs'),
]
rgb_val_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs'),
]

dataset_type = 'ThermalFaceDataset'
data_mode = 'topdown'
data_root = 'data/'
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/train.json',
        pipeline=thermal_pipeline))
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/val.json',
        test_mode=True,
        pipeline=thermal_val_pipeline))
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/test.json',
        test_mode=True,
        pipeline=thermal_val_pipeline))

val_evaluator = dict(_delete_=True, type='FaceAlignmentMetric')
test_evaluator = dict(_delete_=True, type='FaceAlignmentMetric')
