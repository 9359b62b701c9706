# SF-TL54: RTMPose-m as the RGB teacher.
_base_ = './rtmpose-m_1xb64-60e_sftl54-thermal-256x256.py'

train_dataloader = dict(
    dataset=dict(
        ann_file='annotations/rgb_train.json',
        pipeline={{_base_.simcc_rgb_pipeline}}))
val_dataloader = dict(
    dataset=dict(
        ann_file='annotations/rgb_val.json',
        pipeline={{_base_.rgb_val_pipeline}}))
test_dataloader = dict(
    dataset=dict(
        ann_file='annotations/rgb_test.json',
        pipeline={{_base_.rgb_val_pipeline}}))
