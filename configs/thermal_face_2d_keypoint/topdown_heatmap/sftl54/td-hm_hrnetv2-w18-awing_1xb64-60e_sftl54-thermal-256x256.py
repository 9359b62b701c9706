# SF-TL54: the baseline with the adaptive wing loss.
_base_ = './td-hm_hrnetv2-w18_1xb64-60e_sftl54-thermal-256x256.py'

model = dict(
    head=dict(
        loss=dict(
            _delete_=True, type='AdaptiveWingLoss', use_target_weight=True)))
