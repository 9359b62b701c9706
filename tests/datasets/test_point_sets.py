import numpy as np
import pytest
from mmpose.registry import DATASETS, TRANSFORMS

from mmpose_thermal.datasets.point_sets import (find_point_set,
                                                keypoint_indices,
                                                keypoint_mapping,
                                                load_metainfo)
from mmpose_thermal.synthetic import head

COUNTS = dict(
    ibug68=68, sftl54=54, tfake=70, tfw=5, charlotte=72, charlotte_profile=43,
    rwth=68, carl_visth=6)
DATASET_CLASSES = dict(
    ibug68='ThermalFaceDataset', sftl54='SFTL54Dataset', tfake='TFakeDataset',
    tfw='TFWDataset', charlotte='CharlotteDataset',
    charlotte_profile='CharlotteProfileDataset', rwth='RWTHDataset',
    carl_visth='CarlVisThDataset')


def metainfo(name):
    return load_metainfo(dict(from_file=name))


def flip(*pairs, size):
    indices = list(range(size))
    for one, other in pairs:
        indices[one], indices[other] = other, one
    return indices


@pytest.mark.parametrize('name', COUNTS)
def test_metainfo_is_complete(name):
    info = metainfo(name)
    count = COUNTS[name]
    assert info['num_keypoints'] == len(info['sigmas']) == count
    assert (np.array(info['sigmas']) > 0).all()
    assert len(set(info['keypoint_id2name'].values())) == count
    # Mirroring twice changes nothing.
    flips = np.array(info['flip_indices'])
    assert (flips[flips] == np.arange(count)).all()
    for name, points in info.get('regions', {}).items():
        # Regions map onto themselves in a mirror.
        assert sorted(flips[points]) == sorted(points), name
    if 'interocular' in info:
        right, left = info['interocular']
        assert flips[right].tolist() == left


# Faces of which MMPose trains models; their metainfos have slips of their own.
@pytest.mark.parametrize('name', ['300w', '300wlp', '300vw', 'aflw', 'cofw',
                                  'wflw', 'lapa', 'coco_wholebody_face'])
def test_metainfos_of_mmpose_are_read(name):
    assert metainfo(name)['num_keypoints'] >= 19


def five(**changed):
    """A small metainfo of its own, by default without a contradiction."""
    swaps = dict(right_eye='left_eye', left_eye='right_eye', nose='',
                 right_mouth='left_mouth', left_mouth='right_mouth')
    points = {
        number: dict(name=name, id=number, color=[0, 0, 255], type='',
                     swap=swap) for number, (name, swap) in enumerate(
                         swaps.items())}
    return {**dict(dataset_name='five', keypoint_info=points,
                   skeleton_info={0: dict(link=('nose', 'left_eye'))},
                   joint_weights=[1.] * 5, sigmas=[.05] * 5,
                   interocular=(['right_eye'], ['left_eye']),
                   regions=dict(eyes=['right_eye', 'left_eye'])), **changed}


def renamed(number, **fields):
    points = five()['keypoint_info']
    points[number].update(fields)
    return dict(keypoint_info=points)


def test_a_metainfo_of_ones_own_is_read():
    assert load_metainfo(five())['flip_indices'] == [1, 0, 2, 4, 3]
    arrays = five(joint_weights=np.ones(5), sigmas=np.full(5, .05))
    assert len(load_metainfo(arrays)['sigmas']) == 5


@pytest.mark.parametrize('changed, message', [
    (renamed(1, swap=''), '"right_eye" is swapped with "left_eye", but '
     '"left_eye" with nothing'),
    (renamed(4, swap='right_eye'), '"right_mouth" is swapped with '
     '"left_mouth", but "left_mouth" with "right_eye"'),
    (renamed(3, swap='mouth_left'), '"mouth_left", which is not a point'),
    (renamed(1, name='right_eye'), '2 points are called "right_eye"'),
    (dict(keypoint_info={**renamed(3, id=4)['keypoint_info'],
                         **{4: renamed(4, id=3)['keypoint_info'][4]}}),
     r'points \[3, 4\] have an `id` that differs from their key'),
    (dict(keypoint_info={k + 1: v for k, v in
                         five()['keypoint_info'].items()}), 'must have 0 to 4'),
    (dict(joint_weights=[1.] * 4), '`joint_weights` has 4 numbers for 5'),
    (dict(sigmas=[.05] * 6), '`sigmas` has 6 numbers for 5'),
    (dict(skeleton_info={0: dict(link=('nose', 'chin'))}),
     '`skeleton_info` refers to "chin"'),
    (dict(regions=dict(eyes=['right_eyes'])), '`regions` refers to "right_eyes"'),
    (dict(interocular=(['right_eye'], ['eye'])), '`interocular` refers to "eye"'),
    (dict(interocular=('right_eye', 'left_eye')), 'two lists of names'),
    *[(dict(interocular=value), '`interocular` must be two lists of names')
      for value in (None, 5, [[1], [2]])],
    *[(dict(regions=value), '`regions` must be a dict of lists of names')
      for value in (None, [['nose']], dict(a='nose'), dict(a=[1]))],
    *[(dict(skeleton_info=value), '`skeleton_info` must be a dict of links')
      for value in (None, [1], {0: ('nose', 'left_eye')}, {0: dict(link=3)})],
    *[(dict(joint_weights=value), '`joint_weights` must be a list of numbers')
      for value in (None, [1., 1., 1., 1., -1.], ['1'] * 5)],
    *[(renamed(2, swap=value), '`swap` must be the name of a point')
      for value in (3, ['nose'])],
    (renamed(2, name=None), 'point 2 has no `name`'),
])
def test_contradictions_of_a_metainfo_are_named(changed, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        load_metainfo(five(**changed))
    path = tmp_path / 'mine.py'
    path.write_text(f'dataset_info = {five(**changed)!r}')
    with pytest.raises(ValueError, match=f'mine.py: .*{message}'):
        DATASETS.get('ThermalFaceDataset')._load_metainfo(
            dict(from_file=str(path)))


def test_what_is_no_metainfo_is_refused(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text('names = 3')
    with pytest.raises(ValueError, match='mine.py is not a metainfo'):
        metainfo(str(path))
    with pytest.raises(FileNotFoundError, match='no metainfo .*nowhere.py'):
        metainfo('nowhere')
    with pytest.raises(ValueError, match='`sigmas` is missing'):
        load_metainfo({k: v for k, v in five().items() if k != 'sigmas'})


def test_flips_are_those_of_the_data_sets():
    ibug = metainfo('ibug68')['flip_indices']
    assert ibug == metainfo('configs/_base_/datasets/300w.py')['flip_indices']
    assert ibug == head.FLIP_INDICES.tolist()
    assert metainfo('tfake')['flip_indices'] == ibug + [69, 68]
    assert metainfo('charlotte')['flip_indices'] == ibug + [68, 69, 70, 71]
    # SF-TL54's authors' own permutation.
    assert metainfo('sftl54')['flip_indices'] == flip(
        *((i, 16 - i) for i in range(8)),
        *((17 + i, 26 - i) for i in range(5)), (31, 35), (32, 34), (36, 45),
        (37, 44), (38, 43), (39, 42), (40, 47), (41, 46), (48, 50), size=54)
    assert metainfo('tfw')['flip_indices'] == [1, 0, 2, 4, 3]
    assert metainfo('carl_visth')['flip_indices'] == [3, 2, 1, 0, 5, 4]


def test_normalising_points():
    for name in ('ibug68', 'sftl54', 'tfake', 'charlotte', 'rwth'):
        assert metainfo(name)['interocular'] == [[36], [45]]
    assert metainfo('tfake')['interpupil'] == [[68], [69]]
    assert metainfo('rwth')['interpupil'] == [[*range(36, 42)],
                                              [*range(42, 48)]]
    assert metainfo('tfw')['interocular'] == [[0], [1]]
    assert 'interocular' not in metainfo('charlotte_profile')


@pytest.mark.parametrize('name', COUNTS)
def test_point_set_is_found_by_class_and_by_its_names(name, tmp_path,
                                                      monkeypatch):
    monkeypatch.chdir(tmp_path)  # found from any folder
    info = DATASETS.get(DATASET_CLASSES[name])._load_metainfo()
    assert info['dataset_name'] == name
    names = list(info['keypoint_id2name'].values())
    found = find_point_set(names)
    assert found == ('ibug68' if name == 'rwth' else name)
    assert find_point_set(names[::-1]) is None


def test_subsets_of_ibug68():
    sftl54 = [*range(49), 51, 54, 57, 62, 66]
    for teacher in ('ibug68', '300w', 'coco_wholebody_face', 'tfake', 'rwth',
                    'charlotte'):
        assert keypoint_indices(teacher, 'sftl54') == sftl54
        assert keypoint_indices(teacher, 'carl_visth') == [
            36, 39, 42, 45, 48, 54]
        assert keypoint_indices(teacher, 'ibug68') == list(range(68))
    assert keypoint_indices('sftl54', 'carl_visth') == [36, 39, 42, 45, 48, 50]
    assert keypoint_indices('wflw', 'sftl54')[-6:] == [76, 79, 82, 85, 90, 94]


def test_eye_centres():
    # Pupils where there are any, else the middle of the eye's corners.
    assert keypoint_indices('wflw', 'tfw') == [96, 97, 54, 76, 82]
    assert keypoint_indices('tfake', 'tfw') == [68, 69, 30, 48, 54]
    assert dict((target, source) for source, target in keypoint_mapping(
        'sftl54', 'tfw')) == {
            0: (36, 39), 1: (45, 42), 2: 30, 3: 48, 4: 50}
    with pytest.raises(ValueError, match=r'points \[0, 1\] of "tfw"'):
        keypoint_indices('300w', 'tfw')


def test_points_of_unknown_place_are_never_mapped():
    with pytest.raises(ValueError, match='no descriptive names'):
        keypoint_mapping('ibug68', 'charlotte_profile')
    assert len(keypoint_mapping('ibug68', 'charlotte')) == 68


def test_converter_makes_labels_of_another_set():
    points = np.random.default_rng(0).uniform(0, 99, (1, 98, 2))
    visible = np.ones((1, 98))
    visible[0, 60] = 0  # an eye corner
    results = dict(
        keypoints=points, keypoints_visible=visible,
        flip_indices=list(range(98)))
    convert = TRANSFORMS.build(
        dict(type='PointSetConverter', source='wflw', target='sftl54'))
    converted = convert(dict(results))
    indices = keypoint_indices('wflw', 'sftl54')
    assert (converted['keypoints'] == points[:, indices]).all()
    assert converted['keypoints_visible'].shape == (1, 54)
    assert np.flatnonzero(converted['keypoints_visible'][0] == 0) == [36]
    assert converted['flip_indices'] == metainfo('sftl54')['flip_indices']


def test_converter_gives_points_that_are_lacking_no_weight():
    convert = TRANSFORMS.build(
        dict(type='PointSetConverter', source='ibug68', target='tfw'))
    points = np.zeros((1, 68, 2))
    points[0, 36], points[0, 39] = (10, 20), (16, 24)
    converted = convert(
        dict(keypoints=points, keypoints_visible=np.ones((1, 68))))
    assert converted['keypoints'][0, 0].tolist() == [13, 22]
    convert = TRANSFORMS.build(
        dict(type='PointSetConverter', source='tfw', target='ibug68'))
    converted = convert(
        dict(
            keypoints=np.ones((1, 5, 2)), keypoints_visible=np.ones((1, 5))))
    assert np.flatnonzero(
        converted['keypoints_visible'][0]).tolist() == [30, 48, 54]


def test_data_sets_of_other_points_join_one_training(pairs_root, monkeypatch):
    """As docs/dataset_zoo/README.md shows, by MMPose's CombinedDataset."""
    from conftest import REPOSITORY
    monkeypatch.chdir(REPOSITORY)
    codec = dict(type='MSRAHeatmap', input_size=(64, 64),
                 heatmap_size=(16, 16), sigma=1.)
    converted = dict(
        type='ThermalFaceDataset', data_root=str(pairs_root),
        ann_file='annotations/train.json', pipeline=[
            dict(type='PointSetConverter', source='ibug68', target='sftl54')])
    dataset = DATASETS.build(
        dict(
            type='CombinedDataset',
            metainfo=dict(from_file='configs/_base_/datasets/sftl54.py'),
            datasets=[converted],
            pipeline=[
                dict(type='LoadThermalImage'),
                dict(type='GetBBoxCenterScale'),
                dict(type='RandomFlip', prob=1.),
                dict(type='TopdownAffine', input_size=(64, 64)),
                dict(type='GenerateTarget', encoder=codec),
                dict(type='PackPoseInputs')
            ]))
    sample = dataset[0]['data_samples']
    assert sample.gt_fields.heatmaps.shape == (54, 16, 16)
    assert sample.gt_instance_labels.keypoint_weights.shape == (1, 54)
    # Mirrored: the right eye is still on the left of the image.
    peaks = sample.gt_fields.heatmaps.flatten(1).argmax(1) % 16
    assert peaks[36] < peaks[45] and peaks[48] < peaks[50]
