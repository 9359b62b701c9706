# Few labels: what unlabelled pairs are worth, and parameter transfer, where the
# student starts from the RGB teacher's weights.
_base_ = './_base_/synthetic_64x64.py'

title = 'Few labels, unlabelled pairs, and where to start'
tables = [
    dict(
        title='60 labels',
        about='The last two rows have all labels.',
        baseline='plain-60',
        rows=[
            'rgb', 'plain-60', 'start-60', 'few-scratch', 'ktl-60-5000',
            'plain-6000', 'start-6000'
        ])
]
