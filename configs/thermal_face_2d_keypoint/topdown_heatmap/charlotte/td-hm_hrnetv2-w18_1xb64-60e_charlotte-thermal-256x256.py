# HRNetV2-w18 on the front views of Charlotte-ThermalFace: the teacher of MCL.
# 68 points are trained; the other four of its 72 are hardly ever labelled.
_base_ = '../../../_base_/thermal_face_256x256.py'

dataset = dict(type='CharlotteDataset', data_root='data/charlotte/')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)

model = dict(head=dict(out_channels=72))
