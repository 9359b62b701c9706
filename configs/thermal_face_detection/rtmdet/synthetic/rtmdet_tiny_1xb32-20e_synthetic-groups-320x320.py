# RTMDet-tiny on the embedded data with up to four people in an image:
# `python tools/misc/make_synthetic_pairs.py data/synthetic_groups --faces 4
# --train 800 --val 100 --test 300 --extra 0`
_base_ = '../../../_base_/thermal_face_rtmdet_320x320.py'

data_root = 'data/synthetic_groups/'
train_dataloader = val_dataloader = test_dataloader = dict(
    dataset=dict(data_root=data_root))
val_evaluator = dict(ann_file=data_root + 'annotations/val.json')
test_evaluator = dict(ann_file=data_root + 'annotations/test.json')

max_epochs = 20
# Trains from scratch in few steps.
model = dict(backbone=dict(init_cfg=None))
optim_wrapper = dict(optimizer=dict(lr=0.002))
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, end=100),
    dict(
        type='CosineAnnealingLR',
        eta_min=0.00005,
        begin=max_epochs // 2,
        end=max_epochs,
        T_max=max_epochs // 2,
        convert_to_iter_based=True),
]
