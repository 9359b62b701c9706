# SF-TL54 at real size, for a GPU. Convert the data set first
# (docs/dataset_zoo/sftl54.md), or render a stand-in:
#   python tools/misc/make_synthetic_pairs.py data/sftl54 --style sftl54
seeds = (0, 1, 2)
folder = 'sftl54'

# Names with a leading underscore are private to the recipe.
_plain = 'configs/thermal_face_2d_keypoint/topdown_heatmap/sftl54/td-hm_'
_mlcm_kd = 'configs/thermal_face_2d_keypoint/mlcm_kd/sftl54/'
_end = '_1xb64-60e_sftl54-'
# Without `_delete_`, the loss would be added to DIKD.
_instead = {'model.distill_losses._delete_': True}
_fd = {
    'model.distill_losses.loss_fd.type': 'FeatureDistillLoss',
    'model.distill_losses.loss_fd.loss_weight': 0.01,
}
_ld = {'model.distill_losses.loss_ld.type': 'LogitDistillLoss'}
_strategies = {
    'fd': ('FD', {**_instead, **_fd}),
    'ld': ('LD', {**_instead, **_ld}),
    'fd-ld': ('FD + LD', {**_instead, **_fd, **_ld}),
    'fi': ('FI', {'model.distill_losses.loss_dikd.reverse_weight': 0}),
    'ri': ('RI', {'model.distill_losses.loss_dikd.forward_weight': 0}),
    'dikd': ('DIKD', {}),
    'dikd-nodecay': ('DIKD without decay', {
        'model.decay.type': 'constant'
    }),
}
runs = dict(
    rgb=dict(
        title='RGB teacher HRNetV2-w18, tested on RGB',
        config=f'{_plain}hrnetv2-w18{_end}rgb-256x256.py'),
    student=dict(
        title='HRNetV2-w18, no distillation',
        config=f'{_plain}hrnetv2-w18{_end}thermal-256x256.py'))
for _key, (_title, _options) in _strategies.items():
    runs[f'ktl-{_key}'] = dict(
        title=f'KTL, {_title}',
        config=f'{_mlcm_kd}ktl-dikd_hrnetv2-w18{_end}256x256.py',
        teacher='rgb',
        options=_options)
_light = {
    'shufflenetv2-w0.5': 'ShuffleNetV2 of half width',
    'shufflenetv2': 'ShuffleNetV2',
    'mobilenetv2': 'MobileNetV2',
    'litehrnet-18': 'LiteHRNet-18',
}
for _key, _title in _light.items():
    runs[f'light-{_key}'] = dict(
        title=f'{_title}, no distillation',
        config=f'{_plain}{_key}{_end}thermal-256x256.py')
    runs[f'mcl-{_key}'] = dict(
        title=f'{_title}, MCL, DIKD',
        config=f'{_mlcm_kd}mcl-dikd_{_key}{_end}256x256.py',
        teacher='ktl-dikd')
for _key, (_title, _options) in _strategies.items():
    if _key != 'dikd':
        runs[f'mcl-shufflenetv2-{_key}'] = dict(
            title=f'ShuffleNetV2, MCL, {_title}',
            config=f'{_mlcm_kd}mcl-dikd_shufflenetv2{_end}256x256.py',
            teacher='ktl-dikd',
            options=_options)
