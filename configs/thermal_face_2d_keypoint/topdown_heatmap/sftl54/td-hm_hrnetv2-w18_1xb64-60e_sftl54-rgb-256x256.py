# SF-TL54: the RGB teacher.
_base_ = '../../../_base_/thermal_face_256x256/base_rgb.py'

train_dataloader = val_dataloader = test_dataloader = dict(
    dataset=dict(type='SFTL54Dataset', data_root='data/sftl54/'))
model = dict(head=dict(out_channels=54))
