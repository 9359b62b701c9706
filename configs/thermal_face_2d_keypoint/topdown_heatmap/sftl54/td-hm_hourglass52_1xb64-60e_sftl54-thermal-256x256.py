# SF-TL54: HourGlass-52 with one stack.
_base_ = './td-hm_hrnetv2-w18_1xb64-60e_sftl54-thermal-256x256.py'

model = dict(
    backbone=dict(_delete_=True, type='HourglassNet', num_stacks=1),
    neck=None,
    head=dict(
        _delete_=True,
        type='CPMHead',
        in_channels=256,
        out_channels=54,
        num_stages=1,
        deconv_out_channels=None,
        loss=dict(type='KeypointMSELoss', use_target_weight=True),
        decoder={{_base_.codec}}))
