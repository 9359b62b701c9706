# The RGB teacher: HRNetV2-w18 on the visible images of CARL or EURECOM VIS-TH.
_base_ = './td-hm_hrnetv2-w18_1xb64-60e_carl-visth-thermal-256x256.py'

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
