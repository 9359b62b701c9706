# The RGB teacher of the models for real cameras.
_base_ = './td-hm_res18-w32_1xb64-16e_synthetic-thermal-128x128.py'

max_epochs = 15
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], end=max_epochs, T_max=max_epochs),
]

model = dict(data_preprocessor={{_base_.rgb_normalisation}})

# The embedded head suffices.
train_dataloader = dict(
    dataset=dict(datasets=[
        dict(
            _base_.thermal_sets[0],
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
