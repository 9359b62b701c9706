"""Each data set in miniature, in its own format, from download to training."""
import json
import os
import shutil
import subprocess
import sys

import cv2
import numpy as np
import public_dataset_trees as trees
import pytest
from conftest import REPOSITORY, new_runner
from mmengine.config import Config
from mmpose.registry import DATASETS, TRANSFORMS

SIX_PEOPLE = ('--val-subjects', 1, '--test-subjects', 2)
#: By data set: what writes its tree, and the arguments of its converter.
ROUTES = dict(
    sftl54=(trees.write_sftl54, ()),
    tfake=(trees.write_tfake, ('--val-share', .2, '--test-share', .2)),
    tfw=(trees.write_tfw, ('--rgb', 'speakingfaces')),
    charlotte=(trees.write_charlotte, ()),
    rwth=(trees.write_rwth, SIX_PEOPLE),
    carl_visth=(trees.write_carl, ('--labels', 'labels', *SIX_PEOPLE)),
    labelme=(trees.write_labelme, ('--rgb', 'visible', '--temperature-scale',
                                   .01, *SIX_PEOPLE)))
CONFIGS = REPOSITORY / 'configs/thermal_face_2d_keypoint/topdown_heatmap'


@pytest.fixture(scope='session')
def samples(pairs_root):
    return trees.load_samples(pairs_root)


@pytest.fixture
def convert(run_cli):
    """Runs a converter in this process; returns what it printed."""
    return lambda name, root, *arguments: run_cli(
        'convert', name, root, *arguments, '--jobs', 1)


def load(root, name='train'):
    return json.loads((root / f'annotations/{name}.json').read_text())


def points_of(annotation, field='keypoints'):
    return np.reshape(annotation[field], (-1, 3))


def assert_points(annotation, expected, field='keypoints', atol=.01):
    found = points_of(annotation, field)[:len(expected), :2]
    np.testing.assert_allclose(found, expected, atol=atol)


def build(type, root, name='train', **arguments):
    pipeline = [dict(type='LoadThermalImage')]
    if arguments.get('with_rgb'):
        pipeline.append(dict(type='LoadRGBPartner'))
    return DATASETS.build(
        dict(type=type, data_root=str(root),
             ann_file=f'annotations/{name}.json', pipeline=pipeline,
             **arguments))


@pytest.mark.parametrize('name', ROUTES)
def test_from_download_to_numbers(convert, run_cli, name, samples, tmp_path):
    write, arguments = ROUTES[name]
    root = tmp_path / 'data'
    write(root, samples)
    convert(name, root, *arguments)

    files = [root / f'annotations/{s}.json' for s in ('train', 'val', 'test')]
    report = tmp_path / 'check.json'
    run_cli('check', *files, '--jobs', 1, '--json', report)
    statistics = json.loads(report.read_text())['statistics']
    assert all(statistics[str(file)]['faces'] for file in files)

    # Someone's own data have no config of their own.
    path, = CONFIGS.glob(
        'synthetic/td-hm_shufflenetv2-w0.5_*-thermal-96x96.py' if name ==
        'labelme' else f'{name}/td-hm_shufflenetv2_*-thermal-*.py')
    config = Config.fromfile(str(path))
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        loader.dataset.update(data_root=f'{root}/', indices=4)
        loader.update(batch_size=2, num_workers=0, persistent_workers=False)
    config.train_cfg.max_epochs = 1
    config.param_scheduler = []
    config.work_dir = str(tmp_path / 'work')
    config.log_level = 'WARNING'
    runner = new_runner(config)
    runner.train()
    assert runner.iter == 2
    assert list((tmp_path / 'work').glob('best_NME_*.pth'))
    metrics = runner.test()
    assert metrics['NME'] > 0 and 0 <= metrics['AUC@0.10'] <= 1


@pytest.mark.parametrize('name', ROUTES)
def test_an_empty_folder_is_one_clear_error(convert, name, tmp_path):
    arguments = ['--labels', '.'] if name == 'carl_visth' else []
    with pytest.raises(SystemExit, match=f'error: .*{tmp_path}'):
        convert(name, tmp_path, *arguments)
    with pytest.raises(SystemExit, match='is not a folder'):
        convert(name, tmp_path / 'none', *arguments)


def test_sftl54(convert, samples, tmp_path):
    trees.write_sftl54(tmp_path, samples)
    printed = convert('sftl54', tmp_path)
    assert 'train: 1 thermal images have no RGB partner' in printed
    assert 'train.json: 6 images, 6 faces, 3 subjects, 5 with an RGB' in printed
    assert 'val.json: 3 images' in printed and 'test.json: 4 ' in printed
    coco = load(tmp_path)
    first, second = coco['images'][:2]
    assert first['file_name'] == 'gray/train/images/1_1_1_1_450_1.png'
    assert 'rgb_file_name' not in first
    assert second['rgb_file_name'] == 'rgb/train/1_2_2_2_1134_1_3.png'
    assert (second['subject_id'], second['trial_id'],
            second['position_id']) == (1, 2, 2)
    annotation = coco['annotations'][0]
    assert (points_of(annotation)[:, 2] == 2).all()
    assert_points(annotation, samples[0].points[trees.SFTL54_OF_IBUG])
    np.testing.assert_allclose(annotation['bbox'], samples[0].box, atol=.02)
    dataset = build('SFTL54Dataset', tmp_path, with_rgb=True,
                    require_rgb=False)
    assert len(dataset) == 6 and len(dataset[1]['img']) == 2
    visible = load(tmp_path, 'rgb_train')
    assert len(visible['images']) == 5
    assert visible['images'][0]['file_name'].startswith('rgb/train/')


def test_sftl54_iron_and_challenging(convert, samples, tmp_path):
    trees.write_sftl54(tmp_path, samples)
    printed = convert('sftl54', tmp_path, '--palette', 'iron',
                      '--leave-out-challenging')
    assert 'left out: 1 ' in printed and '1 challenging, first' in printed
    assert len(load(tmp_path)['images']) == 5
    dataset = build('SFTL54Dataset', tmp_path)
    difference = np.abs(dataset[0]['img'][..., 0].astype(int) -
                        samples[0].thermal)
    assert difference.max() <= 2


def test_sftl54_jsonl_is_the_same(convert, samples, tmp_path):
    for name in ('json', 'jsonl'):
        trees.write_sftl54(tmp_path / name, samples, jsonl=name == 'jsonl')
        convert('sftl54', tmp_path / name)
    for one, other in zip(*(load(tmp_path / name)['annotations']
                            for name in ('json', 'jsonl'))):
        assert one['keypoints'] == other['keypoints']


def test_sftl54_partner_of_another_name_but_the_same_frame(convert, samples,
                                                           tmp_path):
    """How the RGB frames of session 1 are called is not known."""
    trees.write_sftl54(tmp_path, samples)
    rgb = tmp_path / 'rgb/train'
    trees.write_image(rgb / '1_1_1_1_rgb.png', samples[0].rgb)
    assert '6 with an RGB partner' in convert('sftl54', tmp_path)
    assert load(tmp_path)['images'][0][
        'rgb_file_name'] == 'rgb/train/1_1_1_1_rgb.png'
    # Two candidates: neither is taken.
    trees.write_image(rgb / '1_1_1_1_vis.png', samples[0].rgb)
    with pytest.raises(SystemExit, match='do not belong to a thermal one'):
        convert('sftl54', tmp_path)


def _rename_a_partner(root):
    first = sorted((root / 'rgb/test').iterdir())[0]
    first.rename(first.with_name(f'99_{first.name.split("_", 1)[1]}'))


def _rename_labels(root):
    label = sorted((root / 'gray/train/json').iterdir())[0]
    label.rename(label.with_name('1_1_1_9_450_1.json'))


@pytest.mark.parametrize('damage, message', [
    (_rename_a_partner, '1 thermal images have no RGB partner.*99_.*by order '
     'could mix up people'),
    (_rename_labels, '1 names have no labels, first 1_1')])
def test_sftl54_pairs_by_name_and_never_by_order(convert, samples, tmp_path,
                                                 damage, message):
    trees.write_sftl54(tmp_path, samples)
    damage(tmp_path)
    with pytest.raises(SystemExit, match=message):
        convert('sftl54', tmp_path)
    assert not (tmp_path / 'annotations').exists()


def test_subjects_in_two_splits_are_refused(convert, samples, tmp_path):
    people = {sample.subject for sample in samples if sample.split == 'train'}
    shared = [
        sample._replace(subject=min(people))
        if sample.split == 'test' else sample for sample in samples
    ]
    trees.write_sftl54(tmp_path, shared)
    with pytest.raises(SystemExit, match='1 subjects are in more than one '
                       'split, first subject 1'):
        convert('sftl54', tmp_path)
    assert not (tmp_path / 'annotations').exists()


def test_tfake(convert, samples, tmp_path):
    trees.write_tfake(tmp_path, samples)
    (tmp_path / 'FaceSynthetics/000003_ldmks.txt').unlink()
    printed = convert('tfake', tmp_path, *ROUTES['tfake'][1])
    assert '2 no landmarks, first warm/000003_thermal.png' in printed
    assert 'train.json: 16 images, 16 faces, 8 subjects, 16 with' in printed
    coco = load(tmp_path)
    image = coco['images'][0]
    assert image['bit_depth'] == 16 and image['condition'] == 'warm'
    # The right eye's pupil comes first, whatever the file's order.
    np.testing.assert_allclose(
        points_of(coco['annotations'][0])[68, :2],
        samples[0].points[36:42].mean(0), atol=.01)
    assert len(load(tmp_path, 'rgb_train')['images']) == 8
    assert len(build('TFakeDataset', tmp_path, with_rgb=True)[0]['img']) == 2
    # One condition alone, in a folder of another name.
    shutil.rmtree(tmp_path / 'cold')
    (tmp_path / 'warm').rename(tmp_path / 'images')
    assert '12 used' in convert('tfake', tmp_path, '--warm', 'images')


def test_tfw(convert, samples, tmp_path):
    trees.write_tfw(tmp_path, samples)
    printed = convert('tfw', tmp_path, *ROUTES['tfw'][1])
    assert 'train.json: 6 images, 9 faces, 3 subjects and images of unknown ' \
        'subjects, 3 with an RGB partner' in printed
    coco = load(tmp_path)
    outdoor = next(image for image in coco['images']
                   if image['place'] == 'outdoor')
    assert len([annotation for annotation in coco['annotations']
                if annotation['image_id'] == outdoor['id']]) == 2
    assert 'subject_id' not in outdoor
    dataset = build('TFWDataset', tmp_path, with_rgb=True, require_rgb=False)
    assert len(dataset) == 9
    assert dataset[0]['keypoints'].shape == (1, 5, 2)


def test_charlotte(convert, samples, tmp_path):
    trees.write_charlotte(tmp_path, samples)
    # A row with some points of a front view and a missing image.
    broken = tmp_path / 'S1.csv'
    rows = broken.read_text().splitlines()
    cells = rows[2].split(',')
    cells[7 + 2 * 60:] = [''] * (len(cells) - 7 - 2 * 60)
    broken.write_text('\n'.join([*rows[:2], ','.join(cells)]) + '\n')
    (tmp_path / 'S2/R21002.tiff').unlink()
    printed = convert('charlotte', tmp_path)
    assert '1 60 points: neither a front view' in printed
    assert '1 missing .tiff file, first S2.csv: R21002' in printed
    assert 'profile_train.json: 1 images' in printed
    front, profile = load(tmp_path), load(tmp_path, 'profile_train')
    assert len(profile['annotations'][0]['keypoints']) == 43 * 3
    annotation, image = front['annotations'][0], front['images'][0]
    found = points_of(annotation)
    assert len(found) == 72
    assert (found[68:] == 0).all() and (found[:68, 2] > 0).all()
    assert annotation['num_keypoints'] == 68
    assert (image['bit_depth'], image['temperature_scale'],
            image['air_temperature_c'], image['distance_m']) == (
                16, .01, 22.5, 1.4)
    assert build('CharlotteDataset', tmp_path)[0]['img'].ndim == 3
    build('CharlotteProfileDataset', tmp_path, 'profile_train')
    splits = {
        name: {image['subject_id'] for image in load(tmp_path, name)['images']}
        for name in ('val', 'test')
    }
    assert splits == dict(val={5}, test={6, 7})


def test_rwth(convert, samples, tmp_path):
    trees.write_rwth(tmp_path, samples)
    bad = tmp_path / 'irface_sub001_seq02_frm00001.jpg_lfb.ljson'
    labels = json.loads(bad.read_text())
    labels['landmarks']['points'] = [
        [x, y] for y, x in labels['landmarks']['points']
    ]
    bad.write_text(json.dumps(labels))
    printed = convert('rwth', tmp_path, *SIX_PEOPLE, '--author-boxes')
    assert '1 mirrored face: x and y swapped?' in printed
    coco = load(tmp_path)
    annotation = coco['annotations'][0]
    assert_points(annotation, samples[0].points)
    low = samples[0].points.min(0)
    np.testing.assert_allclose(
        annotation['bbox'][:2], np.maximum(low - (5, 40), 0), atol=.02)
    assert coco['images'][0]['subject_id'] == 1
    dataset = build('RWTHDataset', tmp_path)
    assert len(dataset) == 7
    # As docs/dataset_zoo/rwth.md says, for a model of SF-TL54's points.
    to_sftl54 = TRANSFORMS.build(
        dict(type='PointSetConverter', source='rwth', target='sftl54'))
    np.testing.assert_allclose(
        to_sftl54(dataset[0])['keypoints'][0],
        samples[0].points[trees.SFTL54_OF_IBUG], atol=.01)


@pytest.mark.parametrize('eurecom', [False, True])
def test_carl_and_visth(convert, samples, tmp_path, eurecom):
    trees.write_carl(tmp_path, samples, eurecom)
    convert('carl_visth', tmp_path, *ROUTES['carl_visth'][1])
    coco = load(tmp_path)
    assert len(coco['images']) == sum(
        sample.split == 'train' or sample.subject == min(
            s.subject for s in samples if s.split == 'val')
        for sample in samples)
    first, second = coco['annotations'][:2]
    assert (points_of(second)[5] == 0).all() and second['num_keypoints'] == 5
    # Whole pixels of six points, hence the tolerances.
    rgb_points = trees.rgb_of_carl(samples[0])[1][[36, 39, 42, 45]]
    assert_points(first, rgb_points, 'rgb_keypoints', atol=.51)
    matrix = build('CarlVisThDataset', tmp_path,
                   with_rgb=True)[0]['rgb_to_thermal']
    np.testing.assert_allclose(
        matrix[:2, :2], trees.CARL_MATRIX[:, :2], atol=.06)
    visible = load(tmp_path, 'rgb_train')['annotations'][0]
    assert 'rgb_keypoints' not in visible
    assert_points(visible, rgb_points, atol=.51)


def test_labelme(convert, samples, tmp_path):
    trees.write_labelme(tmp_path, samples)
    (tmp_path / 'person1_000.json').unlink()
    # Which of two images of a name was labelled is not known.
    third = sorted(tmp_path.glob('*.png'))[2]
    shutil.copy(third, third.with_suffix('.jpg'))
    printed = convert('labelme', tmp_path, '--rgb', 'visible',
                      '--temperature-scale', '.01')
    assert '1 no json file, first person1_000' in printed
    assert f'1 several images with one name: .jpg, .png, first {third.stem}' in \
        printed
    coco = load(tmp_path)
    image = coco['images'][0]
    assert image['subject_id'] == 'person1' and image['bit_depth'] == 16
    assert image['rgb_file_name'] == 'visible/person1_001.png'
    assert len(coco['annotations']) == 2 * len(coco['images'])
    assert_points(coco['annotations'][0], samples[1].points)
    build('ThermalFaceDataset', tmp_path, with_rgb=True)


def test_labelme_by_numbers_from_1(convert, samples, tmp_path):
    trees.write_labelme(tmp_path, samples)
    for path in tmp_path.glob('*.json'):
        content = json.loads(path.read_text())
        content['shapes'] = [
            dict(shape, label=str(index + 1))
            for index, shape in enumerate(content['shapes'][:67])]
        path.write_text(json.dumps(content))
    with pytest.raises(SystemExit, match='labelled 1 to 67, and none 0. '
                       'Point numbers start at 0'):
        convert('labelme', tmp_path, '--rgb', 'visible')
    assert not (tmp_path / 'annotations').exists()


@pytest.mark.skipif(os.name == 'nt', reason='a backslash parts folders there')
def test_labelme_of_names_with_a_backslash(convert, samples, tmp_path):
    trees.write_labelme(tmp_path, samples)
    path = sorted(tmp_path.glob('*.json'))[0]
    image, = (one for one in tmp_path.glob(f'{path.stem}.*') if one != path)
    for old in path, image:
        old.rename(tmp_path / ('a\\' + old.name))
    printed = convert('labelme', tmp_path, '--rgb', 'visible')
    assert f'1 file name with a backslash: rename it, first a\\{path.stem}' in \
        printed


def test_tables_with_a_byte_order_mark(convert, samples, tmp_path):
    """As Excel and Notepad save them."""
    trees.write_tfw(tmp_path / 'tfw', samples)
    trees.write_rwth(tmp_path / 'rwth', samples)
    trees.write_sftl54(tmp_path / 'sftl54', samples, jsonl=True)
    tables = [path for suffix in ('csv', 'ljson', 'jsonl')
              for path in tmp_path.rglob(f'*.{suffix}')]
    assert len(tables) > 10
    for path in tables:
        path.write_bytes(b'\xef\xbb\xbf' + path.read_bytes())
    convert('tfw', tmp_path / 'tfw')
    assert len(load(tmp_path / 'tfw')['annotations']) == 9
    convert('rwth', tmp_path / 'rwth', *SIX_PEOPLE)
    convert('sftl54', tmp_path / 'sftl54', '--leave-out-challenging')
    assert len(load(tmp_path / 'sftl54')['images']) == 5


def test_processes_do_not_change_the_result(convert, samples, tmp_path):
    """And the script of the converter is the same command."""
    image = samples[0].thermal
    for frame in range(110):  # two pictures each: more than one chunk
        stem = tmp_path / f'FaceSynthetics/{frame:06d}'
        trees.write_image(stem.with_suffix('.png'), cv2.merge([image] * 3))
        np.savetxt(f'{stem}_ldmks.txt', samples[0].points[[*range(68), 0, 1]])
        for condition in ('warm', 'cold'):
            trees.write_image(
                tmp_path / f'{condition}/{frame:06d}_thermal.png', image)
    convert('tfake', tmp_path, '--out', tmp_path / 'out1')
    subprocess.run(
        [sys.executable, REPOSITORY / 'tools/dataset_converters/tfake2coco.py',
         tmp_path, '--jobs', '2', '--out', tmp_path / 'out2'], check=True)
    for name in ('train', 'val', 'test', 'rgb_train'):
        one, two = ((tmp_path / f'out{jobs}/{name}.json').read_text()
                    for jobs in (1, 2))
        assert one == two
