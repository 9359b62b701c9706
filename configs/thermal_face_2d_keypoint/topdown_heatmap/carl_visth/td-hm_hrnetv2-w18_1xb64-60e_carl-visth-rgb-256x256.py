# CARL or EURECOM VIS-TH: the RGB teacher.
_base_ = '../../../_base_/thermal_face_256x256/base_rgb.py'

train_dataloader = val_dataloader = test_dataloader = dict(
    dataset=dict(type='CarlVisThDataset', data_root='data/carl_visth/'))
model = dict(head=dict(out_channels=6))
