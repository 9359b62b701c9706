# SF-TL54: MobileNetV2 with MMPose's three deconvolutions.
_base_ = './td-hm_res50_1xb64-60e_sftl54-thermal-256x256.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='MobileNetV2',
        widen_factor=1.,
        out_indices=(7, ),
        init_cfg=dict(type='Pretrained', checkpoint='mmcls://mobilenet_v2')),
    head=dict(in_channels=1280))
