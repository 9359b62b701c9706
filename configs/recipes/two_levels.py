# Do two levels pay off? RGB -> thermal -> light against RGB -> light.
_base_ = './_base_/synthetic_96x96.py'

title = 'Two levels against direct distillation'
runs = dict(
    direct=dict(
        title='direct, DIKD (RGB teacher -> light student)',
        config='configs/thermal_face_2d_keypoint/mlcm_kd/synthetic/'
        'direct-dikd_shufflenetv2-w0.5_1xb32-20e_synthetic-96x96.py',
        teacher='rgb'))
tables = [
    dict(
        title='Two levels against direct distillation',
        about='Both light students were trained on the same pairs by the same '
        'schedule; the two-level one had the KTL student as its teacher.',
        baseline='light',
        rows=['light', 'direct', 'mcl-dikd'])
]
