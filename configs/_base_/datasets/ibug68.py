# The 68 points of iBUG (300-W), named. 'right' is the subject's right, which
# lies on the left of the image.
contours = dict(
    jaw=[f'right_jaw_{i}' for i in range(8)] + ['chin'] +
    [f'left_jaw_{i}' for i in range(7, -1, -1)],
    right_brow=[f'right_brow_{i}' for i in range(5)],
    left_brow=[f'left_brow_{i}' for i in range(4, -1, -1)],
    nose_bridge=['nose_bridge_0', 'nose_bridge_1', 'nose_bridge_2', 'nose_tip'],
    nose_base=[
        'right_ala', 'right_nostril', 'subnasale', 'left_nostril', 'left_ala'
    ],
    right_eye=[
        'right_eye_outer', 'right_eye_upper_outer', 'right_eye_upper_inner',
        'right_eye_inner', 'right_eye_lower_inner', 'right_eye_lower_outer'
    ],
    left_eye=[
        'left_eye_inner', 'left_eye_upper_inner', 'left_eye_upper_outer',
        'left_eye_outer', 'left_eye_lower_outer', 'left_eye_lower_inner'
    ],
    outer_lips=[
        'right_mouth_corner', 'right_upper_lip', 'right_upper_lip_peak',
        'upper_lip_top', 'left_upper_lip_peak', 'left_upper_lip',
        'left_mouth_corner', 'left_lower_lip', 'left_lower_lip_base',
        'lower_lip_bottom', 'right_lower_lip_base', 'right_lower_lip'
    ],
    inner_lips=[
        'right_inner_mouth_corner', 'right_inner_upper_lip', 'inner_upper_lip',
        'left_inner_upper_lip', 'left_inner_mouth_corner',
        'left_inner_lower_lip', 'inner_lower_lip', 'right_inner_lower_lip'
    ])
closed = ('right_eye', 'left_eye', 'outer_lips', 'inner_lips')
colours = dict(
    jaw=[0, 158, 115],
    right_brow=[230, 159, 0],
    left_brow=[230, 159, 0],
    nose_bridge=[86, 180, 233],
    nose_base=[86, 180, 233],
    right_eye=[240, 228, 66],
    left_eye=[240, 228, 66],
    outer_lips=[213, 94, 0],
    inner_lips=[204, 121, 167])
points = [(name, contour) for contour in contours for name in contours[contour]]
links = [(one, other, contour) for contour in contours
         for one, other in zip(
             contours[contour], contours[contour][1:] +
             (contours[contour][:1] if contour in closed else []))]
mirrored = {
    name: name.replace('right_', 'left_') if name.startswith('right_') else
    name.replace('left_', 'right_') if name.startswith('left_') else ''
    for name, _ in points
}

dataset_info = dict(
    dataset_name='ibug68',
    paper_info=dict(
        author='Sagonas, Christos and Antonakos, Epameinondas and '
        'Tzimiropoulos, Georgios and Zafeiriou, Stefanos and Pantic, Maja',
        title='300 faces in-the-wild challenge: Database and results',
        container='Image and Vision Computing',
        year='2016',
        homepage='https://ibug.doc.ic.ac.uk/resources/300-W/'),
    keypoint_info={
        i: dict(
            name=name,
            id=i,
            color=colours[contour],
            type='',
            swap=mirrored[name])
        for i, (name, contour) in enumerate(points)
    },
    skeleton_info={
        i: dict(link=(one, other), id=i, color=colours[contour])
        for i, (one, other, contour) in enumerate(links)
    },
    joint_weights=[1.] * 68,
    # Spread of human annotators, from COCO-WholeBody's face points.
    sigmas=[
        .042, .043, .044, .043, .040, .035, .031, .025, .020, .023, .029, .032,
        .037, .038, .043, .041, .045, .013, .012, .011, .011, .012, .012, .011,
        .011, .013, .015, .009, .007, .007, .007, .012, .009, .008, .016, .010,
        .017, .011, .009, .011, .009, .007, .013, .008, .011, .012, .010, .034,
        .008, .008, .009, .008, .008, .007, .010, .008, .009, .009, .009, .007,
        .007, .008, .011, .008, .008, .008, .010, .008
    ],
    # Each end is the mean of the named points.
    interocular=(['right_eye_outer'], ['left_eye_outer']),
    interpupil=(contours['right_eye'], contours['left_eye']),
    regions=dict(
        jaw=contours['jaw'],
        brows=contours['right_brow'] + contours['left_brow'],
        nose=contours['nose_bridge'] + contours['nose_base'],
        eyes=contours['right_eye'] + contours['left_eye'],
        mouth=contours['outer_lips'] + contours['inner_lips']))
