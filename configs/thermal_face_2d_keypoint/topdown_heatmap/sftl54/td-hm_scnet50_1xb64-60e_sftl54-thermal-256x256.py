# SF-TL54: SCNet-50 with MMPose's three deconvolutions.
_base_ = './td-hm_res50_1xb64-60e_sftl54-thermal-256x256.py'

model = dict(
    backbone=dict(
        type='SCNet',
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmpose/'
            'pretrain_models/scnet50-7ef0a199.pth')))
