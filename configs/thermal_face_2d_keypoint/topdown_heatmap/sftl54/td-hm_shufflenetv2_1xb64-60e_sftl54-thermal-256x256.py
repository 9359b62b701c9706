# The light student of MCL, here trained without distillation.
_base_ = './td-hm_hrnetv2-w18_1xb64-60e_sftl54-thermal-256x256.py'

model = dict(
    backbone=dict(
        _delete_=True, type='ShuffleNetV2', out_indices=(0, 1, 2)),
    head=dict(
        in_channels=116 + 232 + 464,
        deconv_out_channels=(64, ),
        deconv_kernel_sizes=(2, ),
        conv_out_channels=None,
        conv_kernel_sizes=None))
