# What are unlabelled pairs worth, and how many labels do they replace?
_base_ = './_base_/synthetic_64x64.py'

title = 'Labels and unlabelled pairs'
tables = [
    dict(
        title='Labels and unlabelled pairs',
        about='KTL is DIKD + LD of a student that starts from the RGB teacher.',
        baseline='plain-60',
        rows=[
            'rgb', 'plain-60', 'ktl-60-0', 'ktl-60-1000', 'ktl-60-5000',
            'plain-600', 'ktl-600-0', 'ktl-600-1000', 'ktl-600-5000',
            'plain-6000', 'ktl-6000-0'
        ])
]
