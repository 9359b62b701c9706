# The second level: which knowledge of the thermal student helps the light one?
_base_ = './_base_/synthetic_96x96.py'

title = 'MCL: strategies of distillation'
tables = [
    dict(
        title='MCL: strategies of distillation',
        about='The teacher is the thermal student of KTL with DIKD.',
        baseline='light',
        rows=[
            'ktl-dikd', 'light', 'mcl-fd', 'mcl-ld', 'mcl-fd-ld', 'mcl-fi',
            'mcl-ri', 'mcl-dikd', 'mcl-dikd-nodecay'
        ])
]
