# SF-TL54: RTMPose-m on thermal images.
_base_ = '../../topdown_heatmap/sftl54/' \
    'td-hm_hrnetv2-w18_1xb64-60e_sftl54-thermal-256x256.py'

optim_wrapper = {{_base_.rtmpose_optim_wrapper}}
model = dict(
    backbone=dict(
        _delete_=True,
        _scope_='mmdet',
        type='CSPNeXt',
        arch='P5',
        expand_ratio=0.5,
        deepen_factor=0.67,
        widen_factor=0.75,
        out_indices=(4, ),
        channel_attention=True,
        norm_cfg=dict(type='BN'),
        act_cfg=dict(type='SiLU'),
        init_cfg=dict(
            type='Pretrained',
            prefix='backbone.',
            checkpoint='https://download.openmmlab.com/mmdetection/v3.0/rtmdet/'
            'cspnext_rsb_pretrain/'
            'cspnext-m_8xb256-rsb-a1-600e_in1k-ecb3bbd9.pth')),
    neck=None,
    head=dict(
        _delete_=True,
        type='RTMCCHead',
        in_channels=768,
        out_channels=54,
        input_size={{_base_.codec.input_size}},
        in_featuremap_size=(8, 8),
        simcc_split_ratio=2.0,
        final_layer_kernel_size=7,
        gau_cfg=dict(
            hidden_dims=256,
            s=128,
            expansion_factor=2,
            dropout_rate=0.,
            drop_path=0.,
            act_fn='SiLU',
            use_rel_bias=False,
            pos_enc=False),
        loss=dict(
            type='KLDiscretLoss',
            use_target_weight=True,
            beta=10.,
            label_softmax=True),
        decoder={{_base_.codecs.simcc}}))
train_dataloader = dict(
    dataset=dict(pipeline={{_base_.thermal_pipelines.simcc}}))
