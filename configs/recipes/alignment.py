# Poorly registered pairs: the RGB images are shifted, and the annotations do
# not say so. Shifts are in pixels of the 256x256 images, whose faces are about
# 115 px wide.
_base_ = './_base_/synthetic_96x96.py'

title = 'Alignment error of the pairs'
_shifts = (2, 4, 8)
_make = 'python tools/misc/make_synthetic_pairs.py'
prepare = [
    f'{_make} {{data_root}} --train 600 --val 300 --test 1000 --extra 1400'
] + [
    f'{_make} data/benchmark_shift{_px} --train 600 --val 4 --test 4 --extra 0 '
    f'--misaligned-px {_px}' for _px in _shifts
]
runs = {
    f'ktl-dikd-shift{_px}': dict(
        title=f'KTL, DIKD, RGB shifted by {_px} px',
        config='configs/thermal_face_2d_keypoint/mlcm_kd/synthetic/'
        'ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py',
        teacher='rgb',
        options={
            'train_dataloader.dataset.data_root':
            f'data/benchmark_shift{_px}/'
        })
    for _px in _shifts
}
tables = [
    dict(
        title='Alignment error of the pairs',
        about='The thermal images are the same; only the RGB partners that '
        'the student trains on are shifted.',
        baseline='student',
        rows=['student', 'ktl-dikd'] +
        [f'ktl-dikd-shift{_px}' for _px in _shifts])
]
