# Both levels in little, as a check of the machinery: half the schedule, two
# seeds, the quickstart's data. 18 minutes on 2 cores (2026-11-21, beside light work).
_base_ = './_base_/synthetic_96x96.py'

title = 'MLCM-KD in little'
about = 'SYNTHETIC data. Too short a schedule, too few seeds and faces to ' \
    'tell methods apart: see the full benchmark for that.'
folder = 'quick'
prepare = ['python tools/misc/make_synthetic_pairs.py data/synthetic']
seeds = (0, 1)
options = {
    'train_cfg.max_epochs': 10,
    'param_scheduler.1.T_max': 10,
    'param_scheduler.1.end': 10,
    **{
        f'{_loader}_dataloader.dataset.data_root': 'data/synthetic/'
        for _loader in ('train', 'val', 'test')
    }
}
runs = dict(
    rgb=dict(
        options={
            'train_cfg.max_epochs': 5,
            'param_scheduler.1.T_max': 5,
            'param_scheduler.1.end': 5,
        }))
tables = [
    dict(
        title='KTL',
        baseline='student',
        rows=['rgb', 'student', 'ktl-fd-ld', 'ktl-dikd']),
    dict(title='MCL', baseline='light', rows=['light', 'mcl-dikd'])
]
