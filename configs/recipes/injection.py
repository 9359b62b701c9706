# Where to inject features, and what to compare the result with.
_base_ = './_base_/synthetic_64x64.py'

title = 'DIKD: points and targets of injection'
tables = [
    dict(
        title='60 labelled pairs, 5,000 unlabelled: point and way of injection',
        baseline='few-dikd',
        rows=[
            'few-dikd', 'inject-layer2', 'inject-statistics', 'inject-partial',
            'inject-warm-up'
        ]),
    dict(
        title='6,000 labelled pairs: targets',
        baseline='all-dikd',
        rows=['all-dikd', 'inject-reverse-teacher', 'inject-both-teacher']),
]
