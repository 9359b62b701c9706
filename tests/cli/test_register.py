"""`mmpose-thermal register`, on CARL in miniature."""
import json

import cv2
import numpy as np
import public_dataset_trees as trees
import pytest
from conftest import COLOUR, estimator
from mmengine.config import Config
from mmpose.registry import DATASETS


@pytest.fixture
def samples(pairs_root):
    return trees.load_samples(pairs_root)


@pytest.fixture
def root(run_cli, samples, tmp_path):
    """CARL in miniature: the cameras look from different places."""
    trees.write_carl(tmp_path, samples)
    run_cli('convert', 'carl_visth', tmp_path, '--labels', 'labels',
            '--val-subjects', 1, '--test-subjects', 2, '--jobs', 1)
    return tmp_path


@pytest.fixture
def register(run_cli, root):
    """Runs the command; returns what it printed."""
    return lambda *arguments: run_cli(
        'register', root / 'annotations/train.json', *arguments)


def registered(root):
    return json.loads(
        (root / 'annotations/train_registered.json').read_text())


def assert_registered(root, tolerance):
    for image in registered(root)['images']:
        matrix = np.reshape(image['rgb_homography'], (3, 3))
        points = np.array([[60., 90], [160, 220], [140, 120]])
        found = points @ matrix[:2, :2].T + matrix[:2, 2]
        truth = points @ trees.CARL_MATRIX[:, :2].T + trees.CARL_MATRIX[:, 2]
        np.testing.assert_allclose(found, truth, atol=tolerance)


# Six points of whole pixels each: more frames, less noise.
@pytest.mark.parametrize('per, tolerance', [('frame', 6), ('subject_id', 3),
                                            ('dataset', 1.5)])
def test_from_the_points_of_both(register, root, per, tolerance):
    printed = register('--per', per, '--preview', root / 'preview.png')
    assert 'pairs registered; residual of the points: median' in printed
    assert_registered(root, tolerance)
    assert all('rgb_keypoints' not in annotation
               for annotation in registered(root)['annotations'])
    assert cv2.imread(str(root / 'preview.png')) is not None
    dataset = DATASETS.build(
        dict(
            type='CarlVisThDataset',
            data_root=str(root),
            ann_file='annotations/train_registered.json',
            with_rgb=True))
    assert dataset[0]['rgb_to_thermal'].shape == (3, 3)


def test_annotations_may_be_linked(register, root, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp('elsewhere') / 'annotations'
    (root / 'annotations').rename(elsewhere)
    (root / 'annotations').symlink_to(elsewhere)
    register('--per', 'dataset', '--preview', root / 'preview.png')
    assert_registered(root, 1.5)


def test_from_detections_of_another_point_set(register, root, samples):
    train = json.loads((root / 'annotations/train.json').read_text())
    images, annotations = [], []
    for i, (image, sample) in enumerate(zip(train['images'], samples)):
        points = np.column_stack(
            [trees.rgb_of_carl(sample)[1], np.full(68, 2)])
        images.append(dict(id=i, file_name=image['rgb_file_name']))
        annotations.append(
            dict(image_id=i, keypoints=points.ravel().tolist()))
    path = root / 'rgb.json'
    path.write_text(json.dumps(dict(images=images, annotations=annotations)))
    with pytest.raises(SystemExit, match='Name the sets with --points'):
        register('--rgb-landmarks', path)
    register('--rgb-landmarks', path, '--points', 'ibug68', 'carl_visth',
             '--per', 'dataset')
    assert_registered(root, 1.5)


def test_what_is_not_registered_is_left_out(register, root, samples):
    """In a file of pairs, it would count as aligned."""
    train = json.loads((root / 'annotations/train.json').read_text())
    faces = {face['image_id']: face for face in train['annotations']}
    lost, bare, mapped, *_ = train['images']
    mapped['rgb_homography'] = [1, 0, 5, 0, 1, 6, 0, 0, 1]
    detected = [dict(image_id=image['id'], keypoints=face.pop('rgb_keypoints'))
                for image in train['images'] for face in [faces[image['id']]]]
    faces[bare['id']].update(keypoints=[0] * 18, num_keypoints=0)
    (root / 'annotations/train.json').write_text(json.dumps(train))
    (root / 'rgb.json').write_text(json.dumps(dict(
        images=[dict(id=image['id'], file_name=image['rgb_file_name'])
                for image in train['images']],
        annotations=[detected[1], *detected[3:]])))
    printed = register('--rgb-landmarks', root / 'rgb.json', '--per', 'frame')
    assert f'failed: {lost["file_name"]}: no RGB landmarks' in printed
    assert f'failed: {bare["file_name"]}: no thermal landmarks' in printed
    written = registered(root)
    kept = {image['id'] for image in train['images'][2:]}
    assert {image['id'] for image in written['images']} == kept
    assert {face['image_id'] for face in written['annotations']} == kept
    assert written['images'][0]['rgb_homography'] == mapped['rgb_homography']


def test_with_a_landmark_model(register, root, save_teacher):
    """An untrained one: its points fit nothing, which is said."""
    model = estimator(normalisation=COLOUR)
    checkpoint = save_teacher(model)
    pipeline = [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=(64, 64)),
        dict(type='PackPoseInputs')
    ]
    Config(
        dict(
            default_scope='mmpose',
            model=model,
            test_dataloader=dict(
                dataset=dict(type='ThermalFaceDataset', pipeline=pipeline)))
    ).dump(str(root / 'model.py'))
    with pytest.raises(SystemExit, match='no pair could be registered'):
        register('--rgb-model', root / 'model.py', checkpoint, '--points',
                 'ibug68', 'carl_visth', '--max-residual', '.001')


def test_by_calibration(register, root):
    back = cv2.invertAffineTransform(trees.CARL_MATRIX)
    thermal = np.random.default_rng(0).uniform(0, 90, (12, 2))
    rgb = thermal @ back[:, :2].T + back[:, 2]
    table = root / 'calibration.csv'
    np.savetxt(table, np.column_stack([rgb, thermal]), delimiter=',',
               header='rgb_x,rgb_y,thermal_x,thermal_y', comments='')
    register('--calibration', table, '--model', 'homography')
    assert_registered(root, .1)
    table.write_text('x,y\n1,2\n')
    with pytest.raises(SystemExit, match='It needs a header and the columns'):
        register('--calibration', table)


def test_it_names_what_is_missing(register, root):
    with pytest.raises(SystemExit, match='has no field "sequence_id"'):
        register('--per', 'sequence_id')
    path = root / 'annotations/train.json'
    coco = json.loads(path.read_text())
    for annotation in coco['annotations']:
        del annotation['rgb_keypoints']
    path.write_text(json.dumps(coco))
    with pytest.raises(SystemExit, match='has no "rgb_keypoints"'):
        register()
