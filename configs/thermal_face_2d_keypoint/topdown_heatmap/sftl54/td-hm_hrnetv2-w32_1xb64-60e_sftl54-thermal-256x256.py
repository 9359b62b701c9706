# SF-TL54: HRNetV2-w32 on thermal images, a larger student of KTL.
_base_ = './td-hm_hrnetv2-w18_1xb64-60e_sftl54-thermal-256x256.py'

model = dict(
    backbone=dict(
        extra=dict(
            stage2=dict(num_channels=(32, 64)),
            stage3=dict(num_channels=(32, 64, 128)),
            stage4=dict(num_channels=(32, 64, 128, 256))),
        init_cfg=dict(checkpoint='open-mmlab://msra/hrnetv2_w32')),
    head=dict(
        in_channels=32 + 64 + 128 + 256,
        conv_out_channels=(32 + 64 + 128 + 256, )))
