# Does distillation only speed up the training?
_base_ = './_base_/synthetic_64x64.py'

title = 'The length of the training'
tables = [
    dict(
        title=f'6,000 labels, {_length} iterations',
        baseline=f'plain-6000{_end}',
        rows=[f'plain-6000{_end}', f'all-dikd-ld{_end}'])
    for _length, _end in (('500', '-500i'), ('2,000', ''), ('8,000', '-8000i'))
] + [
    dict(
        title=f'60 labels, {_length} iterations',
        baseline=f'plain-60{_end}',
        rows=[f'plain-60{_end}', f'ktl-60-5000{_end}'])
    for _length, _end in (('2,000', ''), ('8,000', '-8000i'))
]
