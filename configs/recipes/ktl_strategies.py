# The first level: which knowledge of the RGB teacher helps the thermal
# student?
_base_ = './_base_/synthetic_64x64.py'

title = 'KTL: strategies of distillation'
tables = [
    dict(
        title='60 labelled pairs, 5,000 unlabelled',
        baseline='plain-60',
        rows=[
            'plain-60', 'few-fd', 'few-ld', 'few-fi', 'few-ri', 'few-dikd',
            'ktl-60-5000', 'few-1-in-8', 'few-1-in-32', 'simkd'
        ]),
    dict(
        title='6,000 labelled pairs',
        baseline='plain-6000',
        rows=[
            'plain-6000', 'init-6000', 'all-fd', 'all-ld', 'all-fi', 'all-ri',
            'all-dikd', 'all-dikd-ld'
        ])
]
