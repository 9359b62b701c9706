# RGB -> thermal -> light against RGB -> light, with as many pairs, and with
# fewer pairs than thermal images.
_base_ = './_base_/synthetic_64x64.py'

title = 'Two levels against one'
tables = [
    dict(
        title='5,000 unlabelled pairs',
        baseline='direct-5000',
        rows=[
            'light-60', 'direct-5000', 'mcl-60-5000', 'light-6000',
            'ktl-60-5000'
        ]),
    dict(
        title='1,000 unlabelled pairs, 5,000 unlabelled thermal faces',
        baseline='direct-1000',
        rows=['light-60', 'direct-1000', 'mcl-few-pairs', 'ktl-60-1000'])
]
