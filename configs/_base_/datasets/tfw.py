# TFW (Thermal Faces in the Wild): five points.
names = [
    'right_eye_centre', 'left_eye_centre', 'nose_tip', 'right_mouth_corner',
    'left_mouth_corner'
]
colours = [[240, 228, 66]] * 2 + [[86, 180, 233]] + [[213, 94, 0]] * 2

dataset_info = dict(
    dataset_name='tfw',
    paper_info=dict(
        author='Kuzdeuov, Askat and Aubakirova, Dana and Koishigarina, Darina '
        'and Varol, Huseyin Atakan',
        title='TFW: Annotated Thermal Faces in the Wild Dataset',
        container='IEEE Transactions on Information Forensics and Security',
        year='2022',
        homepage='https://github.com/IS2AI/TFW'),
    keypoint_info={
        i: dict(name=name, id=i, color=colours[i], type='', swap=swap)
        for i, (name, swap) in enumerate(
            zip(names, [names[1], names[0], '', names[4], names[3]]))
    },
    skeleton_info={},
    joint_weights=[1.] * 5,
    # COCO's eyes and nose; COCO-WholeBody's mouth corners.
    sigmas=[.025, .025, .026, .008, .010],
    # The eye centres stand in for the eye corners, which are not labelled.
    interocular=(names[:1], names[1:2]),
    interpupil=(names[:1], names[1:2]),
    regions=dict(eyes=names[:2], nose=names[2:3], mouth=names[3:]))
