# MMPose's landmark models on the same thermal images; needs a GPU.
_base_ = './_base_/sftl54_256x256.py'

title = 'MMPose landmark models on thermal images, SF-TL54'
_folder = 'configs/thermal_face_2d_keypoint/'
_end = '_1xb64-60e_sftl54-thermal-256x256.py'
_models = {
    'hrnetv2-w18-awing': ('topdown_heatmap', 'td-hm', 'HRNetV2-w18, AWing'),
    'hrnetv2-w18-dark': ('topdown_heatmap', 'td-hm', 'HRNetV2-w18, DARK'),
    'res50': ('topdown_heatmap', 'td-hm', 'ResNet-50, heatmaps'),
    'res50-wing': ('topdown_regression', 'td-reg', 'ResNet-50, Wing'),
    'mobilenetv2-deconv3': ('topdown_heatmap', 'td-hm', 'MobileNetV2'),
    'shufflenetv2-deconv3': ('topdown_heatmap', 'td-hm', 'ShuffleNetV2'),
    'litehrnet-18': ('topdown_heatmap', 'td-hm', 'LiteHRNet-18'),
    'hourglass52': ('topdown_heatmap', 'td-hm', 'HourGlass-52'),
    'scnet50': ('topdown_heatmap', 'td-hm', 'SCNet-50'),
    't': ('rtmpose', 'rtmpose', 'RTMPose-t'),
    's': ('rtmpose', 'rtmpose', 'RTMPose-s'),
    'm': ('rtmpose', 'rtmpose', 'RTMPose-m'),
}
runs = {
    f'baseline-{_key}': dict(
        title=_title,
        config=f'{_folder}{_kind}/sftl54/{_algorithm}' +
        ('-' if _kind == 'rtmpose' else '_') + f'{_key}{_end}')
    for _key, (_kind, _algorithm, _title) in _models.items()
}
tables = [
    dict(
        title='MMPose landmark models, and MLCM-KD',
        baseline='student',
        rows=['student'] + [f'baseline-{_key}' for _key in _models] +
        ['ktl-dikd', 'mcl-shufflenetv2-w0.5'])
]
