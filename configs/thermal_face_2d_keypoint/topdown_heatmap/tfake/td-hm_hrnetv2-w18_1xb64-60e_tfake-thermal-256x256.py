# T-FAKE: HRNetV2-w18 on thermal images, the plain student of KTL.
_base_ = '../../../_base_/thermal_face_256x256/base_thermal.py'

train_dataloader = val_dataloader = test_dataloader = dict(
    dataset=dict(type='TFakeDataset', data_root='data/tfake/'))
model = dict(head=dict(out_channels=70))
