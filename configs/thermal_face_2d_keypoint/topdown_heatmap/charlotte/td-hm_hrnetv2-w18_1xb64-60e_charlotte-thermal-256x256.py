# Charlotte-ThermalFace: HRNetV2-w18 on thermal front views, the teacher of
# MCL. It trains 68 points; the other four of the 72 are rarely labelled.
_base_ = '../../../_base_/thermal_face_256x256/base_thermal.py'

train_dataloader = val_dataloader = test_dataloader = dict(
    dataset=dict(type='CharlotteDataset', data_root='data/charlotte/'))
model = dict(head=dict(out_channels=72))
