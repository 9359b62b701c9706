# SF-TL54: the RGB teacher teaches a thermal student. A few frames have no RGB
# partner and train on the task loss only.
_base_ = '../../../_base_/thermal_face_256x256/ktl-dikd_hrnetv2-w18.py'

train_dataloader = val_dataloader = test_dataloader = dict(
    dataset=dict(
        type='SFTL54Dataset', data_root='data/sftl54/', require_rgb=False))
model = dict(
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/sftl54/'
        'td-hm_hrnetv2-w18_1xb64-60e_sftl54-rgb-256x256.py',
        checkpoint='work_dirs/td-hm_hrnetv2-w18_1xb64-60e_sftl54-rgb-256x256/'
        'best_NME_*.pth'),
    student=dict(config=dict(head=dict(out_channels=54))))
