# CARL or EURECOM VIS-TH: the thermal student of KTL teaches a light one.
_base_ = '../../../_base_/thermal_face_256x256/mcl-dikd_shufflenetv2.py'

train_dataloader = val_dataloader = test_dataloader = dict(
    dataset=dict(type='CarlVisThDataset', data_root='data/carl_visth/'))
model = dict(
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/carl_visth/'
        'td-hm_hrnetv2-w18_1xb64-60e_carl-visth-thermal-256x256.py',
        checkpoint='work_dirs/ktl-dikd_hrnetv2-w18_1xb64-60e_carl-visth-256x256/'
        'best_NME_*.pth'),
    student=dict(config=dict(head=dict(out_channels=6))))
