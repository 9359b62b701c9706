# MCL: the thermal HRNetV2 teaches a light one.
# There is no RGB in this set, hence no KTL. A student of KTL on another set with
# these points can be the teacher: set model.teacher.checkpoint.
_base_ = '../../topdown_heatmap/charlotte/' \
    'td-hm_shufflenetv2_1xb64-60e_charlotte-thermal-256x256.py'

model = dict(
    _delete_=True,
    type='CrossModalDistiller',
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/charlotte/'
        'td-hm_hrnetv2-w18_1xb64-60e_charlotte-thermal-256x256.py',
        checkpoint='work_dirs/td-hm_hrnetv2-w18_1xb64-60e_charlotte-thermal-256x256/'
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
