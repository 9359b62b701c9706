# The embedded data at 96x96 with a larger test split, and the runs that its
# recipes choose from. Runs that appear in no table are not trained.
prepare = [
    'python tools/misc/make_synthetic_pairs.py data/benchmark '
    '--train 600 --val 300 --test 1000 --extra 1400'
]
about = 'SYNTHETIC data: rendered pairs of RGB and thermal faces, 96x96 input, ' \
    'tested on 1,000 thermal faces of 250 people. No figure of the paper is ' \
    'comparable.'
seeds = (0, 1, 2)

# Trainings run in parallel with one thread each, so loaders need no workers.
options = {
    f'{_loader}_dataloader.{_key}': _value
    for _loader in ('train', 'val', 'test')
    for _key, _value in (('dataset.data_root', 'data/benchmark/'),
                       ('num_workers', 0), ('persistent_workers', False))
}

# Names with a leading underscore are private to the recipe.
_plain = 'configs/thermal_face_2d_keypoint/topdown_heatmap/synthetic/td-hm_'
_mlcm_kd = 'configs/thermal_face_2d_keypoint/mlcm_kd/synthetic/'
_strategies = {
    'fd': 'FD',
    'ld': 'LD',
    'fd-ld': 'FD + LD',
    'fi': 'FI',
    'ri': 'RI',
    'dikd': 'DIKD',
    'dikd-nodecay': 'DIKD without decay',
}
runs = dict(
    rgb=dict(
        title='RGB teacher, tested on RGB',
        config=f'{_plain}res18-w32_1xb32-10e_synthetic-rgb-96x96.py'),
    student=dict(
        title='thermal student, no distillation',
        config=f'{_plain}res18-w32_1xb32-20e_synthetic-thermal-96x96.py'),
    light=dict(
        title='light thermal student, no distillation',
        config=f'{_plain}shufflenetv2-w0.5_1xb32-20e_'
        'synthetic-thermal-96x96.py'))
for _key, _title in _strategies.items():
    runs[f'ktl-{_key}'] = dict(
        title=f'KTL, {_title}',
        config=f'{_mlcm_kd}ktl-{_key}_res18-w32_1xb32-20e_synthetic-96x96.py',
        teacher='rgb')
    runs[f'mcl-{_key}'] = dict(
        title=f'MCL, {_title}',
        config=f'{_mlcm_kd}mcl-{_key}_shufflenetv2-w0.5_1xb32-20e_'
        'synthetic-96x96.py',
        teacher='ktl-dikd')
