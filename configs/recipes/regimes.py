# Does it matter whether the teacher saw as many faces as the student, or more?
_base_ = './_base_/synthetic_96x96.py'

title = 'Regimes: how much the teacher knows'
runs = {
    'rgb-equal':
    dict(
        title='RGB teacher of 600 faces, tested on RGB',
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/synthetic/'
        'td-hm_res18-w32_1xb32-10e_synthetic-rgb-96x96.py',
        options={
            'train_dataloader.dataset.indices': 600,
            'train_cfg.max_epochs': 20,
            'param_scheduler.1.T_max': 20,
            'param_scheduler.1.end': 20,
        }),
    **{
        f'ktl-{_key}-equal': dict(
            title=f'KTL, {_title}, teacher of 600 faces',
            config='configs/thermal_face_2d_keypoint/mlcm_kd/synthetic/'
            f'ktl-{_key}_res18-w32_1xb32-20e_synthetic-96x96.py',
            teacher='rgb-equal')
        for _key, _title in (('fd-ld', 'FD + LD'), ('dikd', 'DIKD'))
    }
}
tables = [
    dict(
        title='Equal data',
        about='The teacher learned from the RGB images of the 600 pairs that '
        'the student learns from, by the same schedule.',
        baseline='student',
        rows=['rgb-equal', 'student', 'ktl-fd-ld-equal', 'ktl-dikd-equal']),
    dict(
        title='Many RGB faces, few pairs',
        about='The teacher learned from 2,000 RGB faces, the student from 600 '
        'pairs.',
        baseline='student',
        rows=['rgb', 'student', 'ktl-fd-ld', 'ktl-dikd'])
]
