# HRNetV2-w18 on the thermal images of Charlotte-ThermalFace (front views): the teacher of MCL, here
# trained without distillation.
# Trains on the 68 points whose place is known and on four more without labels.
# Kelvin are known: amplitudes of augmentation are true.
_base_ = '../../../_base_/thermal_face_256x256.py'

dataset = dict(type='CharlotteDataset', data_root='data/charlotte/')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)

model = dict(head=dict(out_channels=72))
