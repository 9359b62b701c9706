# Does a larger teacher teach better?
_base_ = './_base_/synthetic_96x96.py'

title = 'Size of the RGB teacher'
_rgb = 'configs/thermal_face_2d_keypoint/topdown_heatmap/synthetic/' \
    'td-hm_res18-w32_1xb32-10e_synthetic-rgb-96x96.py'
_ktl = 'configs/thermal_face_2d_keypoint/mlcm_kd/synthetic/' \
    'ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py'
_teachers = {
    'res18-w16': ('ResNet-18 of quarter width', {
        'model.backbone.stem_channels': 16,
        'model.backbone.base_channels': 16,
        'model.head.in_channels': 32 + 64 + 128,
    }),
    'res34-w32': ('ResNet-34 of half width', {
        'model.backbone.depth': 34
    }),
}
runs = {
    **{
        f'rgb-{_key}': dict(
            title=f'RGB teacher {_title}, tested on RGB',
            config=_rgb,
            options=_options)
        for _key, (_title, _options) in _teachers.items()
    },
    **{
        f'ktl-dikd-by-{_key}': dict(
            title=f'KTL, DIKD by {_title}',
            config=_ktl,
            teacher=f'rgb-{_key}')
        for _key, (_title, _options) in _teachers.items()
    },
}
tables = [
    dict(
        title='Size of the RGB teacher',
        about='The teacher of "KTL, DIKD" and the student are ResNet-18 of '
        'half width.',
        baseline='student',
        rows=[
            'student', 'rgb-res18-w16', 'ktl-dikd-by-res18-w16', 'rgb',
            'ktl-dikd', 'rgb-res34-w32', 'ktl-dikd-by-res34-w32'
        ])
]
