# MCL: the thermal student of KTL, now frozen, teaches a light one on thermal
# images only.
_base_ = '../../topdown_heatmap/synthetic/' \
    'td-hm_shufflenetv2-w0.5_1xb32-20e_synthetic-thermal-96x96.py'

model = dict(
    _delete_=True,
    type='CrossModalDistiller',
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/synthetic/'
        'td-hm_res18-w32_1xb32-20e_synthetic-thermal-96x96.py',
        checkpoint='work_dirs/'
        'ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96/best_NME_*.pth'),
    student=dict(config={{_base_.model}}),
    teacher_input='thermal',
    student_input='thermal',
    # Weaker reverse injection: the light backbone gains less from it.
    distill_losses=dict(
        loss_dikd=dict(type='DIKDLoss', reverse_weight=0.1)),
    decay=dict(type='linear', begin=1.0, end=0.0),
    data_preprocessor={{_base_.model.data_preprocessor}})
default_hooks = dict(student=dict(type='StudentCheckpointHook'))
