# The large network for real cameras with heatmaps of stride 8 instead of 4: the
# teacher of the fast one, fine-tuned from the student of KTL.
_base_ = './td-hm_res18-w32_1xb64-16e_synthetic-thermal-128x128.py'

load_from = 'work_dirs/ktl-dikd_res18-w32_1xb64-16e_synthetic-128x128/' \
    'student_best.pth'

# runtime
max_epochs = 6
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], end=max_epochs, T_max=max_epochs),
]

# data
codec = dict(
    _base_.codec,
    type='BorderRefinedHeatmap',
    heatmap_size=(16, 16),
    sigma=1.,
    blur_kernel_size=5)
thermal_pipeline = [
    *_base_.thermal_pipeline[:-2],
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
thermal_sets = [
    dict(one, pipeline=thermal_pipeline) for one in _base_.thermal_sets
]
train_dataloader = dict(dataset=dict(datasets=thermal_sets))

# model: a convolution of the stride-8 map instead of a deconvolution
model = dict(
    head=dict(
        deconv_out_channels=(),
        deconv_kernel_sizes=(),
        conv_out_channels=(64, ),
        conv_kernel_sizes=(1, ),
        decoder=codec))
