# A ResNet-18 of half width for real cameras: the student of KTL, here trained
# without distillation, on many rendered faces, strongly augmented: 6,000 of
# the embedded head and 3,000 of ICT-FaceKit's shapes
# (`configs/recipes/real_cameras.py` renders them).
_base_ = './td-hm_res18-w32_1xb32-20e_synthetic-thermal-96x96.py'

# runtime
max_epochs = 16
train_cfg = dict(max_epochs=max_epochs, val_interval=2)
default_hooks = dict(logger=dict(interval=20))
# On a CPU that computes in bfloat16 the two double the speed.
custom_hooks = [*_base_.custom_hooks, dict(type='ChannelsLastHook')]
optim_wrapper = dict(
    type='Bfloat16OptimWrapper', clip_grad=dict(max_norm=0.2))
param_scheduler = [
    dict(_base_.param_scheduler[0], end=100),
    dict(_base_.param_scheduler[1], end=max_epochs, T_max=max_epochs),
]
auto_scale_lr = dict(base_batch_size=64)

# data
data_root = 'data/synthetic_6000/'
codec = dict(_base_.codec, input_size=(128, 128), heatmap_size=(32, 32))

# Detectors' boxes are looser and tilted faces commoner than in data sets.
geometry = [
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(
        type='FastRandomBBoxTransform',
        shift_factor=0.12,
        shift_prob=0.6,
        scale_factor=(0.75, 1.3),
        rotate_factor=40),
    dict(type='TopdownAffine', input_size=codec['input_size']),
]
thermal_photometry = [
    dict(
        type='PhotometricDistortion',
        contrast_range=(0.5, 1.5),
        saturation_range=(1, 1),
        hue_delta=1),
    dict(type='ContrastReversal', prob=0.08),
    dict(type='OpticalBlur', prob=0.25),
    dict(type='LowerResolution', prob=0.2),
    dict(type='NETDNoise', prob=0.2),
    dict(type='LocalContrast', prob=0.15),
    dict(type='PartialOcclusion', prob=0.15),
    dict(type='TightFrame', prob=0.15),
]

pair_pipeline = [
    dict(type='LoadThermalImage'),
    dict(type='LoadRGBPartner'),
    *geometry,
    dict(
        type='ModalityTransform',
        modality='thermal',
        transforms=thermal_photometry),
    dict(
        type='ModalityTransform',
        modality='rgb',
        transforms=[_base_.rgb_photometry]),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPairInputs'),
]
thermal_pipeline = [
    dict(type='LoadThermalImage'),
    *geometry,
    *thermal_photometry,
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
rgb_pipeline = [
    dict(type='LoadImage'),
    *geometry,
    _base_.rgb_photometry,
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
affine = dict(type='TopdownAffine', input_size=codec['input_size'])
thermal_val_pipeline = [
    *_base_.thermal_val_pipeline[:2], affine,
    dict(type='PackPoseInputs')
]
rgb_val_pipeline = [
    *_base_.rgb_val_pipeline[:2], affine,
    dict(type='PackPoseInputs')
]

ict_root = 'data/synthetic_ict_3000/'
thermal_sets = [
    dict(
        type=_base_.dataset_type,
        data_mode=_base_.data_mode,
        data_root=root,
        ann_file='annotations/train.json',
        pipeline=thermal_pipeline) for root in (data_root, ict_root)
]
pair_sets = [
    dict(one, with_rgb=True, pipeline=pair_pipeline) for one in thermal_sets
]
train_dataloader = dict(
    batch_size=64,
    dataset=dict(
        _delete_=True,
        type='CombinedFaceDataset',
        metainfo=dict(from_file='configs/_base_/datasets/ibug68.py'),
        datasets=thermal_sets))
val_dataloader = dict(
    dataset=dict(data_root=data_root, pipeline=thermal_val_pipeline))
test_dataloader = dict(
    dataset=dict(data_root=data_root, pipeline=thermal_val_pipeline))
model = dict(head=dict(decoder=codec))
