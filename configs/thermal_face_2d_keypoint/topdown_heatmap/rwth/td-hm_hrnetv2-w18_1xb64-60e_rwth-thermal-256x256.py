# HRNetV2-w18 on the thermal images of RWTH-Aachen: the teacher of MCL, here
# trained without distillation.
_base_ = '../../../_base_/thermal_face_256x256.py'

dataset = dict(type='RWTHDataset', data_root='data/rwth/')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)

model = dict(head=dict(out_channels=68))
