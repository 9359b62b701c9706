import json
import shutil

import cv2
import numpy as np
import pytest
from set_on_disk import build, edit, logged

from mmpose_thermal.datasets.image_files import check_heads

TRAIN = 'annotations/train.json'


@pytest.fixture
def root(pairs_root, tmp_path):
    """A copy of the tiny data set that a test may damage."""
    return shutil.copytree(pairs_root, tmp_path / 'copy')


@pytest.fixture
def log(monkeypatch):
    return logged(monkeypatch)


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


@pytest.mark.parametrize('folder, role', [('rgb', 'RGB partner'),
                                          ('thermal', 'image')])
def test_missing_file_is_named_before_training(root, folder, role):
    (root / folder / 'train/000001_001.png').unlink()
    with pytest.raises(
            FileNotFoundError, match=f'{role} .*{folder}/train/000001_001'):
        build(root, with_rgb=True)


# ------------------------------------------------------------- files of a set
@pytest.mark.parametrize('name, bits, message', [
    ('train_16bit', 8, 'uint16 pixels, but .* 8 bits'),
    ('train', 16, 'uint8 pixels, but .* 16 bits')])
def test_another_depth_than_declared_fails_at_once(root, name, bits, message):
    edit(root / f'annotations/{name}.json',
         lambda c: [i.update(bit_depth=bits) for i in c['images']])
    with pytest.raises(ValueError, match=message):
        build(root, f'annotations/{name}.json')


def test_one_file_of_another_depth_is_found_before_training(root):
    path = sorted((root / 'thermal16/train').iterdir())[4]
    cv2.imwrite(str(path), np.zeros((96, 96), np.uint8))
    with pytest.raises(ValueError, match=f'1 of 6 files .*{path.name} holds '
                       'uint8 pixels, but is declared with 16 bits'):
        build(root, 'annotations/train_16bit.json')


def test_files_of_two_kinds_by_turns_are_found(root):
    """However many are looked into."""
    images = {}
    for number in range(64):
        path = root / f'{number}.png'
        cv2.imwrite(str(path), np.zeros(
            (8, 8), np.uint16 if number % 4 == 1 else np.uint8))
        images[str(path)] = 8, (8, 8)
    with pytest.raises(ValueError, match='of 16 files .*uint16'):
        check_heads(images, most=16)
    assert check_heads({path: (8, None) for path in list(images)[2:5]}) is None


def test_sizes_declared_before_orientation(root):
    edit(root / TRAIN, lambda c: [i.update(width=96, height=100)
                          for i in c['images']])
    for path in (root / 'thermal/train').iterdir():
        cv2.imwrite(str(path), np.zeros((96, 100), np.uint8))
    with pytest.raises(ValueError, match='100x96 pixels, .*96x100.*EXIF'):
        build(root)


def test_partners_of_another_size_fail_at_once(root):
    for path in (root / 'rgb/train').glob('*.png'):
        cv2.imwrite(str(path), np.zeros((48, 64, 3), np.uint8))
    with pytest.raises(ValueError, match='is 64x48 pixels.* is 96x96'):
        build(root, with_rgb=True)


def test_links_to_nowhere_are_missing(root):
    path = next((root / 'thermal/train').iterdir())
    path.unlink()
    path.symlink_to('/nowhere.png')
    with pytest.raises(FileNotFoundError, match='a link to /nowhere.png'):
        build(root)


@pytest.mark.parametrize('stored, asked', [('A_1.PNG', 'a_1.png'),
                                           ('u\u0308.png', '\u00fc.png')])
def test_names_that_other_systems_take_for_the_same(root, stored, asked):
    folder = root / 'thermal/train'
    shutil.copy(next(folder.iterdir()), folder / stored)
    edit(root / TRAIN, lambda c: c['images'][1].update(
        file_name=f'thermal/train/{asked}'))
    with pytest.raises(FileNotFoundError, match=f'there is "{stored}"'):
        build(root)


@pytest.mark.parametrize('value', [None, []])
def test_pairs_without_landmarks_of_their_own_are_aligned(root, value):
    def change(content):
        for annotation, image in zip(content['annotations'],
                                     content['images']):
            annotation['rgb_keypoints'] = value
            image['rgb_homography'] = None

    edit(root / TRAIN, change)
    assert 'rgb_to_thermal' not in build(root, with_rgb=True).get_data_info(0)


def test_all_faces_of_an_image_at_once(root):
    """As bottom-up models and MMPose's visualisation of a data set ask."""
    def two_faces(content):
        first = content['annotations'][0]
        content['annotations'].append(dict(first, id=99, keypoints=list(
            first['keypoints'])))
        del content['annotations'][3]  # an image without a face

    edit(root / 'annotations/train_16bit.json', two_faces)
    for test_mode, images in ((False, 5), (True, 6)):
        dataset = build(root, 'annotations/train_16bit.json',
                        data_mode='bottomup', test_mode=test_mode,
                        pipeline=[dict(type='LoadThermalImage')])
        assert len(dataset) == images
        assert dataset[0]['keypoints'].shape == (2, 68, 2)
        assert dataset[images - 1]['img'].shape == (96, 96, 3)


# ------------------------------------------------------------- detected boxes
@pytest.fixture
def detect(root):
    """Writes what a detector found; returns the file."""

    def detect(change=lambda boxes: boxes):
        content = json.loads((root / 'annotations/test.json').read_text())
        boxes = [dict(image_id=a['image_id'], category_id=1, score=.9,
                      bbox=[v + 1.5 for v in a['bbox']])
                 for a in content['annotations']]
        path = root / 'boxes.json'
        path.write_text(json.dumps(change(boxes)))
        return str(path)

    return detect


def detected(root, path):
    return build(root, 'annotations/test.json', bbox_file=path,
                 test_mode=True, pipeline=[dict(type='LoadThermalImage')])


def test_detected_boxes_take_the_place_of_annotated_ones(root, detect, log):
    annotated = build(root, 'annotations/test.json', test_mode=True)
    dataset = detected(root, detect())
    assert len(dataset) == 4
    for index in range(4):
        one, other = annotated.get_data_info(index), dataset[index]
        assert (one['keypoints'] == other['keypoints']).all()
        assert other['img'].shape == (96, 96, 3)
        assert other['bbox'][0, 0] == pytest.approx(
            one['raw_ann_info']['bbox'][0] + 1.5)
        assert other['bbox_score'] == pytest.approx(.9)
        assert (other['raw_ann_info']['annotated_box'] == one['bbox']).all()
    assert '4 of 4 faces were detected' in log[-1]


def test_missed_and_false_detections_are_counted(root, detect, log):
    def change(boxes):
        weak = dict(boxes[1], score=.3)
        nothing = dict(boxes[0], bbox=[0, 0, 5, 5], score=.99)
        return [weak, nothing, *boxes[1:], dict(boxes[0], image_id=12345)]

    dataset = detected(root, detect(change))
    assert len(dataset) == 3
    assert dataset[0]['bbox_score'] == pytest.approx(.9)
    assert '3 of 4 faces were detected and are tested; 1 were missed' in \
        log[-1]
    assert '2 boxes match no annotated face' in log[-1]


@pytest.mark.parametrize('change, message', [
    (lambda boxes: dict(boxes=boxes), 'does not hold a list'),
    (lambda boxes: [dict(image_id=1, score=.3)], 'record 0 is'),
    (lambda boxes: [dict(box, image_id=7777) for box in boxes],
     'none of its 4 boxes is in an image of .*test.json'),
    (lambda boxes: [], 'empty list: the detector found nothing'),
    (lambda boxes: [dict(box, bbox=box['bbox'][:2] + [
        box['bbox'][0] + box['bbox'][2], box['bbox'][1] + box['bbox'][3]])
        for box in boxes], r'look like \[left, top, right, bottom\]'),
    (lambda boxes: [dict(box, bbox=[0, 0, 1, 1]) for box in boxes],
     'no box matches an annotated face'),
])
def test_boxes_that_cannot_be_used_are_explained(root, detect, change,
                                                 message):
    with pytest.raises(ValueError, match=f'boxes.json.*{message}'):
        detected(root, detect(change))


@pytest.mark.parametrize('change', [
    lambda boxes: [dict(box, image_id=str(box['image_id'])) for box in boxes],
    lambda boxes: [dict(box, image_id=float(box['image_id']))
                   for box in boxes],
    lambda boxes: [dict(box, score=None) for box in boxes],
    lambda boxes: [dict(box, category_id=5) for box in boxes],
    # Heads of another category, surer than the faces.
    lambda boxes: boxes + [dict(box, category_id=2, score=.99, bbox=[
        v - 3 for v in box['bbox'][:2]] + box['bbox'][2:]) for box in boxes],
])
def test_boxes_as_detectors_write_them(root, detect, change):
    plain, other = detected(root, detect()), detected(root, detect(change))
    assert len(other) == 4
    for index in range(4):
        assert (plain[index]['bbox'] == other[index]['bbox']).all()


def test_boxes_that_lack_and_thresholds_above_all_are_named(root, detect):
    with pytest.raises(FileNotFoundError, match='nowhere.json does not exist'):
        detected(root, 'nowhere.json')
    with pytest.raises(ValueError, match='bbox_score_thr.* leaves none of 4'):
        build(root, 'annotations/test.json', bbox_file=detect(),
              test_mode=True, filter_cfg=dict(bbox_score_thr=.95))


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
