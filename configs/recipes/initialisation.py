# Parameter transfer: the student starts from the RGB teacher's weights.
_base_ = './_base_/synthetic_64x64.py'

title = 'Started from the RGB teacher'
tables = [
    dict(
        title='60 labels',
        baseline='plain-60',
        rows=['plain-60', 'init-60', 'ktl-60-5000', 'init-ktl', 'simkd']),
    dict(
        title='6,000 labels',
        baseline='plain-6000',
        rows=['plain-6000', 'init-6000'])
]
