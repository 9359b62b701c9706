"""What all converters share: `mmpose_thermal.datasets.converter_tools`."""
import json

import cv2
import numpy as np
import pytest

from mmpose_thermal.datasets.converter_tools import coco_files
from mmpose_thermal.datasets.converter_tools import (ConversionError, Face, Picture,
                                                convert, split_by_subject)


def picture(root, task):
    name, subject, split = task
    return Picture(name, split, [Face(np.array([[2., 3], [9, 12], [30, 5]]))],
                   fields=dict(subject_id=subject))


def tasks_of(*splits):
    """One picture of a.png, of another person, for each split."""
    return [(split, ('a.png', i, split)) for i, split in enumerate(splits)]


@pytest.fixture
def run(tmp_path):
    """Converts pictures of three points in a folder that holds a.png."""
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((20, 20), np.uint8))
    path = tmp_path / 'three.py'
    path.write_text('dataset_info = dict(dataset_name="three", keypoint_info={'
                    'i: dict(name=f"p{i}", id=i, color=[0, 0, 0], type="", '
                    'swap="") for i in range(3)}, skeleton_info={}, '
                    'joint_weights=[1.] * 3, sigmas=[.1] * 3)')
    return lambda tasks, read=picture, points=path: convert(
        str(tmp_path), tasks, read, {'': str(points)}, 'Mine')


@pytest.fixture
def out(tmp_path):
    return tmp_path / 'annotations'


def test_damaged_images_are_left_out_and_counted(run, out, tmp_path, capsys):
    (tmp_path / 'b.png').write_bytes(b'none')
    paths = run([(name, (name, i, 'train')) for i, name in enumerate(
        ('a.png', 'b.png', 'c.png'))])
    assert list(paths) == ['train']
    annotation = json.loads(paths['train'].read_text())['annotations'][0]
    # The last point lies outside the image: labelled, not visible.
    assert annotation['keypoints'][2::3] == [2, 2, 1]
    assert annotation['bbox'] == [0, 2.1, 20, 10.8]
    left_out = json.loads((out / 'left_out.json').read_text())
    assert [entry[:2] for entry in left_out] == [
        ['b.png', 'unreadable'], ['c.png', 'missing .png file']]
    assert 'b.png cannot be decoded' in left_out[0][2]
    assert '1 missing .png file, first c.png' in capsys.readouterr().out


def bare_picture(root, task):
    """A labelled face, and one with a box and no point."""
    name, subject, split = task
    bare = Face(np.full((3, 2), np.nan), [4, 5, 10, 8], fields=dict(score=.5))
    labelled = Face(np.array([[2., 3], [9, 12], [15, 5]]))
    return Picture(name, split, [labelled, bare] if split == 'val' else [bare],
                   'a.png', fields=dict(subject_id=subject, rgb_homography=[
                       .5, 0, 1, 0, .5, 2, 0, 0, 1]))


def test_boxes_without_points_become_unlabelled_faces(run, capsys):
    paths = run(tasks_of('train', 'val'), bare_picture)
    printed = capsys.readouterr().out
    assert 'train.json: 1 images, 1 faces (1 unlabelled)' in printed
    assert 'val.json: 1 images, 2 faces (1 unlabelled)' in printed
    face, = json.loads(paths['train'].read_text())['annotations']
    assert face['bbox'] == [4, 5, 10, 8] and face['num_keypoints'] == 0
    assert not any(face.get('keypoints', ())) and face['score'] == .5
    visible, = json.loads(paths['rgb_train'].read_text())['annotations']
    assert visible['bbox'] == [6, 6, 14, 14]  # 20x16, where the image ends


@pytest.mark.parametrize('box, reason', [
    ([4, 5, 0, 8], 'without a box that has an area'),
    ([40, 5, 9, 9], 'with a box outside the image')])
def test_an_unlabelled_face_needs_a_box_in_the_image(run, box, reason):
    with pytest.raises(ConversionError, match=reason):
        run(tasks_of('train'), lambda root, task: Picture(
            'a.png', 'train', [Face(np.empty((0, 2)), box)]))


def test_another_number_of_points_is_left_out(run):
    with pytest.raises(ConversionError, match='3 points instead of 68'):
        run(tasks_of('train'), points='ibug68')


class Interrupted(Exception):
    pass


def test_an_interrupted_conversion_leaves_nothing(run, out, tmp_path):
    """And what was missing then is found by the next."""
    tasks = [(str(i), ('a.png' if i < 300 else 'b.png', i, 'train'))
             for i in range(310)]

    def read(root, task):
        if task[1] == 305:
            raise Interrupted
        return picture(root, task)

    with pytest.raises(Interrupted):
        run(tasks, read)
    assert not out.exists()
    cv2.imwrite(str(tmp_path / 'b.png'), np.zeros((20, 20), np.uint8))
    paths = run(tasks)
    assert len(json.loads(paths['train'].read_text())['images']) == 310
    assert json.loads((out / 'left_out.json').read_text()) == []


def test_files_are_written_together_or_not_at_all(run, out, monkeypatch):
    run(tasks_of('train', 'val', 'test'))
    before = {path.name: path.read_text() for path in out.iterdir()}
    dump, seen = json.dump, []

    def full_disk(content, file, **options):
        seen.append(file)
        if len(seen) == 3:
            raise OSError('No space left on device')
        dump(content, file, **options)

    monkeypatch.setattr(coco_files.json, 'dump', full_disk)
    with pytest.raises(OSError, match='No space'):
        run([*tasks_of('train', 'val'), ('more', ('a.png', 7, 'train'))])
    assert before == {path.name: path.read_text() for path in out.iterdir()}


def test_files_of_an_earlier_run_do_not_survive(run, out, capsys):
    run(tasks_of('train', 'val'))
    mine = '{"images": [], "annotations": []}'
    for name in ('test.json', 'train_registered.json'):
        (out / name).write_text(mine)
    run(tasks_of('train'))
    assert sorted(path.name for path in out.iterdir()) == [
        'left_out.json', 'test.json', 'train.json', 'train_registered.json']
    assert (out / 'test.json').read_text() == mine
    printed = capsys.readouterr().out
    assert 'removed val.json from an earlier run' in printed
    assert 'train_registered.json was made from an earlier' in printed


def test_what_a_data_set_would_refuse_is_not_written(run, out):

    def read(root, task):
        found = picture(root, task)
        found.fields['temperature_scale'] = 'hot'
        return found

    with pytest.raises(ConversionError, match='refuse train.json: .*.hot.'):
        run(tasks_of('train'), read)
    assert not out.exists()


def test_labels_made_in_a_smaller_copy_are_left_out(run, tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((40, 60), np.uint8))

    def labelled(*size):
        def read(root, task):
            found = picture(root, task)
            found.labelled_size = size
            return found

        return run(tasks_of('train'), read)

    assert labelled(60, 40)
    assert labelled(40, 60)  # exchanged, but the points fit
    with pytest.raises(ConversionError, match='labelled in an image of another'
                       ' size.*labelled 30x20, the image is 60x40'):
        labelled(30, 20)


def test_people_without_official_split():
    assert split_by_subject([3, 1, 2, 2], 1, 1) == {
        1: 'train', 2: 'val', 3: 'test'}
    with pytest.raises(ConversionError, match='2 subjects are too few for 1'):
        split_by_subject([1, 2], 1, 1)
