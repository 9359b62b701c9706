# MCL: the thermal student of KTL, now frozen, teaches a light one.
_base_ = '../../topdown_heatmap/tfake/' \
    'td-hm_shufflenetv2_1xb64-60e_tfake-thermal-256x256.py'

model = dict(
    _delete_=True,
    type='CrossModalDistiller',
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/tfake/'
        'td-hm_hrnetv2-w18_1xb64-60e_tfake-thermal-256x256.py',
        checkpoint='work_dirs/ktl-dikd_hrnetv2-w18_1xb64-60e_tfake-256x256/'
        'best_NME_*.pth'),
    student=dict(config={{_base_.model}}),
    teacher_input='thermal',
    student_input='thermal',
    # Less reverse than forward injection: the light backbone gains less by it.
    distill_losses=dict(
        loss_dikd=dict(type='DIKDLoss', reverse_weight=0.1)),
    decay=dict(type='linear', begin=1.0, end=0.0),
    data_preprocessor={{_base_.model.data_preprocessor}})
default_hooks = dict(student=dict(type='StudentCheckpointHook'))
