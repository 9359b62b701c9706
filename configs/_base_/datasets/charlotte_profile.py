# Charlotte-ThermalFace, profile views: 43 points in an undocumented order.
# They have numbers, but no names, mirror partners or eye corners: train
# without RandomFlip and normalise errors by the box.
dataset_info = dict(
    dataset_name='charlotte_profile',
    paper_info=dict(
        author='Ashrafi, Roshanak and Azarbayjani, Mona and Tabkhi, Hamed',
        title='Charlotte-ThermalFace: A Fully Annotated Thermal Infrared Face '
        'Dataset with Various Environmental Conditions and Distances',
        container='Infrared Physics & Technology',
        year='2022',
        homepage='https://github.com/TeCSAR-UNCC/UNCC-ThermalFace'),
    keypoint_info={
        i: dict(
            name=f'kpt-{i}', id=i, color=[86, 180, 233], type='', swap='')
        for i in range(43)
    },
    skeleton_info={},
    joint_weights=[1.] * 43,
    sigmas=[.02] * 43)
