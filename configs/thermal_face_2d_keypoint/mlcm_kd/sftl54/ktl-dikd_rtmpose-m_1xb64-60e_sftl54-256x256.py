# SF-TL54: KTL with RTMPose-m on both sides.
_base_ = './ktl-dikd_hrnetv2-w18_1xb64-60e_sftl54-256x256.py'

# As without distillation.
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=5e-4, weight_decay=0.05),
    paramwise_cfg=dict(
        norm_decay_mult=0, bias_decay_mult=0, bypass_duplicate=True),
    clip_grad=dict(max_norm=35))
model = dict(
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/rtmpose/sftl54/'
        'rtmpose-m_1xb64-60e_sftl54-rgb-256x256.py',
        checkpoint='work_dirs/rtmpose-m_1xb64-60e_sftl54-rgb-256x256/'
        'best_NME_*.pth'),
    student=dict(
        config='configs/thermal_face_2d_keypoint/rtmpose/sftl54/'
        'rtmpose-m_1xb64-60e_sftl54-thermal-256x256.py'))
train_dataloader = dict(
    dataset=dict(pipeline={{_base_.pair_pipelines.simcc}}))
