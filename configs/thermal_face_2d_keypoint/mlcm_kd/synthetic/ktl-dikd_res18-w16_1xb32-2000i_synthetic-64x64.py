# KTL in the benchmark: the frozen RGB teacher and a thermal student of the same
# size, on labelled pairs.
_base_ = '../../topdown_heatmap/synthetic/' \
    'td-hm_res18-w16_1xb32-2000i_synthetic-thermal-64x64.py'

teacher_name = 'td-hm_res18-w16_1xb32-3000i_synthetic-rgb-64x64'
model = dict(
    _delete_=True,
    type='CrossModalDistiller',
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/synthetic/'
        f'{teacher_name}.py',
        checkpoint=f'work_dirs/{teacher_name}/best_NME_*.pth'),
    # RGB and thermal networks have the same architecture.
    student=dict(config={{_base_.model}}, checkpoint='teacher'),
    teacher_input='rgb',
    student_input='thermal',
    distill_losses=dict(loss_dikd=dict(type='DIKDLoss')),
    decay=dict(type='linear', begin=1.0, end=0.0),
    data_preprocessor={{_base_.pair_preprocessor}})
default_hooks = dict(student=dict(type='StudentCheckpointHook'))

train_dataloader = dict(dataset=dict(datasets=[_base_.labelled_pairs]))
