# What `bash tools/quickstart.sh` trains: both levels of MLCM-KD and, for
# comparison, the same students without distillation.
title = 'MLCM-KD on the embedded data'
about = 'SYNTHETIC data: rendered pairs of RGB and thermal faces, 96x96 input.'
data_root = 'data/synthetic'
prepare = ['python tools/misc/make_synthetic_pairs.py {data_root}']
seeds = (0, )

# Names that begin with an underscore are the recipe's own.
_plain = 'configs/thermal_face_2d_keypoint/topdown_heatmap/synthetic/td-hm_'
_mlcm_kd = 'configs/thermal_face_2d_keypoint/mlcm_kd/synthetic/'
runs = dict(
    teacher=dict(
        title='RGB teacher (tested on RGB)',
        config=f'{_plain}res18-w32_1xb32-10e_synthetic-rgb-96x96.py'),
    ktl=dict(
        title='thermal student, KTL with DIKD',
        config=f'{_mlcm_kd}ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py',
        teacher='teacher'),
    mcl=dict(
        title='light thermal student, MCL with DIKD',
        config=f'{_mlcm_kd}mcl-dikd_shufflenetv2-w0.5_1xb32-20e_'
        'synthetic-96x96.py',
        teacher='ktl'),
    plain=dict(
        title='thermal student, no distillation',
        config=f'{_plain}res18-w32_1xb32-20e_synthetic-thermal-96x96.py'),
    plain_light=dict(
        title='light thermal student, no distillation',
        config=f'{_plain}shufflenetv2-w0.5_1xb32-20e_'
        'synthetic-thermal-96x96.py'))
tables = [
    dict(
        title='First level (KTL): the RGB teacher teaches a thermal student',
        baseline='plain',
        rows=['teacher', 'plain', 'ktl']),
    dict(
        title='Second level (MCL): that student teaches a light one',
        baseline='plain_light',
        rows=['plain_light', 'mcl'])
]
