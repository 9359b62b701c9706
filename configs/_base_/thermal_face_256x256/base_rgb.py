# The RGB teacher: the same network on the visible images of a data set.
_base_ = './base_thermal.py'

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
