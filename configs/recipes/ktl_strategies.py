# The first level: which knowledge of the RGB teacher helps the thermal
# student?
_base_ = './_base_/synthetic_96x96.py'

title = 'KTL: strategies of distillation'
tables = [
    dict(
        title='KTL: strategies of distillation',
        about='The RGB teacher learned from 2,000 RGB faces, the students '
        'from 600 pairs.',
        baseline='student',
        rows=[
            'rgb', 'student', 'ktl-fd', 'ktl-ld', 'ktl-fd-ld', 'ktl-fi',
            'ktl-ri', 'ktl-dikd', 'ktl-dikd-nodecay'
        ])
]
