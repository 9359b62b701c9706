# What are unlabelled pairs worth, and how many labels do they replace?
_base_ = './_base_/synthetic_64x64.py'

title = 'Labels and unlabelled pairs'
tables = [
    dict(
        title='Labels alone',
        rows=['rgb', 'plain-60', 'plain-600', 'plain-6000'])
]
