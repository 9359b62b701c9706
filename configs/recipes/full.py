# Everything that the report in docs/benchmark shows.
title = 'MLCM-KD on the synthetic benchmark'
include = [
    'ktl_strategies.py', 'mcl_strategies.py', 'two_levels.py', 'regimes.py',
    'decay.py', 'paired_data.py', 'alignment.py'
]
