# HRNetV2-w18 on the thermal images of TFW: the student of KTL, here
# trained without distillation.
# Five points of several faces in an image.
_base_ = '../../../_base_/thermal_face_256x256.py'

dataset = dict(type='TFWDataset', data_root='data/tfw/')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)

model = dict(head=dict(out_channels=5))
