# KTL for real cameras: the frozen RGB teacher teaches a thermal student of the
# same size on aligned pairs.
_base_ = '../../topdown_heatmap/synthetic/' \
    'td-hm_res18-w32_1xb64-16e_synthetic-thermal-128x128.py'

teacher_name = 'td-hm_res18-w32_1xb64-15e_synthetic-rgb-128x128'
model = dict(
    _delete_=True,
    type='CrossModalDistiller',
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/synthetic/'
        f'{teacher_name}.py',
        checkpoint=f'work_dirs/{teacher_name}/best_NME_*.pth'),
    student=dict(config={{_base_.model}}),
    teacher_input='rgb',
    student_input='thermal',
    distill_losses=dict(loss_dikd=dict(type='DIKDLoss')),
    decay=dict(type='linear', begin=1.0, end=0.0),
    data_preprocessor={{_base_.pair_preprocessor}})
default_hooks = dict(student=dict(type='StudentCheckpointHook'))

train_dataloader = dict(dataset=dict(datasets={{_base_.pair_sets}}))
