# The second level: the thermal student of KTL teaches a light network, without
# RGB images and almost without labels.
_base_ = './_base_/synthetic_64x64.py'

title = 'MCL: strategies of distillation'
tables = [
    dict(
        title='60 labels, 5,000 unlabelled thermal faces',
        about='The teacher learned from 60 labelled pairs and 5,000 unlabelled.',
        baseline='light-60',
        rows=[
            'ktl-60-5000', 'light-60', 'mcl-ld', 'mcl-dikd', 'mcl-60-5000',
            'light-6000'
        ])
]
