"""What all converters share: `mmpose_thermal.datasets.conversion`."""
import json

import cv2
import numpy as np
import pytest

from mmpose_thermal.datasets.conversion import (ConversionError, Face, Picture,
                                                convert, split_by_subject)


def picture(root, task):
    name, subject, split = task
    return Picture(name, split, [Face(np.array([[2., 3], [9, 12], [30, 5]]))],
                   fields=dict(subject_id=subject))


@pytest.fixture
def points(tmp_path):
    """A point set of three, by kind of picture."""
    path = tmp_path / 'three.py'
    path.write_text('dataset_info = dict(dataset_name="three", keypoint_info={'
                    'i: dict(name=f"p{i}", id=i, color=[0, 0, 0], type="", '
                    'swap="") for i in range(3)}, skeleton_info={}, '
                    'joint_weights=[1.] * 3, sigmas=[.1] * 3)')
    return {'': str(path)}


@pytest.fixture
def image(tmp_path):
    """a.png, of no content."""
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((20, 20), np.uint8))


def test_damaged_images_are_left_out_and_counted(tmp_path, capsys, image,
                                                 points):
    (tmp_path / 'b.png').write_bytes(b'none')
    paths = convert(
        str(tmp_path),
        [(name, (name, i, 'train')) for i, name in enumerate(
            ('a.png', 'b.png', 'c.png'))],
        picture, points, 'Mine')
    assert list(paths) == ['train']
    annotation = json.loads(paths['train'].read_text())['annotations'][0]
    # The last point lies outside the image: labelled, not visible.
    assert annotation['keypoints'][2::3] == [2, 2, 1]
    assert annotation['bbox'] == [0, 2.1, 20, 10.8]
    left_out = json.loads((tmp_path / 'annotations/left_out.json').read_text())
    assert [entry[:2] for entry in left_out] == [
        ['b.png', 'unreadable'], ['c.png', 'missing .png file']]
    assert 'b.png cannot be decoded' in left_out[0][2]
    assert '1 missing .png file, first c.png' in capsys.readouterr().out


def test_another_number_of_points_is_left_out(tmp_path, image, points):
    with pytest.raises(ConversionError, match='3 points instead of 68'):
        convert(str(tmp_path), [('a', ('a.png', 0, 'train'))], picture,
                {'': 'ibug68'}, 'Mine')


class Interrupted(Exception):
    pass


def test_an_interrupted_conversion_leaves_nothing(tmp_path, image, points):
    """And what was missing then is found by the next."""
    tasks = [(str(i), ('a.png' if i < 300 else 'b.png', i, 'train'))
             for i in range(310)]

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


def test_files_are_written_together_or_not_at_all(tmp_path, monkeypatch, image,
                                                  points):
    from mmpose_thermal.datasets import coco_files
    tasks = [(split, ('a.png', i, split))
             for i, split in enumerate(('train', 'val', 'test'))]
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


def test_files_of_an_earlier_run_do_not_survive(tmp_path, capsys, image,
                                                points):
    tasks = [(split, ('a.png', i, split))
             for i, split in enumerate(('train', 'val'))]
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


def test_what_a_data_set_would_refuse_is_not_written(tmp_path, image, points):

    def read(root, task):
        found = picture(root, task)
        found.fields['temperature_scale'] = 'hot'
        return found

    with pytest.raises(ConversionError, match='refuse train.json: .*"hot"|'
                       "refuse train.json: .*'hot'"):
        convert(str(tmp_path), [('a.png', ('a.png', 0, 'train'))], read,
                points, 'Mine')
    assert not (tmp_path / 'annotations').exists()


def test_labels_made_in_a_smaller_copy_are_left_out(tmp_path, points):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((40, 60), np.uint8))

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


def test_people_without_official_split():
    assert split_by_subject([3, 1, 2, 2], 1, 1) == {
        1: 'train', 2: 'val', 3: 'test'}
    with pytest.raises(ConversionError, match='2 subjects cannot give 1'):
        split_by_subject([1, 2], 1, 1)
