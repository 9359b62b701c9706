# The time-adaptive decay r(t) of DIKD, from 1 to 0 over the training.
_base_ = './_base_/synthetic_96x96.py'

title = 'Forms of the decay'
_ktl = 'configs/thermal_face_2d_keypoint/mlcm_kd/synthetic/' \
    'ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py'
runs = {
    'ktl-dikd-cosine':
    dict(
        title='KTL, DIKD, cosine',
        config=_ktl,
        teacher='rgb',
        options={'model.decay.type': 'cosine'}),
    'ktl-dikd-exponential':
    dict(
        title='KTL, DIKD, exponential (to 0.01)',
        config=_ktl,
        teacher='rgb',
        options={
            'model.decay.type': 'exponential',
            'model.decay.end': 0.01,
        }),
    'ktl-dikd-step':
    dict(
        title='KTL, DIKD, steps at 1/2 and 3/4',
        config=_ktl,
        teacher='rgb',
        options={'model.decay.type': 'step'}),
}
tables = [
    dict(
        title='Forms of the decay',
        about='"DIKD" alone is linear, as in the configs.',
        baseline='ktl-dikd-nodecay',
        rows=[
            'student', 'ktl-dikd-nodecay', 'ktl-dikd', 'ktl-dikd-cosine',
            'ktl-dikd-exponential', 'ktl-dikd-step'
        ])
]
