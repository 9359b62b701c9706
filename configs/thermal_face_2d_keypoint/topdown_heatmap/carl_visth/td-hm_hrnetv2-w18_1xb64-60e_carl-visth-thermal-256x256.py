# HRNetV2-w18 on the thermal images of CARL or EURECOM VIS-TH: the student of KTL, here
# trained without distillation.
_base_ = '../../../_base_/thermal_face_256x256.py'

dataset = dict(type='CarlVisThDataset', data_root='data/carl_visth/')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)

model = dict(head=dict(out_channels=6))
