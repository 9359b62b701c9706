# KTL: the frozen RGB teacher teaches a thermal student on the pairs of
# T-FAKE.
_base_ = '../../topdown_heatmap/tfake/' \
    'td-hm_hrnetv2-w18_1xb64-60e_tfake-thermal-256x256.py'

teacher_name = 'td-hm_hrnetv2-w18_1xb64-60e_tfake-rgb-256x256'
model = dict(
    _delete_=True,
    type='CrossModalDistiller',
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/tfake/'
        f'{teacher_name}.py',
        checkpoint=f'work_dirs/{teacher_name}/best_NME_*.pth'),
    student=dict(config={{_base_.model}}),
    teacher_input='rgb',
    student_input='thermal',
    distill_losses=dict(loss_dikd=dict(type='DIKDLoss')),
    decay=dict(type='linear', begin=1.0, end=0.0),
    data_preprocessor={{_base_.pair_preprocessor}})
default_hooks = dict(student=dict(type='StudentCheckpointHook'))

train_dataloader = dict(
    dataset=dict(with_rgb=True, pipeline={{_base_.pair_pipeline}}))
