# SF-TL54: ShuffleNetV2 with MMPose's three deconvolutions.
_base_ = './td-hm_res50_1xb64-60e_sftl54-thermal-256x256.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='ShuffleNetV2',
        widen_factor=1.0,
        init_cfg=dict(type='Pretrained', checkpoint='mmcls://shufflenet_v2')),
    head=dict(in_channels=1024))
