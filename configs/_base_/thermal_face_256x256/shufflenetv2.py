# The light student.
_base_ = './base_thermal.py'

model = dict(
    backbone=dict(_delete_=True, type='ShuffleNetV2', out_indices=(0, 1, 2)),
    head=dict(
        in_channels=116 + 232 + 464,
        deconv_out_channels=(64, ),
        deconv_kernel_sizes=(2, ),
        conv_out_channels=None,
        conv_kernel_sizes=None))
