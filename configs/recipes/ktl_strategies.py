# The first level: which knowledge of the RGB teacher helps the thermal
# student?
_base_ = './_base_/synthetic_64x64.py'

title = 'KTL: strategies of distillation'
_about = 'All students but the first start from the RGB teacher; the row named after ' \
    'its pairs has DIKD + LD.'
tables = [
    dict(
        title='60 labelled pairs, 5,000 unlabelled',
        about=_about,
        baseline='start-60',
        rows=[
            'plain-60', 'start-60', 'few-fd', 'few-ld', 'few-fi', 'few-ri',
            'few-dikd', 'ktl-60-5000', 'few-1-in-2', 'simkd'
        ]),
    dict(
        title='6,000 labelled pairs',
        about=_about,
        baseline='start-6000',
        rows=[
            'plain-6000', 'start-6000', 'all-fd', 'all-ld', 'all-fi', 'all-ri',
            'all-dikd', 'ktl-6000-0'
        ])
]
