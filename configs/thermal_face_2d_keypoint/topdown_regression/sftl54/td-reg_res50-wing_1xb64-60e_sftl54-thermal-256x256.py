# SF-TL54: coordinates regressed by ResNet-50 with the wing loss.
_base_ = '../../topdown_heatmap/sftl54/' \
    'td-hm_res50_1xb64-60e_sftl54-thermal-256x256.py'

# As in MMPose's WFLW config: the gradients differ from those of heatmaps.
optim_wrapper = dict(optimizer=dict(lr=5e-4), clip_grad=None)

model = dict(
    neck=dict(_delete_=True, type='GlobalAveragePooling'),
    head=dict(
        _delete_=True,
        type='RegressionHead',
        in_channels=2048,
        num_joints=54,
        loss=dict(type='WingLoss', use_target_weight=True),
        decoder={{_base_.codecs.regression}}))
train_dataloader = dict(
    dataset=dict(pipeline={{_base_.thermal_pipelines.regression}}))
