# MCL on 60 labelled thermal faces and 5,000 without labels: the thermal student
# of KTL, now frozen, teaches the light network, and no RGB image is needed.
_base_ = '../../topdown_heatmap/synthetic/' \
    'td-hm_res18-w8_1xb32-2000i_synthetic-thermal-64x64.py'

model = dict(
    _delete_=True,
    type='CrossModalDistiller',
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/synthetic/'
        'td-hm_res18-w16_1xb32-2000i_synthetic-thermal-64x64.py',
        checkpoint='work_dirs/ktl-unlabelled_res18-w16_1xb32-2000i_'
        'synthetic-64x64/best_NME_*.pth'),
    student=dict(config={{_base_.model}}),
    teacher_input='thermal',
    student_input='thermal',
    unlabelled=dict(threshold=0.3),
    distill_losses=dict(
        loss_dikd=dict(type='DIKDLoss', reverse_weight=0.1),
        loss_ld=dict(type='LogitDistillLoss', decay=dict(type='constant'))),
    decay=dict(type='linear', begin=1.0, end=0.0),
    data_preprocessor={{_base_.model.data_preprocessor}})
default_hooks = dict(student=dict(type='StudentCheckpointHook'))

train_dataloader = dict(
    sampler=dict(_base_.few_labels, _delete_=True),
    dataset=dict(datasets=[
        dict(_base_.labelled_set, indices=60),
        dict(_base_.labelled_set, unlabelled='all', indices=-5000),
    ]))
