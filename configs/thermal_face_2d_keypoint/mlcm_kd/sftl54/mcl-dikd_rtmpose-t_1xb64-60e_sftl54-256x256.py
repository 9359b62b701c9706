# SF-TL54: the RTMPose-m student of KTL teaches RTMPose-t.
_base_ = './mcl-dikd_shufflenetv2_1xb64-60e_sftl54-256x256.py'

optim_wrapper = {{_base_.rtmpose_t_optim_wrapper}}
model = dict(
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/rtmpose/sftl54/'
        'rtmpose-m_1xb64-60e_sftl54-thermal-256x256.py',
        checkpoint='work_dirs/ktl-dikd_rtmpose-m_1xb64-60e_sftl54-256x256/'
        'best_NME_*.pth'),
    student=dict(
        config='configs/thermal_face_2d_keypoint/rtmpose/sftl54/'
        'rtmpose-t_1xb64-60e_sftl54-thermal-256x256.py'))
train_dataloader = dict(
    dataset=dict(pipeline={{_base_.thermal_pipelines.simcc}}))
