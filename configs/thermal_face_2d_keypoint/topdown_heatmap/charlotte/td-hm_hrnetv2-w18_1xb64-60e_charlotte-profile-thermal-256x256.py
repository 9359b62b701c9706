# Charlotte-ThermalFace: HRNetV2-w18 on the profile views, 43 points. They show
# one eye, so the error is normalised by the box.
_base_ = '../../../_base_/thermal_face_256x256/base_thermal.py'

dataset = dict(type='CharlotteProfileDataset', data_root='data/charlotte/')
train_dataloader = dict(
    dataset=dict(
        dataset,
        ann_file='annotations/profile_train.json',
        pipeline={{_base_.unflipped_thermal_pipeline}}))
val_dataloader = dict(
    dataset=dict(dataset, ann_file='annotations/profile_val.json'))
test_dataloader = dict(
    dataset=dict(dataset, ann_file='annotations/profile_test.json'))
model = dict(head=dict(out_channels=43))
val_evaluator = dict(normalizers=('box', ))
test_evaluator = dict(normalizers=('box', ))
