# The light network at 128x128 with strong augmentation, for real cameras:
# trained on many rendered faces
# (`python tools/misc/make_synthetic_pairs.py data/synthetic_6000 --train 6000
# --val 300 --test 300 --extra 0 --per-subject 1 --size 192 --seed 11`).
_base_ = './td-hm_shufflenetv2-w0.5_1xb32-20e_synthetic-thermal-96x96.py'

max_epochs = 40
train_cfg = dict(max_epochs=max_epochs, val_interval=5)
optim_wrapper = dict(
    optimizer=dict(lr=3e-3), clip_grad=dict(max_norm=0.2))
param_scheduler = [
    dict(_base_.param_scheduler[0], end=100),
    dict(_base_.param_scheduler[1], end=max_epochs, T_max=max_epochs),
]
auto_scale_lr = dict(base_batch_size=64)

codec = dict(_base_.codec, input_size=(128, 128), heatmap_size=(32, 32))
model = dict(head=dict(decoder=codec))

train_pipeline = [
    dict(type='LoadThermalImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(
        type='RandomBBoxTransform',
        shift_factor=0.12,
        shift_prob=0.6,
        scale_factor=(0.75, 1.3),
        rotate_factor=40),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(
        type='PhotometricDistortion',
        contrast_range=(0.5, 1.5),
        saturation_range=(1, 1),
        hue_delta=1),
    dict(type='ContrastReversal', prob=0.08),
    dict(type='OpticalBlur', prob=0.25),
    dict(type='LowerResolution', prob=0.2),
    dict(type='NETDNoise', prob=0.2),
    dict(type='PartialOcclusion', prob=0.15),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
val_pipeline = [
    *_base_.thermal_val_pipeline[:2],
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs'),
]
data_root = 'data/synthetic_6000/'
train_dataloader = dict(
    batch_size=64,
    dataset=dict(data_root=data_root, pipeline=train_pipeline))
val_dataloader = dict(
    dataset=dict(data_root=data_root, pipeline=val_pipeline))
test_dataloader = dict(
    dataset=dict(data_root=data_root, pipeline=val_pipeline))
