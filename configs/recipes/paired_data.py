# How many labelled pairs do the students need? The teacher keeps 2,000 RGB
# faces.
_base_ = './_base_/synthetic_96x96.py'

title = 'Amount of paired data'
_plain = 'configs/thermal_face_2d_keypoint/topdown_heatmap/synthetic/' \
    'td-hm_res18-w32_1xb32-20e_synthetic-thermal-96x96.py'
_ktl = 'configs/thermal_face_2d_keypoint/mlcm_kd/synthetic/' \
    'ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py'
runs = dict()
for _pairs in (60, 150, 300):
    # As many iterations as with all 600 pairs: fewer faces, seen more often.
    _times = 600 // _pairs
    _options = {
        'train_dataloader.dataset.indices': _pairs,
        'train_cfg.max_epochs': 20 * _times,
        'train_cfg.val_interval': 5 * _times,
        'default_hooks.checkpoint.interval': _times,
        'param_scheduler.1.T_max': 20 * _times,
        'param_scheduler.1.end': 20 * _times,
    }
    runs[f'student-{_pairs}'] = dict(
        title=f'thermal student, no distillation, {_pairs} pairs',
        config=_plain,
        options=_options)
    runs[f'ktl-dikd-{_pairs}'] = dict(
        title=f'KTL, DIKD, {_pairs} pairs',
        config=_ktl,
        teacher='rgb',
        options=_options)
tables = [
    dict(
        title=f'Amount of paired data: {_pairs} pairs ({_pairs // 6} %)',
        baseline=f'student{_suffix}',
        rows=[f'student{_suffix}', f'ktl-dikd{_suffix}'])
    for _pairs, _suffix in ((60, '-60'), (150, '-150'), (300, '-300'),
                            (600, ''))
]
