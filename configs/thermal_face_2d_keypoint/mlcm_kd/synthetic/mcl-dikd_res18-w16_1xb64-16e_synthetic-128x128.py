# MCL for real cameras: the thermal student of KTL, now frozen, teaches the
# light network that ships with the package.
_base_ = '../../topdown_heatmap/synthetic/' \
    'td-hm_res18-w16_1xb64-16e_synthetic-thermal-128x128.py'

model = dict(
    _delete_=True,
    type='CrossModalDistiller',
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/synthetic/'
        'td-hm_res18-w32_1xb64-16e_synthetic-thermal-128x128.py',
        checkpoint='work_dirs/'
        'ktl-dikd_res18-w32_1xb64-16e_synthetic-128x128/best_NME_*.pth'),
    student=dict(config={{_base_.model}}),
    teacher_input='thermal',
    student_input='thermal',
    distill_losses=dict(
        loss_dikd=dict(type='DIKDLoss', reverse_weight=0.1)),
    decay=dict(type='linear', begin=1.0, end=0.0),
    data_preprocessor={{_base_.model.data_preprocessor}})
default_hooks = dict(student=dict(type='StudentCheckpointHook'))
