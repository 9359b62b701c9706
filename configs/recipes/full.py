# Everything that the reports of docs/benchmark on learning with few labels show.
title = 'Learning with few labels'
about = 'SYNTHETIC data: rendered pairs of RGB and thermal faces, 64x64 input, ' \
    'tested on 1,000 thermal faces of other people. The numbers cannot be ' \
    'compared with those of the paper.'
seeds = (0, 1, 2)
include = [
    'unlabelled.py', 'ktl_strategies.py', 'initialisation.py', 'injection.py',
    'schedule_length.py', 'mcl_strategies.py', 'two_levels.py'
]
