# SF-TL54: KTL with HRNetV2-w32 as teacher and student.
_base_ = './ktl-dikd_hrnetv2-w18_1xb64-60e_sftl54-256x256.py'

model = dict(
    teacher=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/sftl54/'
        'td-hm_hrnetv2-w32_1xb64-60e_sftl54-rgb-256x256.py',
        checkpoint='work_dirs/td-hm_hrnetv2-w32_1xb64-60e_sftl54-rgb-256x256/'
        'best_NME_*.pth'),
    student=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/sftl54/'
        'td-hm_hrnetv2-w32_1xb64-60e_sftl54-thermal-256x256.py'))
