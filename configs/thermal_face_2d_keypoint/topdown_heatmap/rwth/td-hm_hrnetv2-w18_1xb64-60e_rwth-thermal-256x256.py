# RWTH-Aachen: HRNetV2-w18 on thermal images, the teacher of MCL.
_base_ = '../../../_base_/thermal_face_256x256/base_thermal.py'

train_dataloader = val_dataloader = test_dataloader = dict(
    dataset=dict(type='RWTHDataset', data_root='data/rwth/'))
model = dict(head=dict(out_channels=68))
