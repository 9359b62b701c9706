# KTL: the frozen RGB teacher teaches a thermal student on the pairs of
# TFW.
# Images without an RGB partner (outdoors) train on the task loss alone.
_base_ = '../../topdown_heatmap/tfw/' \
    'td-hm_hrnetv2-w18_1xb64-60e_tfw-thermal-256x256.py'

teacher_name = 'td-hm_hrnetv2-w18_1xb64-60e_tfw-rgb-256x256'
model = dict(
    _delete_=True,
    type='CrossModalDistiller',
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/tfw/'
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
    dataset=dict(
        with_rgb=True,
        require_rgb=False,
        pipeline={{_base_.pair_pipeline}}))
