# SF-TL54: MobileNetV2 as a light student without distillation. Strides 8, 16
# and 32 are concatenated, and one deconvolution leads to stride 4.
_base_ = './td-hm_shufflenetv2_1xb64-60e_sftl54-thermal-256x256.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='MobileNetV2',
        out_indices=(2, 4, 6),
        init_cfg=dict(type='Pretrained', checkpoint='mmcls://mobilenet_v2')),
    head=dict(in_channels=32 + 96 + 320))
