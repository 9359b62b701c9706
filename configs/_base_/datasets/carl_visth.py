# CARL and EURECOM VIS-TH with the six points that Alpkant labelled on both
# modalities.
names = [
    'right_eye_outer', 'right_eye_inner', 'left_eye_inner', 'left_eye_outer',
    'right_mouth_corner', 'left_mouth_corner'
]
colours = [[240, 228, 66]] * 4 + [[213, 94, 0]] * 2

dataset_info = dict(
    dataset_name='carl_visth',
    paper_info=dict(
        author='Kantarci, Alperen and Ekenel, Hazim Kemal',
        title='Thermal to Visible Face Recognition Using Deep Autoencoders',
        container='BIOSIG',
        year='2019',
        homepage='https://github.com/Alpkant/'
        'Thermal-to-Visible-Face-Recognition-Using-Deep-Autoencoders'),
    keypoint_info={
        i: dict(name=name, id=i, color=colours[i], type='', swap=names[swap])
        for i, (name, swap) in enumerate(zip(names, [3, 2, 1, 0, 5, 4]))
    },
    skeleton_info={
        0: dict(link=tuple(names[:2]), id=0, color=colours[0]),
        1: dict(link=tuple(names[2:4]), id=1, color=colours[0]),
        2: dict(link=tuple(names[4:]), id=2, color=colours[4]),
    },
    joint_weights=[1.] * 6,
    sigmas=[.017, .011, .013, .011, .008, .010],
    interocular=(names[:1], names[3:4]),
    interpupil=(names[:2], names[2:4]),
    regions=dict(eyes=names[:4], mouth=names[4:]))
