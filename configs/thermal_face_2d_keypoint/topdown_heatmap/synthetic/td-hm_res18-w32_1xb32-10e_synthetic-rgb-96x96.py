# The RGB teacher: the same network on visible-light faces, of which there are
# more than labelled pairs.
_base_ = './td-hm_res18-w32_1xb32-20e_synthetic-thermal-96x96.py'

max_epochs = 10
train_cfg = dict(max_epochs=max_epochs, val_interval=5)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, begin=0, end=50, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        eta_min=2e-5,
        begin=0,
        end=max_epochs,
        T_max=max_epochs,
        by_epoch=True,
        convert_to_iter_based=True),
]

model = dict(data_preprocessor={{_base_.rgb_normalisation}})

train_dataloader = dict(
    dataset=dict(
        ann_file='annotations/rgb_train.json',
        pipeline={{_base_.rgb_pipeline}}))
val_dataloader = dict(
    dataset=dict(
        ann_file='annotations/rgb_val.json',
        pipeline={{_base_.rgb_val_pipeline}}))
test_dataloader = dict(
    dataset=dict(
        ann_file='annotations/rgb_test.json',
        pipeline={{_base_.rgb_val_pipeline}}))
