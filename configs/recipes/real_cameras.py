# The models that ship with the package: an RGB teacher, KTL to a thermal
# network of the same size, MCL to the light one (landmarks_s4), and from both,
# with heatmaps of stride 8, to the fast one (landmarks); and, for comparison,
# the light one without a teacher. From rendered faces only. The second command
# needs a checkout of github.com/ICT-VGL/ICT-FaceKit.
title = 'Models for real cameras'
about = 'SYNTHETIC data: rendered pairs of RGB and thermal faces, 128x128 ' \
    'input, tested on 300 faces of other people. docs/benchmark/real_faces.md ' \
    'has the errors on real faces.'
_render = 'python tools/misc/make_synthetic_pairs.py data/synthetic_'
_people = ' --extra 0 --per-subject 1 --size 192 '
prepare = [
    f'{_render}6000 --train 6000 --val 300 --test 300 {_people} --seed 11',
    f'{_render}ict_3000 --train 3000 --val 1 --test 1 {_people} --seed 23 '
    '--head ict --ict-dir ICT-FaceKit'
]
seeds = (0, )

# Names that begin with an underscore are the recipe's own.
_plain = 'configs/thermal_face_2d_keypoint/topdown_heatmap/synthetic/td-hm_'
_mlcm_kd = 'configs/thermal_face_2d_keypoint/mlcm_kd/synthetic/'
runs = dict(
    rgb=dict(
        title='RGB teacher (tested on RGB)',
        config=f'{_plain}res18-w32_1xb64-15e_synthetic-rgb-128x128.py'),
    large=dict(
        title='large thermal network, KTL with DIKD',
        config=f'{_mlcm_kd}ktl-dikd_res18-w32_1xb64-16e_synthetic-128x128.py',
        teacher='rgb'),
    light=dict(
        title='light thermal network, MCL with DIKD',
        config=f'{_mlcm_kd}mcl-dikd_res18-w16_1xb64-16e_synthetic-128x128.py',
        teacher='large'),
    large_s8=dict(
        title='large thermal network, fine-tuned to stride 8',
        config=f'{_plain}res18-w32-s8_1xb64-6e_synthetic-thermal-128x128.py',
        checkpoints=dict(load_from='large')),
    fast=dict(
        title='fast thermal network of stride 8, MCL with DIKD',
        config=f'{_mlcm_kd}mcl-dikd_res18-w16-s8_1xb64-36e_synthetic-128x128.py',
        teacher='large_s8',
        checkpoints={
            'model.student.config.backbone.init_cfg.checkpoint': 'light'
        }),
    plain_light=dict(
        title='light thermal network, no distillation',
        config=f'{_plain}res18-w16_1xb64-16e_synthetic-thermal-128x128.py'))
tables = [
    dict(
        title='Two levels, from RGB to the light network',
        baseline='plain_light',
        rows=['rgb', 'large', 'plain_light', 'light']),
    dict(
        title='Heatmaps of stride 8',
        baseline='light',
        rows=['large_s8', 'light', 'fast'])
]
