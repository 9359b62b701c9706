# SF-TL54: the thermal student of KTL teaches MobileNetV2.
_base_ = './mcl-dikd_shufflenetv2_1xb64-60e_sftl54-256x256.py'

model = dict(
    student=dict(
        config='configs/thermal_face_2d_keypoint/topdown_heatmap/sftl54/'
        'td-hm_mobilenetv2_1xb64-60e_sftl54-thermal-256x256.py'))
