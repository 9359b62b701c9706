# SF-TL54: RTMPose-s on thermal images.
_base_ = './rtmpose-m_1xb64-60e_sftl54-thermal-256x256.py'

model = dict(
    backbone=dict(
        deepen_factor=0.33,
        widen_factor=0.5,
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmdetection/v3.0/rtmdet/'
            'cspnext_rsb_pretrain/cspnext-s_imagenet_600e-ea671761.pth')),
    head=dict(in_channels=512))
