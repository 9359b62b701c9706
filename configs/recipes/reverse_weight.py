# How much reverse injection DIKD bears: 0 is FI alone.
_base_ = './_base_/synthetic_96x96.py'

title = 'Weight of reverse injection'
_weights = (0.01, 0.1)
runs = {
    f'ktl-dikd-reverse{_weight}': dict(
        title=f'KTL, DIKD, reverse weight {_weight}',
        config='configs/thermal_face_2d_keypoint/mlcm_kd/synthetic/'
        'ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py',
        teacher='rgb',
        options={'model.distill_losses.loss_dikd.reverse_weight': _weight})
    for _weight in _weights
}
tables = [
    dict(
        title='Weight of reverse injection',
        about='"FI" has none, "DIKD" the weight 1.',
        baseline='ktl-fi',
        rows=['student', 'ktl-fi'] +
        [f'ktl-dikd-reverse{_weight}' for _weight in _weights] +
        ['ktl-dikd', 'ktl-ri'])
]
