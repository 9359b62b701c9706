# SF-TL54: the light network, which ships as landmarks_s4, fine-tuned. It has
# learnt 68 points from rendered faces; its last layer starts anew for 54.
_base_ = '../synthetic/' \
    'td-hm_res18-w16_1xb64-16e_synthetic-thermal-128x128.py'

max_epochs = 30
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], end=max_epochs, T_max=max_epochs),
]

data = dict(type='SFTL54Dataset', data_root='data/sftl54/')
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        **data,
        data_mode='topdown',
        ann_file='annotations/train.json',
        pipeline=_base_.thermal_pipeline))
val_dataloader = test_dataloader = dict(dataset=data)

optim_wrapper = dict(optimizer=dict(lr=1e-3))
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            prefix='backbone.',
            checkpoint='mmpose_thermal/weights/landmarks_s4.pth')),
    head=dict(out_channels=54))
