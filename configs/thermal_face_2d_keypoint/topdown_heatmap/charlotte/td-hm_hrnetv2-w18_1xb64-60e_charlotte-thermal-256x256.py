# Charlotte-ThermalFace: HRNetV2-w18 on thermal images, the teacher of MCL.
# Front views. 68 points are trained; the other four of its 72 are hardly ever
# labelled.
_base_ = '../../../_base_/thermal_face_256x256/base_thermal.py'

train_dataloader = val_dataloader = test_dataloader = dict(
    dataset=dict(type='CharlotteDataset', data_root='data/charlotte/'))
model = dict(head=dict(out_channels=72))
