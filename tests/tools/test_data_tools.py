"""browse_dataset and register_pairs."""
import json

import cv2
import public_dataset_trees
import numpy as np
import pytest
from conftest import REPOSITORY
from mmengine.config import Config
from mmpose.registry import DATASETS

CONFIGS = REPOSITORY / 'configs/thermal_face_2d_keypoint'


@pytest.mark.parametrize('config, split, panels', [
    ('mlcm_kd/synthetic/ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96', 'train',
     5),
    ('mlcm_kd/synthetic/ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96', 'test',
     2),
    ('topdown_heatmap/synthetic/td-hm_res18-w32_1xb32-10e_synthetic-rgb-96x96',
     'train', 3),
])
def test_browse(run_tool, pairs_root, tmp_path, config, split, panels):
    printed = run_tool(
        'misc/browse_dataset', CONFIGS / f'{config}.py', '--split', split,
        '--number', 2, '--out-dir', tmp_path, '--cfg-options',
        f'{split}_dataloader.dataset.data_root={pairs_root}/')
    assert f'2 pictures in {tmp_path}' in printed
    pictures = sorted(tmp_path.glob(f'{split}_*.png'))
    assert len(pictures) == 2
    assert cv2.imread(str(pictures[0])).shape[1] == panels * 260 + 4


def test_browse_names_what_is_missing(run_tool, tmp_path):
    with pytest.raises(SystemExit, match='train.json does not exist'):
        run_tool('misc/browse_dataset', CONFIGS / 'topdown_heatmap/synthetic/'
            'td-hm_res18-w32_1xb32-20e_synthetic-thermal-96x96.py',
            '--cfg-options',
            f'train_dataloader.dataset.data_root={tmp_path}/')


@pytest.fixture
def unaligned(run_tool, pairs_root, tmp_path):
    """CARL in miniature: the cameras look from different places."""
    samples = public_dataset_trees.load_samples(pairs_root)
    public_dataset_trees.write_carl(tmp_path, samples)
    run_tool('dataset_converters/carl_visth2coco', tmp_path, '--labels', 'labels',
        '--val-subjects', 1, '--test-subjects', 2, '--jobs', 1)
    return tmp_path


def registered(root):
    return json.loads(
        (root / 'annotations/train_registered.json').read_text())


def assert_registered(root, tolerance):
    for image in registered(root)['images']:
        matrix = np.reshape(image['rgb_homography'], (3, 3))
        points = np.array([[60., 90], [160, 220], [140, 120]])
        found = points @ matrix[:2, :2].T + matrix[:2, 2]
        truth = points @ public_dataset_trees.CARL_MATRIX[:, :2].T + \
            public_dataset_trees.CARL_MATRIX[:, 2]
        np.testing.assert_allclose(found, truth, atol=tolerance)


@pytest.mark.parametrize('per, tolerance', [('frame', 6), ('subject_id', 3),
                                            ('dataset', 1.5)])
def test_register_from_the_points_of_both(run_tool, unaligned, per, tolerance):
    printed = run_tool('misc/register_pairs', unaligned / 'annotations/train.json',
                  '--per', per, '--preview', unaligned / 'preview.png')
    assert 'pairs registered; residual of the points: median' in printed
    # Six points of whole pixels each: more frames, less noise.
    assert_registered(unaligned, tolerance)
    assert all('rgb_keypoints' not in annotation
               for annotation in registered(unaligned)['annotations'])
    assert cv2.imread(str(unaligned / 'preview.png')) is not None
    dataset = DATASETS.build(
        dict(
            type='CarlVisThDataset',
            data_root=str(unaligned),
            ann_file='annotations/train_registered.json',
            with_rgb=True))
    assert dataset[0]['rgb_to_thermal'].shape == (3, 3)


def test_register_from_detections_of_another_point_set(run_tool, unaligned,
                                                       pairs_root):
    samples = public_dataset_trees.load_samples(pairs_root)
    images, annotations = [], []
    train = json.loads((unaligned / 'annotations/train.json').read_text())
    names = [image['rgb_file_name'] for image in train['images']]
    for i, (name, sample) in enumerate(zip(names, samples)):
        points = public_dataset_trees.rgb_of_carl(sample)[1]
        images.append(dict(id=i, file_name=name))
        annotations.append(
            dict(
                image_id=i,
                keypoints=np.column_stack(
                    [points, np.full(68, 2)]).ravel().tolist()))
    path = unaligned / 'rgb.json'
    path.write_text(json.dumps(dict(images=images, annotations=annotations)))
    arguments = (unaligned / 'annotations/train.json', '--rgb-landmarks', path)
    with pytest.raises(SystemExit, match='Name the sets with --points'):
        run_tool('misc/register_pairs', *arguments)
    run_tool('misc/register_pairs', *arguments, '--points', 'ibug68', 'carl_visth',
        '--per', 'dataset')
    assert_registered(unaligned, 1.5)


def test_register_with_a_landmark_model(run_tool, unaligned, save_teacher):
    """An untrained one: its points fit nothing, which is said."""
    from conftest import COLOUR, estimator
    model = estimator(normalisation=COLOUR)
    checkpoint = save_teacher(model)
    config = unaligned / 'model.py'
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
                dataset=dict(
                    type='ThermalFaceDataset',
                    pipeline=pipeline)))).dump(str(config))
    with pytest.raises(SystemExit, match='no pair could be registered'):
        run_tool('misc/register_pairs', unaligned / 'annotations/train.json',
            '--rgb-model', config, checkpoint, '--points', 'ibug68',
            'carl_visth', '--max-residual', '.001')


def test_register_by_calibration(run_tool, unaligned):
    back = cv2.invertAffineTransform(public_dataset_trees.CARL_MATRIX)
    thermal = np.random.default_rng(0).uniform(0, 90, (12, 2))
    rgb = thermal @ back[:, :2].T + back[:, 2]
    table = unaligned / 'calibration.csv'
    np.savetxt(table, np.column_stack([rgb, thermal]), delimiter=',',
               header='rgb_x,rgb_y,thermal_x,thermal_y', comments='')
    arguments = (unaligned / 'annotations/train.json', '--calibration', table)
    run_tool('misc/register_pairs', *arguments, '--model', 'homography')
    assert_registered(unaligned, .1)
    table.write_text('x,y\n1,2\n')
    with pytest.raises(SystemExit, match='It needs a header and the columns'):
        run_tool('misc/register_pairs', *arguments)


def test_register_names_what_is_missing(run_tool, unaligned):
    path = unaligned / 'annotations/train.json'
    with pytest.raises(SystemExit, match='has no field "sequence_id"'):
        run_tool('misc/register_pairs', path, '--per', 'sequence_id')
    with pytest.raises(SystemExit, match='has no "rgb_keypoints"'):
        run_tool('misc/register_pairs', _without_rgb_points(path))


def _without_rgb_points(path):
    coco = json.loads(path.read_text())
    for annotation in coco['annotations']:
        del annotation['rgb_keypoints']
    bare = path.with_name('bare.json')
    bare.write_text(json.dumps(coco))
    return bare


def test_fit_palette(run_tool, pairs_root, tmp_path):
    """SF-TL54's two copies give the palette that decodes one of them."""
    samples = public_dataset_trees.load_samples(pairs_root)
    public_dataset_trees.write_sftl54(tmp_path, samples)
    out = tmp_path / 'palette.png'
    run_tool('misc/fit_palette', tmp_path / 'gray/train/images',
        tmp_path / 'iron/train/images', out)
    assert cv2.imread(str(out)).shape == (1, 256, 3)
    run_tool('dataset_converters/sftl542coco', tmp_path, '--palette', 'iron',
        '--jobs', 1)
    coco = json.loads((tmp_path / 'annotations/train.json').read_text())
    image = dict(coco['images'][0], palette=str(out))
    from mmpose_thermal.datasets.transforms import LoadThermalImage
    image['img_path'] = str(tmp_path / image['file_name'])
    found = LoadThermalImage(channels=1)(image)['img']
    assert np.abs(found.astype(int) - samples[0].thermal).mean() < 2
    with pytest.raises(SystemExit, match='cannot be decoded'):
        run_tool('misc/fit_palette', tmp_path / 'gray', tmp_path / 'iron', out)


def test_benchmark_of_loading(run_tool, pairs_root):
    printed = run_tool('dev/benchmark_loading', '--data-root',
                  pairs_root, '--samples', 3, '--rounds', 1, '--input-size',
                  64)
    assert 'MMPose, two passes, one target' in printed
    with pytest.raises(SystemExit, match='does not exist'):
        run_tool('dev/benchmark_loading', '--data-root', '/none')


def test_pictures_of_the_effects(run_tool, tmp_path):
    run_tool('dev/draw_thermal_effects', tmp_path / 'effects.png')
    assert cv2.imread(str(tmp_path / 'effects.png')).shape[1] > 1000


@pytest.mark.parametrize('options', [
    [], ['--faces', 3, '--style', 'tfw'],
    ['--sequence', '--unaligned', '--condition', 'cold']])
def test_preview_of_synthetic_data(run_tool, tmp_path, options):
    run_tool('misc/make_synthetic_pairs', tmp_path / 'unused', '--preview',
        tmp_path / 'sheet.png', '--size', 64, *options)
    assert cv2.imread(str(tmp_path / 'sheet.png')).shape[1] == 8 * 68 + 4
    assert not (tmp_path / 'unused').exists()
