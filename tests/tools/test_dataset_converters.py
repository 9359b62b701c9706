"""Each converter on a miniature of its data set, in the set's own format."""
import json
import os
import shutil
import subprocess
import sys

import cv2
import public_dataset_trees
import numpy as np
import pytest
from conftest import REPOSITORY
from mmpose.registry import DATASETS, TRANSFORMS

from mmpose_thermal.datasets.conversion import (ConversionError, Face, Picture,
                                                convert, split_by_subject)

CONVERTERS = REPOSITORY / 'tools/dataset_converters'


@pytest.fixture(scope='session')
def samples(pairs_root):
    return public_dataset_trees.load_samples(pairs_root)


@pytest.fixture
def run(run_tool):
    """Runs a converter in this process; returns what it printed."""
    return lambda name, *arguments: run_tool(
        f'dataset_converters/{name}2coco', *arguments, '--jobs', 1)


def load(root, name='train'):
    return json.loads((root / f'annotations/{name}.json').read_text())


def points_of(annotation, field='keypoints'):
    return np.reshape(annotation[field], (-1, 3))


def build(type, root, name='train', **arguments):
    return DATASETS.build(
        dict(
            type=type,
            data_root=str(root),
            ann_file=f'annotations/{name}.json',
            pipeline=[
                dict(type='LoadThermalImage'),
                *([dict(type='LoadRGBPartner')]
                  if arguments.get('with_rgb') else [])
            ],
            **arguments))


def test_sftl54(run, samples, tmp_path):
    public_dataset_trees.write_sftl54(tmp_path, samples)
    printed = run('sftl54', tmp_path)
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
    found = points_of(coco['annotations'][0])
    assert (found[:, 2] == 2).all()
    np.testing.assert_allclose(
        found[:, :2], samples[0].points[public_dataset_trees.SFTL54_OF_IBUG], atol=.01)
    np.testing.assert_allclose(
        coco['annotations'][0]['bbox'], samples[0].box, atol=.02)
    dataset = build('SFTL54Dataset', tmp_path, with_rgb=True,
                    require_rgb=False)
    assert len(dataset) == 6 and len(dataset[1]['img']) == 2
    visible = load(tmp_path, 'rgb_train')
    assert len(visible['images']) == 5
    assert visible['images'][0]['file_name'].startswith('rgb/train/')


def test_sftl54_iron_and_challenging(run, samples, tmp_path):
    public_dataset_trees.write_sftl54(tmp_path, samples)
    printed = run('sftl54', tmp_path, '--palette', 'iron',
                  '--leave-out-challenging')
    assert 'left out: 1 ' in printed and '1 challenging, first' in printed
    assert len(load(tmp_path)['images']) == 5
    dataset = build('SFTL54Dataset', tmp_path)
    difference = np.abs(dataset[0]['img'][..., 0].astype(int) -
                        samples[0].thermal)
    assert difference.max() <= 2


def test_sftl54_jsonl_is_the_same(run, samples, tmp_path):
    for name in ('json', 'jsonl'):
        public_dataset_trees.write_sftl54(
            tmp_path / name, samples, jsonl=name == 'jsonl')
        run('sftl54', tmp_path / name)
    for one, other in zip(*(load(tmp_path / name)['annotations']
                            for name in ('json', 'jsonl'))):
        assert one['keypoints'] == other['keypoints']


def test_sftl54_pairs_by_name_and_never_by_order(run, samples, tmp_path):
    public_dataset_trees.write_sftl54(tmp_path, samples)
    rgb = tmp_path / 'rgb/test'
    first = sorted(rgb.iterdir())[0]
    first.rename(rgb / f'99_{first.name.split("_", 1)[1]}')
    with pytest.raises(SystemExit, match='1 thermal images have no RGB partner'
                       '.*99_.*by order could pair different people'):
        run('sftl54', tmp_path)
    assert not (tmp_path / 'annotations').exists()


def test_sftl54_partner_of_another_name_but_the_same_frame(run, samples,
                                                           tmp_path):
    """How the RGB frames of session 1 are called is not known."""
    public_dataset_trees.write_sftl54(tmp_path, samples)
    public_dataset_trees.write_image(tmp_path / 'rgb/train/1_1_1_1_rgb.png',
                           samples[0].rgb)
    assert '6 with an RGB partner' in run('sftl54', tmp_path)
    assert load(tmp_path)['images'][0][
        'rgb_file_name'] == 'rgb/train/1_1_1_1_rgb.png'
    # Two candidates: neither is taken.
    public_dataset_trees.write_image(tmp_path / 'rgb/train/1_1_1_1_vis.png',
                           samples[0].rgb)
    with pytest.raises(SystemExit, match='belong to no thermal one'):
        run('sftl54', tmp_path)


def test_sftl54_labels_and_images_must_match(run, samples, tmp_path):
    public_dataset_trees.write_sftl54(tmp_path, samples)
    label = sorted((tmp_path / 'gray/train/json').iterdir())[0]
    label.rename(label.with_name('1_1_1_9_450_1.json'))
    with pytest.raises(SystemExit, match='1 names have no labels, first 1_1'):
        run('sftl54', tmp_path)


def test_subjects_in_two_splits_are_refused(run, samples, tmp_path):
    people = {sample.subject for sample in samples if sample.split == 'train'}
    shared = [
        sample._replace(subject=min(people))
        if sample.split == 'test' else sample for sample in samples
    ]
    public_dataset_trees.write_sftl54(tmp_path, shared)
    with pytest.raises(SystemExit, match='1 subjects are in more than one '
                       'split, first subject 1'):
        run('sftl54', tmp_path)
    assert not list(tmp_path.glob('annotations/*.json'))


def test_tfake(run, samples, tmp_path):
    public_dataset_trees.write_tfake(tmp_path, samples)
    (tmp_path / 'FaceSynthetics/000003_ldmks.txt').unlink()
    printed = run('tfake', tmp_path, '--val-share', '.2', '--test-share', '.2')
    assert '2 no landmarks, first warm/000003_thermal.png' in printed
    assert 'train.json: 16 images, 16 faces, 8 subjects, 16 with' in printed
    coco = load(tmp_path)
    image = coco['images'][0]
    assert image['bit_depth'] == 16 and image['condition'] == 'warm'
    found = points_of(coco['annotations'][0])[:, :2]
    # The right eye's pupil comes first, whatever the file's order.
    np.testing.assert_allclose(
        found[68], samples[0].points[36:42].mean(0), atol=.01)
    assert len(load(tmp_path, 'rgb_train')['images']) == 8
    assert len(build('TFakeDataset', tmp_path, with_rgb=True)[0]['img']) == 2


def test_tfake_of_one_condition(run, samples, tmp_path):
    public_dataset_trees.write_tfake(tmp_path, samples)
    shutil.rmtree(tmp_path / 'cold')
    (tmp_path / 'warm').rename(tmp_path / 'images')
    assert '13 used' in run('tfake', tmp_path, '--warm', 'images')


def test_tfw(run, samples, tmp_path):
    public_dataset_trees.write_tfw(tmp_path, samples)
    printed = run('tfw', tmp_path, '--rgb', 'speakingfaces')
    assert 'train.json: 6 images, 9 faces, 3 subjects and images of unknown ' \
        'subjects, 3 with an RGB partner' in printed
    coco = load(tmp_path)
    outdoor = [
        image for image in coco['images'] if image['place'] == 'outdoor'
    ]
    faces = [
        annotation for annotation in coco['annotations']
        if annotation['image_id'] == outdoor[0]['id']
    ]
    assert len(faces) == 2
    assert 'subject_id' not in outdoor[0]
    dataset = build('TFWDataset', tmp_path, with_rgb=True, require_rgb=False)
    assert len(dataset) == 9
    assert dataset[0]['keypoints'].shape == (1, 5, 2)


def test_charlotte(run, samples, tmp_path):
    public_dataset_trees.write_charlotte(tmp_path, samples)
    # A row with some points of a front view and a missing image.
    broken = tmp_path / 'S1.csv'
    rows = broken.read_text().splitlines()
    cells = rows[2].split(',')
    cells[7 + 2 * 60:] = [''] * (len(cells) - 7 - 2 * 60)
    broken.write_text('\n'.join([*rows[:2], ','.join(cells)]) + '\n')
    (tmp_path / 'S2/R21002.tiff').unlink()
    printed = run('charlotte', tmp_path)
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
        for name in ('train', 'val', 'test')
    }
    assert splits['val'] == {5} and splits['test'] == {6, 7}


def test_rwth(run, samples, tmp_path):
    public_dataset_trees.write_rwth(tmp_path, samples)
    bad = tmp_path / 'irface_sub001_seq02_frm00001.jpg_lfb.ljson'
    labels = json.loads(bad.read_text())
    labels['landmarks']['points'] = [
        [x, y] for y, x in labels['landmarks']['points']
    ]
    bad.write_text(json.dumps(labels))
    printed = run('rwth', tmp_path, '--val-subjects', '1', '--test-subjects',
                  '2', '--author-boxes')
    assert '1 mirrored face: x and y swapped?' in printed
    coco = load(tmp_path)
    np.testing.assert_allclose(
        points_of(coco['annotations'][0])[:, :2], samples[0].points, atol=.01)
    low = samples[0].points.min(0)
    np.testing.assert_allclose(
        coco['annotations'][0]['bbox'][:2],
        np.maximum(low - (5, 40), 0), atol=.02)
    assert coco['images'][0]['subject_id'] == 1
    dataset = build('RWTHDataset', tmp_path)
    assert len(dataset) == 7
    # As docs/dataset_zoo/rwth.md says, for a model of SF-TL54's points.
    convert = TRANSFORMS.build(
        dict(type='PointSetConverter', source='rwth', target='sftl54'))
    np.testing.assert_allclose(
        convert(dataset[0])['keypoints'][0],
        samples[0].points[public_dataset_trees.SFTL54_OF_IBUG], atol=.01)


def test_labelme(run, samples, tmp_path):
    public_dataset_trees.write_labelme(tmp_path, samples)
    (tmp_path / 'person1_000.json').unlink()
    printed = run('labelme', tmp_path, '--rgb', 'visible',
                  '--temperature-scale', '.01')
    assert '1 no json file, first person1_000' in printed
    coco = load(tmp_path)
    assert coco['images'][0]['subject_id'] == 'person1'
    assert coco['images'][0]['bit_depth'] == 16
    assert coco['images'][0]['rgb_file_name'] == 'visible/person1_001.png'
    assert len(coco['annotations']) == 2 * len(coco['images'])
    np.testing.assert_allclose(
        points_of(coco['annotations'][0])[:, :2], samples[1].points, atol=.01)
    build('ThermalFaceDataset', tmp_path, with_rgb=True)


def test_labelme_of_images_that_share_a_name(run, samples, tmp_path):
    """Which of them was labelled is not known."""
    public_dataset_trees.write_labelme(tmp_path, samples)
    first = sorted(tmp_path.glob('*.png'))[0]
    shutil.copy(first, first.with_suffix('.jpg'))
    printed = run('labelme', tmp_path, '--rgb', 'visible')
    assert f'1 several images of one name: .jpg, .png, first {first.stem}' in \
        printed


def test_tables_with_a_byte_order_mark(run, samples, tmp_path):
    """As Excel and Notepad save them."""
    public_dataset_trees.write_tfw(tmp_path / 'tfw', samples)
    public_dataset_trees.write_rwth(tmp_path / 'rwth', samples)
    public_dataset_trees.write_sftl54(tmp_path / 'sftl54', samples, jsonl=True)
    tables = [path for suffix in ('csv', 'ljson', 'jsonl')
              for path in tmp_path.rglob(f'*.{suffix}')]
    assert len(tables) > 10
    for path in tables:
        path.write_bytes(b'\xef\xbb\xbf' + path.read_bytes())
    run('tfw', tmp_path / 'tfw')
    assert len(load(tmp_path / 'tfw')['annotations']) == 9
    run('rwth', tmp_path / 'rwth', '--val-subjects', 1, '--test-subjects', 2)
    run('sftl54', tmp_path / 'sftl54', '--leave-out-challenging')
    assert len(load(tmp_path / 'sftl54')['images']) == 5


def test_labelme_by_number(run, samples, tmp_path):
    """Points may be named by their numbers; what cannot be is left out."""
    public_dataset_trees.write_labelme(tmp_path, samples)
    _, second, third, *_ = sorted(tmp_path.glob('*.json'))
    for path in tmp_path.glob('*.json'):
        content = json.loads(path.read_text())
        for index, shape in enumerate(content['shapes']):
            shape['label'] = str(index % 68)
        if path == second:
            content['shapes'] = [
                dict(shape, label=f'x{i % 7}{i}') if i % 3 else shape
                for i, shape in enumerate(content['shapes'])]
        if path == third:
            content['shapes'][0]['label'] = '1'
        path.write_text(json.dumps(content))
    printed = run('labelme', tmp_path, '--rgb', 'visible',
                  '--temperature-scale', '.01')
    assert f'1 labels that are no names of points, first {second.stem}' in \
        printed
    assert f'1 the same point twice, first {third.stem}' in printed
    np.testing.assert_allclose(
        points_of(load(tmp_path)['annotations'][0])[:, :2],
        samples[0].points, atol=.01)


@pytest.mark.parametrize('count, message', [
    (68, ': a point has the number 68, but the 68 points are 0 to 67'),
    (67, 'labelled 1 to 67, and none 0. Numbers of points begin with 0')])
def test_labelme_by_numbers_from_1(run, samples, tmp_path, count, message):
    public_dataset_trees.write_labelme(tmp_path, samples)
    for path in tmp_path.glob('*.json'):
        content = json.loads(path.read_text())
        content['shapes'] = [
            dict(shape, label=str(index + 1))
            for index, shape in enumerate(content['shapes'][:count])]
        path.write_text(json.dumps(content))
    with pytest.raises(SystemExit, match=message):
        run('labelme', tmp_path, '--rgb', 'visible')
    assert not (tmp_path / 'annotations').exists()


@pytest.mark.skipif(os.name == 'nt', reason='a backslash parts folders there')
def test_labelme_of_names_with_a_backslash(run, samples, tmp_path):
    public_dataset_trees.write_labelme(tmp_path, samples)
    path = sorted(tmp_path.glob('*.json'))[0]
    image, = (one for one in tmp_path.glob(f'{path.stem}.*') if one != path)
    for old in path, image:
        old.rename(tmp_path / ('a\\' + old.name))
    printed = run('labelme', tmp_path, '--rgb', 'visible')
    assert f'1 file name with a backslash: rename it, first a\\{path.stem}' in \
        printed


@pytest.mark.parametrize('eurecom', [False, True])
def test_carl_and_visth(run, samples, tmp_path, eurecom):
    public_dataset_trees.write_carl(tmp_path, samples, eurecom)
    run('carl_visth', tmp_path, '--labels', 'labels', '--val-subjects', '1',
        '--test-subjects', '2')
    coco = load(tmp_path)
    assert len(coco['images']) == sum(
        sample.split == 'train' or sample.subject == min(
            s.subject for s in samples if s.split == 'val')
        for sample in samples)
    annotation = coco['annotations'][1]
    assert (points_of(annotation)[5] == 0).all()
    assert annotation['num_keypoints'] == 5
    rgb_points = public_dataset_trees.rgb_of_carl(samples[0])[1][[36, 39, 42, 45]]
    found = points_of(coco['annotations'][0], 'rgb_keypoints')
    np.testing.assert_allclose(found[:4, :2], rgb_points, atol=.51)
    dataset = build('CarlVisThDataset', tmp_path, with_rgb=True)
    matrix = dataset[0]['rgb_to_thermal']
    # Whole pixels of six points, hence the tolerance.
    np.testing.assert_allclose(
        matrix[:2, :2], public_dataset_trees.CARL_MATRIX[:, :2], atol=.06)
    visible = load(tmp_path, 'rgb_train')
    assert 'rgb_keypoints' not in visible['annotations'][0]
    np.testing.assert_allclose(
        points_of(visible['annotations'][0])[:4, :2], rgb_points, atol=.51)


@pytest.mark.parametrize('name', [
    'sftl54', 'tfake', 'tfw', 'charlotte', 'rwth', 'labelme', 'carl_visth'])
def test_an_empty_folder_is_one_clear_error(run, name, tmp_path):
    arguments = ['--labels', '.'] if name == 'carl_visth' else []
    with pytest.raises(SystemExit) as exit_:
        run(name, tmp_path, *arguments)
    assert str(tmp_path) in exit_.value.code
    with pytest.raises(SystemExit, match='is no folder'):
        run(name, tmp_path / 'none', *arguments)


def picture(root, task):
    name, subject, split = task
    return Picture(name, split, [Face(np.array([[2., 3], [9, 12], [30, 5]]))],
                   fields=dict(subject_id=subject))


def test_damaged_images_are_left_out_and_counted(tmp_path, capsys):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((20, 20), np.uint8))
    (tmp_path / 'b.png').write_bytes(b'none')
    paths = convert(
        str(tmp_path),
        [(name, (name, i, 'train')) for i, name in enumerate(
            ('a.png', 'b.png', 'c.png'))],
        picture, {'': _three_points(tmp_path)}, 'Mine')
    assert list(paths) == ['train']
    annotation = json.loads(paths['train'].read_text())['annotations'][0]
    # The last point lies outside the image: labelled, not visible.
    assert points_of(annotation)[:, 2].tolist() == [2, 2, 1]
    assert annotation['bbox'] == [0, 2.1, 20, 10.8]
    left_out = json.loads((tmp_path / 'annotations/left_out.json').read_text())
    assert [entry[:2] for entry in left_out] == [
        ['b.png', 'unreadable'], ['c.png', 'missing .png file']]
    assert 'b.png cannot be decoded' in left_out[0][2]
    assert '1 missing .png file, first c.png' in capsys.readouterr().out


def test_another_number_of_points_is_left_out(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((20, 20), np.uint8))
    with pytest.raises(ConversionError, match='3 points instead of 68'):
        convert(str(tmp_path), [('a', ('a.png', 0, 'train'))], picture,
                {'': 'ibug68'}, 'Mine')


def _three_points(folder):
    path = folder / 'three.py'
    path.write_text('dataset_info = dict(dataset_name="three", keypoint_info={'
                    'i: dict(name=f"p{i}", id=i, color=[0, 0, 0], type="", '
                    'swap="") for i in range(3)}, skeleton_info={}, '
                    'joint_weights=[1.] * 3, sigmas=[.1] * 3)')
    return str(path)


class Interrupted(Exception):
    pass


def test_an_interrupted_conversion_leaves_nothing(tmp_path):
    """And what was missing then is found by the next."""
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((20, 20), np.uint8))
    tasks = [(str(i), ('a.png' if i < 300 else 'b.png', i, 'train'))
             for i in range(310)]
    points = {'': _three_points(tmp_path)}

    def read(root, task):
        if task[1] == 305:
            raise Interrupted
        return picture(root, task)

    with pytest.raises(Interrupted):
        convert(str(tmp_path), tasks, read, points, 'Mine')
    assert not (tmp_path / 'annotations').exists()
    cv2.imwrite(str(tmp_path / 'b.png'), np.zeros((20, 20), np.uint8))
    paths = convert(str(tmp_path), tasks, picture, points, 'Mine')
    assert len(json.loads(paths['train'].read_text())['images']) == 310
    assert json.loads(
        (tmp_path / 'annotations/left_out.json').read_text()) == []


def test_files_are_written_together_or_not_at_all(tmp_path, monkeypatch):
    from mmpose_thermal.datasets.conversion import coco_files
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((20, 20), np.uint8))
    tasks = [(split, ('a.png', i, split))
             for i, split in enumerate(('train', 'val', 'test'))]
    points = {'': _three_points(tmp_path)}
    convert(str(tmp_path), tasks, picture, points, 'Mine')
    before = {path.name: path.read_text()
              for path in (tmp_path / 'annotations').iterdir()}
    dump, seen = json.dump, []

    def full_disk(content, file, **options):
        seen.append(file)
        if len(seen) == 3:
            raise OSError('No space left on device')
        dump(content, file, **options)

    monkeypatch.setattr(coco_files.json, 'dump', full_disk)
    with pytest.raises(OSError, match='No space'):
        convert(str(tmp_path), tasks[:2] + [
            ('more', ('a.png', 7, 'train'))], picture, points, 'Mine')
    assert before == {path.name: path.read_text()
                      for path in (tmp_path / 'annotations').iterdir()}


def test_files_of_an_earlier_run_do_not_survive(tmp_path, capsys):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((20, 20), np.uint8))
    tasks = [(split, ('a.png', i, split))
             for i, split in enumerate(('train', 'val'))]
    points = {'': _three_points(tmp_path)}
    convert(str(tmp_path), tasks, picture, points, 'Mine')
    out = tmp_path / 'annotations'
    mine = '{"images": [], "annotations": []}'
    (out / 'test.json').write_text(mine)
    (out / 'train_registered.json').write_text(mine)
    convert(str(tmp_path), tasks[:1], picture, points, 'Mine')
    assert sorted(path.name for path in out.iterdir()) == [
        'left_out.json', 'test.json', 'train.json', 'train_registered.json']
    assert (out / 'test.json').read_text() == mine
    printed = capsys.readouterr().out
    assert 'removed val.json, of an earlier run' in printed
    assert 'train_registered.json was made from an earlier' in printed


def test_what_a_data_set_would_refuse_is_not_written(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((20, 20), np.uint8))

    def read(root, task):
        found = picture(root, task)
        found.fields['temperature_scale'] = 'hot'
        return found

    with pytest.raises(ConversionError, match='refuse train.json: .*"hot"|'
                       "refuse train.json: .*'hot'"):
        convert(str(tmp_path), [('a.png', ('a.png', 0, 'train'))], read,
                {'': _three_points(tmp_path)}, 'Mine')
    assert not (tmp_path / 'annotations').exists()


def test_labels_made_in_a_smaller_copy_are_left_out(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((40, 60), np.uint8))
    points = {'': _three_points(tmp_path)}

    def labelled(*size):
        def read(root, task):
            found = picture(root, task)
            found.labelled_size = size
            return found

        return convert(str(tmp_path), [('a.png', ('a.png', 0, 'train'))],
                       read, points, 'Mine')

    assert labelled(60, 40)
    assert labelled(40, 60)  # exchanged, but the points fit
    with pytest.raises(ConversionError, match='labelled in an image of another'
                       ' size.*labelled 30x20, the image is 60x40'):
        labelled(30, 20)


def test_processes_do_not_change_the_result(samples, tmp_path):
    """And the tool works as a user runs it."""
    public_dataset_trees.write_tfake(tmp_path, samples)
    for frame in range(len(samples), 240):  # more than one chunk
        for condition in ('warm', 'cold'):
            shutil.copy(tmp_path / f'{condition}/000000_thermal.png',
                        tmp_path / f'{condition}/{frame:06d}_thermal.png')
        for suffix in ('.png', '_ldmks.txt'):
            folder = tmp_path / 'FaceSynthetics'
            shutil.copy(folder / f'000000{suffix}',
                        folder / f'{frame:06d}{suffix}')
    for jobs in (1, 2):
        subprocess.run([
            sys.executable, str(CONVERTERS / 'tfake2coco.py'), str(tmp_path),
            '--jobs', str(jobs), '--out', str(tmp_path / f'out{jobs}')],
            check=True)
    for name in ('train', 'val', 'test', 'rgb_train'):
        one, two = ((tmp_path / f'out{jobs}/{name}.json').read_text()
                    for jobs in (1, 2))
        assert one == two


def test_what_was_mended_is_read_again(tmp_path):
    tasks = [('a.png', ('a.png', 0, 'train'))]
    points = {'': _three_points(tmp_path)}
    with pytest.raises(ConversionError, match="missing .png file': 1"):
        convert(str(tmp_path), tasks, picture, points, 'Mine')
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((20, 20), np.uint8))
    assert 'train' in convert(str(tmp_path), tasks, picture, points, 'Mine')


def test_people_without_official_split():
    assert split_by_subject([3, 1, 2, 2], 1, 1) == {
        1: 'train', 2: 'val', 3: 'test'}
    with pytest.raises(ConversionError, match='2 subjects cannot give 1'):
        split_by_subject([1, 2], 1, 1)
