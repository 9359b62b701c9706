# Does distillation only speed up the training?
_base_ = './_base_/synthetic_64x64.py'

title = 'The length of the training'
_pairs = (
    ('60 labels, KTL with 5,000 unlabelled pairs', 'plain-60', 'ktl-60-5000'),
    ('60 labels, MCL with 5,000 unlabelled faces', 'light-60', 'mcl-60-5000'),
)
tables = [
    dict(
        title=f'{_title}, {_length} iterations',
        baseline=f'{_plain_run}{_end}',
        rows=[f'{_plain_run}{_end}', f'{_run}{_end}'])
    for _title, _plain_run, _run in _pairs
    for _length, _end in (('500', '-500i'), ('2,000', ''), ('8,000', '-8000i'))
]
