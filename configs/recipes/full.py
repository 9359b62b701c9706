# Everything that the report in docs/benchmark shows.
title = 'MLCM-KD on the synthetic benchmark'
about = 'SYNTHETIC data: rendered pairs of RGB and thermal faces, 96x96 input, ' \
    'tested on 1,000 thermal faces of 250 people. The numbers cannot be compared ' \
    'with those of the paper.'
seeds = (0, 1, 2)
include = [
    'ktl_strategies.py', 'reverse_injection.py', 'regimes.py',
    'two_levels.py', 'mcl_strategies.py',
    'decay.py', 'paired_data.py', 'alignment.py', 'teacher_size.py'
]
