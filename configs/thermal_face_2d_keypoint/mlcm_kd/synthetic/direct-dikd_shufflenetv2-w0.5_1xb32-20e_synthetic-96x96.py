# One step instead of KTL and MCL: the RGB teacher teaches the light student.
_base_ = './ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py'

model = dict(
    student=dict(
        checkpoint=None,
        config=dict(
            backbone=dict(
                _delete_=True,
                type='ShuffleNetV2',
                widen_factor=0.5,
                out_indices=(0, 1, 2)),
            head=dict(in_channels=48 + 96 + 192))),
    # As in MCL: the light backbone gains less from reverse injection.
    distill_losses=dict(loss_dikd=dict(reverse_weight=0.1)))
