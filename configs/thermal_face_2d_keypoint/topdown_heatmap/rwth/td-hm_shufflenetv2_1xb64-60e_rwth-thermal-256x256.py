# RWTH-Aachen: the light student without distillation.
_base_ = '../../../_base_/thermal_face_256x256/shufflenetv2.py'

train_dataloader = val_dataloader = test_dataloader = dict(
    dataset=dict(type='RWTHDataset', data_root='data/rwth/'))
model = dict(head=dict(out_channels=68))
