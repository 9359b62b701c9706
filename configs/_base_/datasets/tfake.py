# T-FAKE and FaceSynthetics: iBUG's 68 points and the pupils. Jaw, brows and lips
# are projections of a 3-D head: they do not follow the visible outline.
_base_ = './ibug68.py'

dataset_info = dict(
    dataset_name='tfake',
    paper_info=dict(
        author='Flotho, Philipp and Piening, Moritz and Kukleva, Anna and '
        'Steidl, Gabriele',
        title='T-FAKE: Synthesizing Thermal Images for Facial Landmarking',
        container='Proceedings of the IEEE/CVF Conference on Computer Vision '
        'and Pattern Recognition',
        year='2025',
        homepage='https://github.com/phflot/tfake'),
    keypoint_info={
        68:
        dict(
            name='right_pupil',
            id=68,
            color=[240, 228, 66],
            type='',
            swap='left_pupil'),
        69:
        dict(
            name='left_pupil',
            id=69,
            color=[240, 228, 66],
            type='',
            swap='right_pupil'),
    },
    joint_weights=[1.] * 70,
    # iBUG's, averaged over jaw, brows, nose, eyes and mouth.
    sigmas=[.035] * 17 + [.012] * 10 + [.010] * 9 + [.013] * 12 + [.008] * 20 +
    [.01] * 2,
    interpupil=(['right_pupil'], ['left_pupil']),
    regions=dict(pupils=['right_pupil', 'left_pupil']))
