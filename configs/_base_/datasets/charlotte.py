# Charlotte-ThermalFace, front views: iBUG's 68 points and four more at
# undocumented positions, which have no mirror partners.
_base_ = './ibug68.py'

dataset_info = dict(
    dataset_name='charlotte',
    paper_info=dict(
        author='Ashrafi, Roshanak and Azarbayjani, Mona and Tabkhi, Hamed',
        title='Charlotte-ThermalFace: A Fully Annotated Thermal Infrared Face '
        'Dataset with Various Environmental Conditions and Distances',
        container='Infrared Physics & Technology',
        year='2022',
        homepage='https://github.com/TeCSAR-UNCC/UNCC-ThermalFace'),
    keypoint_info={
        i: dict(
            name=f'charlotte_{i}',
            id=i,
            color=[128, 128, 128],
            type='',
            swap='')
        for i in range(68, 72)
    },
    joint_weights=[1.] * 72,
    # iBUG's, averaged over jaw, brows, nose, eyes and mouth.
    sigmas=[.035] * 17 + [.012] * 10 + [.010] * 9 + [.013] * 12 + [.008] * 20 +
    [.01] * 4)
