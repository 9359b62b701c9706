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
_thermal = f'{_plain}res18-w16_1xb32-2000i_synthetic-thermal-64x64.py'
_light = f'{_plain}res18-w8_1xb32-2000i_synthetic-thermal-64x64.py'
_dikd = f'{_mlcm_kd}ktl-dikd_res18-w16_1xb32-2000i_synthetic-64x64.py'
_unlabelled = f'{_mlcm_kd}ktl-unlabelled_res18-w16_1xb32-2000i_synthetic-64x64.py'
_mcl = f'{_mlcm_kd}mcl-unlabelled_res18-w8_1xb32-2000i_synthetic-64x64.py'

_labelled = 'train_dataloader.dataset.datasets.0.'
_bare = 'train_dataloader.dataset.datasets.1.'
# Decoded crops in shared memory; a training per core, which loads by itself.
_cache = {
    f'{_labelled}cache': '/dev/shm/mmpose_thermal_benchmark.lmdb',
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
}
_caches = {**_cache, f'{_bare}cache': '/dev/shm/mmpose_thermal_benchmark.lmdb'}

_unlabelled_pairs = {
    f'{_bare}cache': '/dev/shm/mmpose_thermal_benchmark.lmdb'
}


def _labels(number):
    return {**_cache, f'{_labelled}indices': number}


def _mixed(labels, unlabelled):
    return {
        **_labels(labels), **_unlabelled_pairs, f'{_bare}indices': -unlabelled
    }


def _iterations(number):
    interval = max(250, number // 8)
    return {
        'train_cfg.max_iters': number,
        'train_cfg.val_interval': interval,
        'default_hooks.checkpoint.interval': interval,
        'param_scheduler.1.T_max': number,
        'param_scheduler.1.end': number,
    }


_losses = 'model.distill_losses'
_none = {f'{_losses}._delete_': True}
_dikd_loss = {f'{_losses}.loss_dikd.type': 'DIKDLoss'}
_fi = {**_dikd_loss, f'{_losses}.loss_dikd.reverse_weight': 0}
_ri = {**_dikd_loss, f'{_losses}.loss_dikd.forward_weight': 0}
_fd = {
    f'{_losses}.loss_fd.type': 'FeatureDistillLoss',
    f'{_losses}.loss_fd.loss_weight': 0.01,
}
# Nothing else teaches the student's own output on unlabelled faces, so it does
# not decay.
_ld = {
    f'{_losses}.loss_ld.type': 'LogitDistillLoss',
    f'{_losses}.loss_ld.decay.type': 'constant',
}
_strategies = {
    'fd': ('FD', {**_none, **_fd}),
    'ld': ('LD', {**_none, **_ld}),
    'fi': ('FI', {**_none, **_fi}),
    'ri': ('RI', {**_none, **_ri}),
    'dikd': ('DIKD', {**_none, **_dikd_loss}),
    'dikd-ld': ('DIKD + LD', {**_none, **_dikd_loss, **_ld}),
}
_from_scratch = {'model.student.checkpoint': None}


def _one_in(number):
    return {'train_dataloader.sampler.source_ratio': [1, number - 1]}


runs = dict(
    rgb=dict(
        title='RGB teacher, tested on RGB',
        config=f'{_plain}res18-w16_1xb32-3000i_synthetic-rgb-64x64.py',
        options=_cache))
for _number in (60, 600, 6000):
    runs[f'plain-{_number}'] = dict(
        title=f'{_number:,} labels', config=_thermal,
        options=_labels(_number))
    runs[f'light-{_number}'] = dict(
        title=f'light network, {_number:,} labels', config=_light,
        options=_labels(_number))

# KTL, where the student starts from the teacher's weights
for _number in (60, 600, 6000):
    runs[f'start-{_number}'] = dict(
        title=f'{_number:,} labels, started from the RGB teacher', config=_dikd,
        teacher='rgb', options={**_labels(_number), **_none})
    runs[f'ktl-{_number}-0'] = dict(
        title=f'KTL, {_number:,} labelled pairs', config=_dikd, teacher='rgb',
        options={**_labels(_number), **_strategies['dikd-ld'][1]})
for _number in (60, 600):
    for _bare_number in (1000, 5000):
        runs[f'ktl-{_number}-{_bare_number}'] = dict(
            title=f'KTL, {_number:,} labelled pairs, {_bare_number:,} unlabelled',
            config=_unlabelled, teacher='rgb',
            options=_mixed(_number, _bare_number))
for _key in ('fd', 'ld', 'fi', 'ri', 'dikd'):
    _title, _options = _strategies[_key]
    runs[f'few-{_key}'] = dict(
        title=f'KTL, {_title}', config=_unlabelled, teacher='rgb',
        options={**_mixed(60, 5000), **_options})
    runs[f'all-{_key}'] = dict(
        title=f'KTL, {_title}', config=_dikd, teacher='rgb',
        options={**_labels(6000), **_options})
runs['few-1-in-2'] = dict(
    title='KTL, DIKD + LD, every second face labelled', config=_unlabelled,
    teacher='rgb', options={**_mixed(60, 5000), **_one_in(2)})
runs['few-scratch'] = dict(
    title='KTL, 60 labelled pairs, 5,000 unlabelled, not started from the teacher',
    config=_unlabelled, teacher='rgb',
    options={**_mixed(60, 5000), **_from_scratch})
runs['simkd'] = dict(
    title='KTL, FD under the teacher\'s head, frozen (SimKD)',
    config=_unlabelled, teacher='rgb',
    options={
        **_mixed(60, 5000), **_none, **_fd, f'{_losses}.loss_fd.loss_weight': 1,
        f'{_losses}.loss_fd.decay.type': 'constant',
        'optim_wrapper.paramwise_cfg.custom_keys.head.lr_mult': 0,
    })

# What DIKD's outputs are compared with matters for labelled faces: an unlabelled
# one always has the teacher's output for its target.
_teacher = {f'{_losses}.loss_dikd.reverse_target': 'teacher'}
for _key, _title, _options in (
    ('reverse-teacher', 'RI compared with the teacher\'s output', _teacher),
    ('both-teacher', 'FI and RI compared with the teacher\'s output', {
        **_teacher, f'{_losses}.loss_dikd.forward_target': 'teacher'
    })):
    runs[f'inject-{_key}'] = dict(
        title=f'KTL, DIKD, {_title}', config=_dikd, teacher='rgb',
        options={**_labels(6000), **_options})

# Where to inject, and how
for _key, _title, _options in (
    ('layer2', 'DIKD injected behind layer2', {
        **_dikd_loss, **{
            f'{_losses}.loss_dikd.layers.{network}': 'backbone.layer2'
            for network in ('teacher', 'student')
        }
    }),
    ('statistics', 'DIKD, statistics aligned', {
        **_dikd_loss,
        f'{_losses}.loss_dikd.connector.type': 'StatisticsConnector'
    }),
    ('partial', 'DIKD, partial RI',
     {**_dikd_loss, f'{_losses}.loss_dikd.partial': True}),
    ('warm-up', 'DIKD, RI after a warm-up', {
        **_fi, f'{_losses}.loss_ri.type': 'DIKDLoss',
        f'{_losses}.loss_ri.forward_weight': 0,
        f'{_losses}.loss_ri.decay.type': 'linear',
        f'{_losses}.loss_ri.decay.warm_up': 0.3
    })):
    runs[f'inject-{_key}'] = dict(
        title=f'KTL, {_title}', config=_unlabelled, teacher='rgb',
        options={**_mixed(60, 5000), **_none, **_options})

# MCL: the thermal student of KTL teaches a light network
_mcl_dikd = {**_dikd_loss, f'{_losses}.loss_dikd.reverse_weight': 0.1}
for _key, _title, _options in (
    ('60-5000', 'DIKD + LD', {}), ('ld', 'LD', {**_none, **_ld}),
    ('dikd', 'DIKD', {**_none, **_mcl_dikd})):
    runs[f'mcl-{_key}'] = dict(
        title=f'light, MCL, {_title}, 60 labels, 5,000 unlabelled faces',
        config=_mcl, teacher='ktl-60-5000',
        options={**_mixed(60, 5000), **_options})
runs['mcl-few-pairs'] = dict(
    title='light, MCL, 5,000 unlabelled thermal faces, its teacher by KTL on '
    '1,000 unlabelled pairs',
    config=_mcl, teacher='ktl-60-1000', options=_mixed(60, 5000))
for _number in (1000, 5000):
    runs[f'direct-{_number}'] = dict(
        title=f'light, taught by the RGB teacher on {_number:,} unlabelled pairs',
        config=_unlabelled, teacher='rgb',
        options={
            **_mixed(60, _number), **_from_scratch,
            'model.student.config.backbone.stem_channels': 8,
            'model.student.config.backbone.base_channels': 8,
            'model.student.config.head.in_channels': 112,
        })

# The length of the training
for _key in ('plain-60', 'ktl-60-5000', 'light-60', 'mcl-60-5000'):
    for _number in (500, 8000):
        runs[f'{_key}-{_number}i'] = dict(
            runs[_key], title=f'{runs[_key]["title"]}, {_number:,} iterations',
            options={**runs[_key]['options'], **_iterations(_number)})
