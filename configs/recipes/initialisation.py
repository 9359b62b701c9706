# Few labels: what unlabelled pairs are worth, and parameter transfer, where the
# student starts from the RGB teacher's weights.
_base_ = './_base_/synthetic_64x64.py'

title = 'Few labels, unlabelled pairs, and where to start'
tables = [
    dict(
        title='60 labels',
        about='The last row has all labels.',
        baseline='plain-60',
        rows=[
            'rgb', 'plain-60', 'init-60', 'ktl-60-5000', 'init-ktl',
            'plain-6000'
        ])
]
