# Learning with few labels: the trainings that recipes choose from. What no table
# shows is not trained. Every run is counted in iterations of 32 faces.
prepare = [
    'python tools/misc/make_synthetic_pairs.py data/synthetic_6000 --train 6000 '
    '--val 300 --test 300 --extra 0 --per-subject 1 --size 192 --seed 11',
    'python tools/misc/make_synthetic_pairs.py data/synthetic_test_1000 --train 1 '
    '--val 1 --test 1000 --extra 0 --per-subject 1 --size 192 --seed 29',
]
about = 'SYNTHETIC data: rendered pairs of RGB and thermal faces, one per person, ' \
    '64x64 input, batches of 32, tested on 1,000 thermal faces of other people. ' \
    'Networks are ResNet-18 of a quarter of the width (0.76 M parameters) unless ' \
    'stated otherwise. Unlabelled pairs are other people than the labelled ones.'
seeds = (0, 1, 2)
folder = 'synthetic_64x64'

# Names that begin with an underscore are the recipe's own.
_plain = 'configs/thermal_face_2d_keypoint/topdown_heatmap/synthetic/td-hm_'
_mlcm_kd = 'configs/thermal_face_2d_keypoint/mlcm_kd/synthetic/'
_thermal = f'{_plain}res18-w16_1xb32-1500i_synthetic-thermal-64x64.py'
_light = f'{_plain}res18-w8_1xb32-1500i_synthetic-thermal-64x64.py'
_dikd = f'{_mlcm_kd}ktl-dikd_res18-w16_1xb32-1500i_synthetic-64x64.py'
_unlabelled = f'{_mlcm_kd}ktl-unlabelled_res18-w16_1xb32-1500i_synthetic-64x64.py'
_mcl = f'{_mlcm_kd}mcl-unlabelled_res18-w8_1xb32-1500i_synthetic-64x64.py'

_labelled = 'train_dataloader.dataset.datasets.0.'
_bare = 'train_dataloader.dataset.datasets.1.'
# Decoded crops in shared memory; results do not depend on it.
_cache = {f'{_labelled}cache': '/dev/shm/mmpose_thermal_benchmark.lmdb'}
_caches = {**_cache, f'{_bare}cache': '/dev/shm/mmpose_thermal_benchmark.lmdb'}


def _labels(number):
    return {f'{_labelled}indices': number}


def _pairs(number):
    return {f'{_bare}indices': -number}


def _iterations(number):
    return {
        'train_cfg.max_iters': number,
        'train_cfg.val_interval': max(250, number // 6),
        'default_hooks.checkpoint.interval': max(250, number // 6),
        'param_scheduler.1.T_max': number,
        'param_scheduler.1.end': number,
    }


_loss = 'model.distill_losses.loss_'
_only = {'model.distill_losses._delete_': True}
_const = {'type': 'constant'}
_ld = {f'{_loss}ld.type': 'LogitDistillLoss', f'{_loss}ld.decay.type': 'constant'}
_di = {f'{_loss}dikd.type': 'DIKDLoss'}
_fd = {f'{_loss}fd.type': 'FeatureDistillLoss', f'{_loss}fd.loss_weight': 0.01}

runs = dict(
    rgb=dict(
        title='RGB teacher, tested on RGB',
        config=f'{_plain}res18-w16_1xb32-6000i_synthetic-rgb-64x64.py',
        options=_cache))
for _number in (60, 600, 6000):
    runs[f'plain-{_number}'] = dict(
        title=f'{_number:,} labels', config=_thermal,
        options={**_cache, **_labels(_number)})
