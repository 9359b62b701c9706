# Why does reverse injection hurt, and how much of it can DIKD take? Tries a
# smaller weight, an Adam that forgets its large first gradients sooner (its
# second moment remembers about 100 iterations instead of 1,000), and reverse
# injection that fades in while forward injection fades out.
_base_ = './_base_/synthetic_96x96.py'

title = 'Reverse injection: weight, and memory of the optimizer'
_weights = (0.01, 0.1)
_forgetful = {'optim_wrapper.optimizer.betas': [0.9, 0.99]}
_ktl = 'configs/thermal_face_2d_keypoint/mlcm_kd/synthetic/' \
    'ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py'
runs = {
    **{
        f'ktl-dikd-reverse{_weight}': dict(
            title=f'KTL, DIKD, reverse weight {_weight}',
            config=_ktl,
            teacher='rgb',
            options={
                'model.distill_losses.loss_dikd.reverse_weight': _weight
            })
        for _weight in _weights
    },
    'ktl-fi-late-ri':
    dict(
        title='KTL, FI from 1 to 0, RI from 0 to 1',
        config=_ktl,
        teacher='rgb',
        options={
            'model.distill_losses._delete_': True,
            'model.distill_losses.loss_fi.type': 'DIKDLoss',
            'model.distill_losses.loss_fi.reverse_weight': 0,
            'model.distill_losses.loss_ri.type': 'DIKDLoss',
            'model.distill_losses.loss_ri.forward_weight': 0,
            'model.distill_losses.loss_ri.decay.type': 'linear',
            'model.distill_losses.loss_ri.decay.begin': 0.0,
            'model.distill_losses.loss_ri.decay.end': 1.0,
        }),
    'student-forgetful':
    dict(
        title='thermal student, no distillation, forgetful Adam',
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/synthetic/'
        'td-hm_res18-w32_1xb32-20e_synthetic-thermal-96x96.py',
        options=_forgetful),
    'ktl-dikd-forgetful':
    dict(
        title='KTL, DIKD, forgetful Adam',
        config=_ktl,
        teacher='rgb',
        options=_forgetful),
}
tables = [
    dict(
        title='Weight of reverse injection',
        about='"FI" has none, "DIKD" the weight 1.',
        baseline='ktl-fi',
        rows=['student', 'ktl-fi'] +
        [f'ktl-dikd-reverse{_weight}' for _weight in _weights] +
        ['ktl-dikd', 'ktl-fi-late-ri', 'ktl-ri']),
    dict(
        title='Memory of the optimizer',
        about='Adam with beta2 = 0.99 instead of 0.999.',
        baseline='student-forgetful',
        rows=['student', 'student-forgetful', 'ktl-dikd',
              'ktl-dikd-forgetful']),
]
