import json
import shutil

import cv2
import numpy as np
import pytest
from mmpose.registry import DATASETS


@pytest.fixture
def root(pairs_root, tmp_path):
    """A copy of the tiny data set that a test may damage."""
    return shutil.copytree(pairs_root, tmp_path / 'copy')


def build(root, ann_file='annotations/train.json', **arguments):
    return DATASETS.build(
        dict(
            type='ThermalFaceDataset',
            data_root=str(root),
            ann_file=ann_file,
            **arguments))


def edit(root, change, name='train'):
    path = root / 'annotations' / f'{name}.json'
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_sample_has_boxes_points_and_both_files(pairs_root):
    dataset = build(pairs_root, with_rgb=True)
    assert len(dataset) == 6
    sample = dataset.get_data_info(0)
    assert sample['keypoints'].shape == (1, 68, 2)
    assert sample['img_path'] == str(
        pairs_root / 'thermal/train/000000_000.png')
    assert sample['rgb_path'] == str(pairs_root / 'rgb/train/000000_000.png')
    assert sample['bit_depth'] == 8 and sample['subject_id'] == 0
    assert len(sample['flip_indices']) == 68


def test_thermal_alone_needs_no_partner(root):
    shutil.rmtree(root / 'rgb')
    assert len(build(root)) == 6


def test_radiometric_annotation_declares_its_depth(pairs_root):
    sample = build(
        pairs_root, 'annotations/train_16bit.json').get_data_info(0)
    assert sample['bit_depth'] == 16 and sample['temperature_scale'] == .01


def test_metrics_see_the_attributes_of_a_face_and_its_image(pairs_root):
    """Through MMPose's own packing, which passes on the annotation alone."""
    from mmengine.dataset import Compose
    from mmpose.registry import METRICS
    dataset = build(
        pairs_root, 'annotations/test_16bit.json', test_mode=True,
        pipeline=[
            dict(type='LoadThermalImage'),
            dict(type='GetBBoxCenterScale'),
            dict(type='TopdownAffine', input_size=(64, 64)),
            dict(type='PackPoseInputs')
        ])
    assert isinstance(dataset.pipeline, Compose)
    samples = []
    for index in range(len(dataset)):
        sample = dataset[index]['data_samples']
        sample.pred_instances = sample.gt_instances.clone()
        # the packed points are those of the annotation, in the image
        sample.pred_instances.keypoints = sample.gt_instances.keypoints + 3.
        samples.append(sample.to_dict())
    metric = METRICS.build(
        dict(
            type='FaceAlignmentMetric', regions=True,
            attributes=['bit_depth', 'subject_id', 'glasses']))
    metric.dataset_meta = dataset.metainfo
    metric.process(None, samples)
    found = metric.evaluate(len(samples))
    assert found['NME/bit_depth=16'] == found['NME'] > 0
    assert any(name.startswith('NME/subject_id=') for name in found)
    assert {'NME/jaw', 'NME/nose', 'NME/eyes'} <= set(found)


def test_splits_share_no_subject(pairs_root):
    subjects = [{
        sample['subject_id']
        for sample in build(pairs_root, f'annotations/{split}.json')
    } for split in ('train', 'val', 'test')]
    assert all(subjects)
    assert len(set.union(*subjects)) == sum(map(len, subjects))


# ------------------------------------------------------------- wrong set-ups
def test_missing_annotation_file_is_named(pairs_root):
    with pytest.raises(FileNotFoundError, match='nowhere.json does not exist'):
        build(pairs_root, 'nowhere.json')


def test_missing_partner_field_names_the_image(root):
    edit(root, lambda c: c['images'][2].pop('rgb_file_name'))
    with pytest.raises(
            FileNotFoundError, match='000001_000.png" has no "rgb_file_name"'):
        build(root, with_rgb=True)


@pytest.mark.parametrize('folder, role', [('rgb', 'RGB partner'),
                                          ('thermal', 'image')])
def test_missing_file_is_named_before_training(root, folder, role):
    (root / folder / 'train/000001_001.png').unlink()
    with pytest.raises(
            FileNotFoundError, match=f'{role} .*{folder}/train/000001_001'):
        build(root, with_rgb=True)


def test_other_keypoint_count_names_annotation_and_metainfo(root):
    def cut(content):
        annotation = content['annotations'][1]
        annotation['keypoints'] = annotation['keypoints'][:54 * 3]

    edit(root, cut)
    with pytest.raises(
            ValueError, match='annotation 2 .* 54 keypoints.*"ibug68" defines 68'):
        build(root)


@pytest.mark.parametrize('bbox', [[5, 5, 0, 20], [5, 5, 20, -1],
                                  [5, 5, float('nan'), 9], [1, 2, 3]])
def test_box_without_area_is_refused(root, bbox):
    edit(root, lambda c: c['annotations'][0].update(bbox=bbox))
    with pytest.raises(ValueError, match='annotation 1 .*with an area'):
        build(root)


def test_box_outside_the_image_is_refused(root):
    edit(root, lambda c: c['annotations'][0].update(bbox=[500, 5, 20, 20]))
    with pytest.raises(ValueError, match='outside the 96x96 image'):
        build(root)


def test_keypoint_that_is_not_finite_is_refused(root):
    def spoil(content):
        content['annotations'][3]['keypoints'][0] = float('nan')

    edit(root, spoil)
    with pytest.raises(ValueError, match='annotation 4 .*not finite'):
        build(root)


def test_16_bit_file_declared_as_8_bit_fails_at_once(root):
    edit(root, lambda c: [i.pop('bit_depth') for i in c['images']],
         'train_16bit')
    with pytest.raises(ValueError, match='uint16 pixels, but .* 8 bits'):
        build(root, 'annotations/train_16bit.json')


def test_8_bit_file_declared_as_16_bit_fails_at_once(root):
    edit(root, lambda c: [i.update(bit_depth=16) for i in c['images']])
    with pytest.raises(ValueError, match='uint8 pixels, but .* 16 bits'):
        build(root)


def test_partners_of_another_size_fail_at_once(root):
    for path in (root / 'rgb/train').glob('*.png'):
        cv2.imwrite(str(path), np.zeros((48, 64, 3), np.uint8))
    with pytest.raises(ValueError, match='is 64x48 pixels.* is 96x96'):
        build(root, with_rgb=True)


def test_file_without_faces_is_refused(root):
    edit(root, lambda c: c.update(annotations=[]))
    with pytest.raises(ValueError, match='no face with landmarks'):
        build(root)


def test_faces_that_are_left_out_are_counted(root, monkeypatch):
    from mmpose_thermal.datasets.datasets import thermal_face_dataset
    messages = []
    monkeypatch.setattr(thermal_face_dataset, 'print_log',
                        lambda message, *_, **__: messages.append(message))
    edit(root, lambda c: c['annotations'][0].update(num_keypoints=0))
    assert len(build(root)) == 5
    assert 'left out 1 of 6 faces' in messages[0]


# --------------------------------------------------------------- whole pipeline
def pair_pipeline(*photometry):
    return [
        dict(type='LoadThermalImage'),
        dict(type='LoadRGBPartner'),
        dict(type='GetBBoxCenterScale'),
        dict(type='RandomFlip', prob=.5),
        dict(type='RandomBBoxTransform', rotate_prob=1., rotate_factor=60),
        dict(type='TopdownAffine', input_size=(64, 64)),
        *photometry,
        dict(type='PackPairInputs', pack_transformed=True),
    ]


def test_both_modalities_get_one_geometry(root):
    """With the same picture in both files, both crops must be equal."""
    for path in (root / 'thermal/train').glob('*.png'):
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(root / 'rgb/train' / path.name), grey)
    dataset = build(root, with_rgb=True, pipeline=pair_pipeline())
    crops = []
    for index in range(24):
        inputs = dataset[index % 6]['inputs']
        assert (inputs['thermal'] == inputs['rgb']).all()
        crops.append(inputs['thermal'])
    repeated = [(a == b).all() for a, b in zip(crops, crops[6:])]
    assert not any(repeated), 'the geometry should have varied'


def test_landmarks_follow_the_geometry(root):
    """A bright spot drawn at the nose tip is found where the point went."""
    content = json.loads((root / 'annotations/train.json').read_text())
    for image, annotation in zip(content['images'], content['annotations']):
        x, y = annotation['keypoints'][90:92]
        for name in ('file_name', 'rgb_file_name'):
            spot = np.zeros((96, 96), np.uint8)
            cv2.circle(spot, (round(x * 16), round(y * 16)), 48, 255, -1,
                       cv2.LINE_AA, 4)
            cv2.imwrite(str(root / image[name]), spot)
    dataset = build(root, with_rgb=True, pipeline=pair_pipeline())
    compared = 0
    for index in range(30):
        packed = dataset[index % 6]
        expected = packed[
            'data_samples'].gt_instances.transformed_keypoints[0, 30]
        # The centroid of a spot that the crop's border cuts is not its centre.
        if np.abs(expected - 31.5).max() > 31.5 - 10:
            continue
        compared += 1
        for image in packed['inputs'].values():
            weight = image[0].numpy().astype(float)
            y, x = np.mgrid[:64, :64]
            found = [(weight * axis).sum() / weight.sum() for axis in (x, y)]
            assert np.abs(found - expected).max() < .3
    assert compared >= 12


def test_photometry_of_one_modality_leaves_the_other_alone(root):
    brighter = dict(
        type='ModalityTransform',
        modality='rgb',
        transforms=[lambda r: {**r, 'img': 255 - r['img']}])
    np.random.seed(0)
    plain = build(root, with_rgb=True, pipeline=pair_pipeline())[0]['inputs']
    np.random.seed(0)
    changed = build(
        root, with_rgb=True,
        pipeline=pair_pipeline(brighter))[0]['inputs']
    assert (plain['thermal'] == changed['thermal']).all()
    assert (changed['rgb'] == 255 - plain['rgb']).all()
