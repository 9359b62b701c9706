# Charlotte-ThermalFace: the thermal HRNetV2 teaches a light student. The set
# has no RGB, so there is no KTL; a KTL student from another set with these
# points can be the teacher (model.teacher.checkpoint).
_base_ = '../../../_base_/thermal_face_256x256/mcl-dikd_shufflenetv2.py'

train_dataloader = val_dataloader = test_dataloader = dict(
    dataset=dict(type='CharlotteDataset', data_root='data/charlotte/'))
model = dict(
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/charlotte/'
        'td-hm_hrnetv2-w18_1xb64-60e_charlotte-thermal-256x256.py',
        checkpoint='work_dirs/td-hm_hrnetv2-w18_1xb64-60e_charlotte-thermal-256x256/'
        'best_NME_*.pth'),
    student=dict(config=dict(head=dict(out_channels=72))))
