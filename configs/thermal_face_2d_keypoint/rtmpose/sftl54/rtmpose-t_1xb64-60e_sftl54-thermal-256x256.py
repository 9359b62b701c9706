# SF-TL54: RTMPose-t on thermal images, a light student without distillation.
_base_ = './rtmpose-m_1xb64-60e_sftl54-thermal-256x256.py'

optim_wrapper = {{_base_.rtmpose_t_optim_wrapper}}
model = dict(
    backbone=dict(
        deepen_factor=0.167,
        widen_factor=0.375,
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmdetection/v3.0/rtmdet/'
            'cspnext_rsb_pretrain/cspnext-tiny_imagenet_600e-3a2dd350.pth')),
    head=dict(in_channels=384))
