# The embedded data set: `python tools/misc/make_synthetic_pairs.py data/synthetic`
# Loads thermal images by default; `pair_pipeline` and `rgb_*` are for configs
# that need the RGB partner or only RGB.
dataset_type = 'ThermalFaceDataset'
data_mode = 'topdown'
data_root = 'data/synthetic/'
codec = dict(
    type='MSRAHeatmap',
    input_size=(96, 96),
    heatmap_size=(24, 24),
    sigma=1.5,
    unbiased=True,
    blur_kernel_size=7)

# Both modalities share the geometry ...
geometry = [
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(
        type='FastRandomBBoxTransform',
        shift_factor=0.1,
        scale_factor=(0.8, 1.25),
        rotate_factor=40),
    dict(type='TopdownAffine', input_size=codec['input_size']),
]
# ... and each has its own photometry.
thermal_photometry = dict(
    type='PhotometricDistortion',
    contrast_range=(0.6, 1.4),
    saturation_range=(1, 1),
    hue_delta=1)
rgb_photometry = dict(type='PhotometricDistortion')

pair_pipeline = [
    dict(type='LoadThermalImage'),
    dict(type='LoadRGBPartner'),
    *geometry,
    dict(
        type='ModalityTransform',
        modality='thermal',
        transforms=[thermal_photometry]),
    dict(
        type='ModalityTransform', modality='rgb', transforms=[rgb_photometry]),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPairInputs'),
]
thermal_pipeline = [
    dict(type='LoadThermalImage'),
    *geometry,
    thermal_photometry,
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
rgb_pipeline = [
    dict(type='LoadImage'),
    *geometry,
    rgb_photometry,
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
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

# Grey levels of thermal images are centred, RGB as ImageNet's.
thermal_normalisation = dict(mean=[128] * 3, std=[64] * 3)
rgb_normalisation = dict(
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    bgr_to_rgb=True)
pair_preprocessor = dict(
    type='PairDataPreprocessor',
    thermal=thermal_normalisation,
    rgb=rgb_normalisation)

train_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/train.json',
        pipeline=thermal_pipeline))
val_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/val.json',
        test_mode=True,
        pipeline=thermal_val_pipeline))
test_dataloader = dict(
    val_dataloader,
    dataset=dict(
        val_dataloader['dataset'], ann_file='annotations/test.json'))

val_evaluator = dict(type='FaceAlignmentMetric')
test_evaluator = val_evaluator
