# TFW: the RGB teacher teaches a thermal student. Outdoor images have no RGB
# and train on the task loss only.
_base_ = '../../../_base_/thermal_face_256x256/ktl-dikd_hrnetv2-w18.py'

train_dataloader = val_dataloader = test_dataloader = dict(
    dataset=dict(
        type='TFWDataset', data_root='data/tfw/', require_rgb=False))
model = dict(
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/tfw/'
        'td-hm_hrnetv2-w18_1xb64-60e_tfw-rgb-256x256.py',
        checkpoint='work_dirs/td-hm_hrnetv2-w18_1xb64-60e_tfw-rgb-256x256/'
        'best_NME_*.pth'),
    student=dict(config=dict(head=dict(out_channels=5))))
