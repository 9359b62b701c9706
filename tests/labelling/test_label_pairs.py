"""Labels of rendered pairs, from teachers that know the truth."""
import json
import os
import re
import shutil
import sys

import cv2
import numpy as np
import pytest
from mmpose.registry import DATASETS

from mmpose_thermal.datasets.point_sets import load_metainfo
from mmpose_thermal.labelling import finders, label, label_pairs
from mmpose_thermal.labelling.model_files import callable_of
from mmpose_thermal.labelling.pairs import read_pairs

FLIP = load_metainfo(dict(from_file='ibug68'))['flip_indices']
#: Where a second camera sees what the rendered RGB image shows.
ZOOM, SHIFT = 2., np.array([30., 10])


def read(path):
    return json.loads(path.read_text())


class Truth:
    """A teacher, detector and thermal landmarker that know the rendered faces.

    Images are known by their pixels, as they are and mirrored.
    """

    def __init__(self, root, ann_file='train.json'):
        self.root, self.points, self.thermal = root, {}, {}
        content = read(root / 'annotations' / ann_file)
        self.images = content['images']
        for image, annotation in zip(self.images, content['annotations']):
            points = np.reshape(annotation['keypoints'], (68, 3))[:, :2]
            self.thermal[image['file_name']] = points
            self.learn(cv2.imread(str(root / image['rgb_file_name'])), points)
        self.unsteady, self.faces, self.own_score = [], 1, 1.

    def learn(self, image, points):
        mirrored = np.array(points)[FLIP]
        mirrored[:, 0] = image.shape[1] - 1 - mirrored[:, 0]
        self.points[image.tobytes()] = points
        self.points[np.ascontiguousarray(image[:, ::-1]).tobytes()] = mirrored

    def teacher(self, image, boxes):
        found = np.column_stack([self.points[image.tobytes()],
                                 np.full(68, self.own_score)])
        found = np.repeat(found[None], len(boxes), 0)
        # Points that follow the size of the box are guessed.
        found[:, self.unsteady, 0] += np.ptp(boxes[:, ::2], axis=1)[:, None]
        return found

    def detector(self, image, min_score):
        points = self.points[image.tobytes()]
        box = np.concatenate([points.min(0), points.max(0)])
        return np.repeat(box[None], self.faces, 0), np.full(self.faces, .8)


@pytest.fixture
def truth(pairs_root):
    return Truth(pairs_root)


@pytest.fixture
def labelled(truth, pairs_root, tmp_path):
    """Labels the training pairs as aligned; returns the result and the file."""

    def run(pairs=pairs_root / 'annotations/train.json', **options):
        options = {**dict(teacher=truth.teacher, detector=truth.detector,
                          registration='aligned', say=lambda line: None), **options}
        out = options.pop('out', str(tmp_path / 'labels.json'))
        result = label_pairs(str(pairs), options.pop('teacher'), out, **options)
        return result, read(tmp_path / 'labels.json')

    return run


def test_aligned_pairs_get_the_teachers_points(labelled, pairs_root, truth, tmp_path):
    result, content = labelled()
    assert (result.pairs, result.images, result.faces) == (6, 6, 6)
    assert result.mean_score == pytest.approx(1) and result.dropped == {}
    assert 'rgb_homography' not in content['images'][0]
    dataset = DATASETS.build(dict(
        type='ThermalFaceDataset', data_root=str(pairs_root), with_rgb=True,
        ann_file=str(tmp_path / 'labels.json')))
    names = [image['file_name'] for image in truth.images]
    for name, sample, face in zip(names, dataset, content['annotations']):
        visible = sample['keypoints_visible'][0] > 0
        assert sample['keypoints'][0][visible] == pytest.approx(
            truth.thermal[name][visible], abs=.01)
        assert face['keypoint_scores'] == [1.] * 68 and face['score'] == 1
    # Attributes of images stay.
    assert content['images'][0]['yaw_deg'] == truth.images[0]['yaw_deg']


def test_points_on_which_looks_disagree_are_dropped(labelled, truth):
    truth.unsteady = [3, 60]
    result, content = labelled()
    for face in content['annotations']:
        points = np.reshape(face['keypoints'], (68, 3))
        assert points[[3, 60]].tolist() == [[0, 0, 0]] * 2
        assert (np.delete(points[:, 2], [3, 60]) == 2).mean() > .9
        assert max(face['keypoint_scores'][i] for i in (3, 60)) < .3
        assert face['num_keypoints'] == (points[:, 2] > 0).sum()
    assert result.points_share == pytest.approx(
        np.mean([f['num_keypoints'] for f in content['annotations']]) / 68)


def test_a_folder_of_pairs_needs_no_annotation_file(labelled, pairs_root, truth):
    rendered = len(list(pairs_root.glob('rgb/**/*.png')))
    thermal = len(list(pairs_root.glob('thermal/**/*.png')))
    known = truth.points
    for split in ('val', 'test'):
        known = {**Truth(pairs_root, f'{split}.json').points, **known}
    truth.points = known
    result, content = labelled(pairs_root)
    assert result.pairs == result.images == thermal
    assert result.dropped == {
        'RGB image without thermal partner': rendered - thermal}
    assert content['images'][0]['file_name'].startswith('thermal/')
    assert content['images'][0]['rgb_file_name'].startswith('rgb/')


@pytest.fixture
def two_cameras(tmp_path, truth, pairs_root, monkeypatch):
    """A folder whose RGB camera is another one, in two sessions."""
    root = tmp_path / 'rig'
    for folder in ('rgb', 'thermal16'):
        (root / folder).mkdir(parents=True)
    lines = ['thermal,rgb,session']
    for number, image in enumerate(truth.images):
        name, session = f'{number}.png', number // 3
        deep = pairs_root / image['file_name'].replace('thermal/', 'thermal16/')
        shutil.copy(deep, root / 'thermal16' / name)
        matrix = np.column_stack([ZOOM * np.eye(2), SHIFT + 9 * session])
        rgb = cv2.warpAffine(cv2.imread(str(pairs_root / image['rgb_file_name'])),
                             matrix, (300, 260))
        cv2.imwrite(str(root / 'rgb' / name), rgb)
        points = truth.thermal[image['file_name']]
        truth.learn(rgb, points @ matrix[:, :2].T + matrix[:, 2])
        truth.thermal[f'thermal16/{name}'] = points
        lines.append(f'thermal16/{name},rgb/{name},{session}')
    (root / 'pairs.csv').write_text('\n'.join(lines))

    class Landmarker:
        def __init__(self, points):
            assert points == 'ibug68'

        def __call__(self, record):
            assert record['img_path'] == str(root / record['file_name'])
            found = truth.thermal[record['file_name']]
            return None if found is None else np.column_stack(
                [found, np.full(68, 2.)])

    monkeypatch.setattr(label, 'ThermalFinder', Landmarker)
    return root


def test_cameras_apart_are_registered_by_session(labelled, two_cameras, truth):
    # One face is lost in the thermal image: the session's map holds for it, too.
    known = truth.thermal['thermal16/1.png']
    truth.thermal['thermal16/1.png'] = None
    result, content = labelled(two_cameras, registration='fit')
    assert result.faces == 6
    truth.thermal['thermal16/1.png'] = known
    for image, face in zip(content['images'], content['annotations']):
        assert image['bit_depth'] == 16
        shift = SHIFT + 9 * int(image['session'])
        assert np.reshape(image['rgb_homography'], (3, 3)) == pytest.approx(
            np.array([[.5, 0, -shift[0] / 2], [0, .5, -shift[1] / 2], [0, 0, 1]]),
            abs=.01)
        points = np.reshape(face['keypoints'], (68, 3))
        seen = points[:, 2] > 0
        assert points[seen, :2] == pytest.approx(
            truth.thermal[image['file_name']][seen], abs=.1)


def test_a_face_that_moved_between_the_exposures_is_dropped(
        labelled, two_cameras, truth):
    truth.thermal['thermal16/2.png'] = truth.thermal['thermal16/2.png'] + (25, 0)
    result, content = labelled(two_cameras, registration='fit', per='session')
    assert 'thermal16/2.png' not in {i['file_name'] for i in content['images']}
    assert result.faces == 5 and list(result.dropped) == [
        'RGB and thermal points disagree (moved between the exposures?)']


def test_without_points_in_thermal_images_nothing_is_registered(
        labelled, two_cameras, truth):
    for number in range(3):
        truth.thermal[f'thermal16/{number}.png'] = None
    lines = []
    result, _ = labelled(two_cameras, registration='fit', say=lines.append)
    assert result.faces == 3 and result.dropped == {'registration failed': 3}
    assert lines == ['no map from RGB to thermal images for "0": no face was found in '
                     'its thermal images.']


def test_what_is_unsure_is_counted_by_reason(labelled, two_cameras, truth):
    truth.faces = 2
    with pytest.raises(ValueError, match='no face is left of 6 pairs .6 several faces'):
        labelled(two_cameras, registration='fit')
    truth.faces = 0
    with pytest.raises(ValueError, match='6 no face found in RGB'):
        labelled()
    truth.faces, truth.own_score = 1, .4
    with pytest.raises(ValueError, match='6 low score'):
        labelled()
    (two_cameras / 'rgb/0.png').write_bytes(b'no image')
    result, _ = labelled(two_cameras, registration='fit', per='session', min_score=.3)
    assert result.dropped == {'RGB image missing or unreadable': 1}
    assert '5 faces in 5 images of 6 pairs' in result.summary()
    assert re.search('dropped: 1 RGB image missing or unreadable, such as: .*0.png',
                     result.summary())


def test_views_of_other_shapes_are_told(labelled, pairs_root, truth, tmp_path):
    content = read(pairs_root / 'annotations/train.json')
    content['images'][0]['width'] *= 2
    (tmp_path / 'wide.json').write_text(json.dumps(content))
    with pytest.warns(UserWarning, match='have another aspect ratio'):
        labelled(tmp_path / 'wide.json', data_root=str(pairs_root))


def test_no_pairs_are_an_error(labelled, tmp_path):
    (tmp_path / 'pairs.csv').write_text('rgb,thermal\n')
    with pytest.raises(FileNotFoundError, match='lists no pairs'):
        labelled(tmp_path)


def test_boxes_only_are_unlabelled_faces(labelled, truth):
    result, content = labelled(teacher=None, boxes_only=True)
    assert result.faces == 6 and result.points_share == 0
    for image, face in zip(content['images'], content['annotations']):
        assert 'keypoints' not in face and face['score'] == .8
        points = truth.thermal[image['file_name']]
        low = np.clip(points.min(0), 0, None)
        assert face['bbox'][:2] == pytest.approx(low, abs=.01)


def test_boxes_of_the_annotation_file_are_used(labelled, truth):
    result, content = labelled(detector=None)
    assert result.faces == 6
    assert content['annotations'][0]['keypoint_scores'] == [1.] * 68


def test_doubt_shrinks_no_box(labelled, truth):
    _, content = labelled(min_point_score=0)
    truth.unsteady = list(range(17))  # the jaw, by which the box is high
    _, doubted = labelled()
    for face, sure in zip(doubted['annotations'], content['annotations']):
        assert face['num_keypoints'] < sure['num_keypoints']
        assert face['bbox'][3] == pytest.approx(sure['bbox'][3], abs=.1)


def test_points_that_the_teacher_lacks_are_not_labelled(labelled, truth):
    _, content = labelled(teacher=lambda image, boxes: truth.teacher(image, boxes)[
        :, [39, 42, 30, 48, 54]], teacher_points='tfw', min_point_score=0)
    face = content['annotations'][0]
    points = np.reshape(face['keypoints'], (68, 3))
    assert sorted(np.flatnonzero(points[:, 2])) == [30, 48, 54]
    assert face['score'] == 1 and sum(face['keypoint_scores']) == 3


def test_points_of_another_set_are_converted(labelled, truth):
    result, content = labelled(points='tfw', teacher_points='ibug68')
    face = np.reshape(content['annotations'][0]['keypoints'], (5, 3))
    names = content['categories'][0]['keypoints']
    points = truth.thermal[content['images'][0]['file_name']]
    assert face[names.index('right_eye_centre'), :2] == pytest.approx(
        points[[36, 39]].mean(0), abs=.02)


def test_options_that_do_not_fit_are_explained(labelled, two_cameras, truth):
    with pytest.raises(ValueError, match='give a teacher .*--boxes-only'):
        labelled(teacher=None)
    with pytest.raises(ValueError, match='give a teacher, or .*--aligned'):
        labelled(two_cameras, teacher=None, registration='fit', boxes_only=True)
    with pytest.raises(ValueError, match='Nothing finds the faces .*--detector'):
        labelled(two_cameras, detector=None)
    with pytest.raises(ValueError, match='the teacher returned .1, 68, 3.* "tfw" needs '
                       '.1, 5, 2 or 3.*--teacher-points'):
        labelled(points='tfw')
    with pytest.raises(ValueError, match='has no field "person"'):
        labelled(two_cameras, registration='fit', per='person')
    with pytest.raises(FileNotFoundError, match='holds no pairs: it needs rgb/'):
        labelled(two_cameras / 'rgb')


@pytest.mark.parametrize('header, third, message', [
    ('\ufeffthermal,rgb,id', '7', None),  # as Excel writes it
    ('thermal,rgb,temperature_scale', 'x', 'line 2: .*x'),
    ('thermal,rgb,temperature_scale', '0.04', None)])
def test_a_csv_as_people_write_it(labelled, pairs_root, tmp_path, header, third,
                                  message):
    (tmp_path / 'disk').symlink_to(pairs_root)
    lines = [header] + [f'disk/thermal/train/{name},disk/rgb/train/{name},{third}'
                        for name in sorted(os.listdir(pairs_root / 'rgb/train'))[:2]
                        if (pairs_root / 'thermal/train' / name).exists()]
    (tmp_path / 'pairs.csv').write_text('\n'.join(lines), encoding='utf-8')
    if message:
        with pytest.raises(ValueError, match=message):
            labelled(str(tmp_path))
    else:
        found = read_pairs(str(tmp_path)).pairs
        assert len(found) == len(lines) - 1 > 0
        assert set(found[0].image) >= {'file_name', header.split(',')[2]}
        assert found[0].image.get('temperature_scale', .04) == .04


def test_files_outside_the_folder_of_a_csv_are_refused(tmp_path):
    (tmp_path / 'pairs.csv').write_text('thermal,rgb\n../a.png,b.png\n')
    with pytest.raises(ValueError, match='pairs.csv, line 2: .*outside'):
        read_pairs(str(tmp_path))


def test_pairs_in_linked_folders_are_found(pairs_root, tmp_path):
    for folder in ('rgb', 'thermal'):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'day1').symlink_to(pairs_root / folder / 'train')
    assert len(read_pairs(str(tmp_path)).pairs) > 0


@pytest.mark.parametrize('options, message', [
    (dict(per='sesion', registration='fit'), 'no field "sesion"'),
    (dict(out='{tmp}'), 'cannot be written: it is a folder')])
def test_a_slip_costs_no_labelling(labelled, tmp_path, options, message, monkeypatch):
    looked = []
    monkeypatch.setattr(label, '_look', lambda *_: looked.append(1))
    options = {key: value.format(tmp=tmp_path) for key, value in options.items()}
    with pytest.raises(ValueError, match=message):
        labelled(**options)
    assert not looked


def test_registered_pairs_need_no_group(labelled, pairs_root, tmp_path):
    content = read(pairs_root / 'annotations/train.json')
    for image in content['images']:
        image['rgb_homography'] = [1, 0, 0, 0, 1, 0, 0, 0, 1]
    (tmp_path / 'registered.json').write_text(json.dumps(content))
    result, _ = labelled(tmp_path / 'registered.json', data_root=str(pairs_root),
                         registration='fit', per='session')
    assert result.faces == len(content['images'])


def test_a_function_may_be_in_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / 'my_own_teacher.py').write_text('def find(image, boxes): pass')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'path', [*filter(None, sys.path)])
    assert callable_of('my_own_teacher:find').__name__ == 'find'
    with pytest.raises(ValueError, match='nothing:find: there is neither a file'):
        callable_of('nothing:find')


def test_the_sheet_shows_both_images_of_faces(labelled, tmp_path):
    result, _ = labelled(sheet=True)
    assert result.sheet == str(tmp_path / 'labels.jpg')
    sheet = cv2.imread(result.sheet)
    assert sheet.shape[1] > 2 * 400 and sheet.std() > 20


def test_thermal_faces_are_found_by_the_shipped_models(truth, pairs_root):
    find = finders.ThermalFinder('ibug68')
    found = [(find(dict(image, img_path=str(pairs_root / image['file_name']))),
              truth.thermal[image['file_name']]) for image in truth.images]
    errors = [np.median(np.linalg.norm(points[:, :2] - known, axis=1))
              for points, known in found if points is not None]
    assert len(errors) >= 3 and np.median(errors) < 4
