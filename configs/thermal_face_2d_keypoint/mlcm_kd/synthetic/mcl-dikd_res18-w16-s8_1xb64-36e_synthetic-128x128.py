# MCL for the fast network that ships with the package: it starts from the
# light one and learns from the large one.
_base_ = '../../topdown_heatmap/synthetic/' \
    'td-hm_res18-w16-s8_1xb64-36e_synthetic-thermal-128x128.py'

teacher_name = 'td-hm_res18-w32-s8_1xb64-6e_synthetic-thermal-128x128'
model = dict(
    _delete_=True,
    type='CrossModalDistiller',
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/synthetic/'
        f'{teacher_name}.py',
        checkpoint=f'work_dirs/{teacher_name}/best_NME_*.pth'),
    student=dict(config={{_base_.model}}),
    teacher_input='thermal',
    student_input='thermal',
    distill_losses=dict(
        loss_dikd=dict(type='DIKDLoss', reverse_weight=0.1)),
    decay=dict(type='linear', begin=1.0, end=0.0),
    data_preprocessor={{_base_.model.data_preprocessor}})
default_hooks = dict(student=dict(type='StudentCheckpointHook'))
