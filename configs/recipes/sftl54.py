# The paper's tables on SF-TL54 at full size; needs a GPU.
_base_ = './_base_/sftl54_256x256.py'

title = 'MLCM-KD on SF-TL54'
tables = [
    dict(
        title='KTL: strategies of distillation',
        baseline='student',
        rows=[
            'rgb', 'student', 'ktl-fd', 'ktl-ld', 'ktl-fd-ld', 'ktl-fi',
            'ktl-ri', 'ktl-dikd', 'ktl-dikd-nodecay'
        ]),
    dict(
        title='MCL: strategies of distillation',
        about='The teacher is the thermal student of KTL with DIKD.',
        baseline='light-shufflenetv2',
        rows=['ktl-dikd', 'light-shufflenetv2'] + [
            f'mcl-shufflenetv2-{_key}'
            for _key in ('fd', 'ld', 'fd-ld', 'fi', 'ri', 'dikd-nodecay')
        ] + ['mcl-shufflenetv2']),
] + [
    dict(
        title=f'MCL: {_key}',
        baseline=f'light-{_key}',
        rows=[f'light-{_key}', f'mcl-{_key}'])
    for _key in ('mobilenetv2', 'litehrnet-18', 'shufflenetv2-w0.5')
]
