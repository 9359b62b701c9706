# The benchmark's RGB teacher, trained to convergence.
_base_ = './td-hm_res18-w16_1xb32-2000i_synthetic-thermal-64x64.py'

max_iters = 3000
train_cfg = dict(max_iters=max_iters, val_interval=500)
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], end=max_iters, T_max=max_iters),
]

model = dict(data_preprocessor={{_base_.rgb_normalisation}})

train_dataloader = dict(
    dataset=dict(datasets=[
        dict(
            _base_.labelled_set,
            ann_file='annotations/rgb_train.json',
            pipeline=_base_.rgb_pipeline)
    ]))
val_dataloader = dict(
    dataset=dict(
        ann_file='annotations/rgb_val.json', pipeline=_base_.rgb_val_pipeline))
test_dataloader = dict(
    dataset=dict(
        ann_file='annotations/rgb_test.json',
        pipeline=_base_.rgb_val_pipeline))
