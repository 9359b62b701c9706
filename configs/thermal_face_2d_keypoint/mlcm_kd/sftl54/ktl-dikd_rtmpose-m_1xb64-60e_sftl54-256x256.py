# SF-TL54: KTL with RTMPose-m as teacher and student.
_base_ = './ktl-dikd_hrnetv2-w18_1xb64-60e_sftl54-256x256.py'

optim_wrapper = {{_base_.rtmpose_optim_wrapper}}
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
    dataset=dict(pipeline={{_base_.simcc_pair_pipeline}}))
