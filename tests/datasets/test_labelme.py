"""What labelling tools write into LabelMe's json."""
import json

import numpy as np
import pytest

from mmpose_thermal.datasets.converter_tools import (ConversionError, LeaveOut,
                                                with_visibility)
from mmpose_thermal.datasets.converter_tools.labelme import (
    face_of_shapes, faces_of_shapes, labelled_size, labelme_content,
    numbers_of, refuse_numbers_from_1)
from mmpose_thermal.datasets.converters.labelme import _by_stem

NAMES = ['right_eye', 'left_eye', 'nose', 'mouth']
POINTS = [[10., 20.], [30., 20.], [20., 30.], [20., 40.]]


def shape(label, *points, kind='point', group=None):
    return dict(label=label, points=[list(p) for p in points],
                shape_type=kind, group_id=group)


def points(labels=NAMES, shift=0., group=None):
    return [shape(label, (x + shift, y), group=group)
            for label, (x, y) in zip(labels, POINTS)]


def box(label='face', group=None, shift=0.):
    return shape(label, (5 + shift, 10), (40 + shift, 50), kind='rectangle',
                 group=group)


def face(*shapes, names=NAMES):
    (found, ), ignored = faces_of_shapes(shapes, names)
    return found, ignored


@pytest.mark.parametrize('labels', [NAMES, ['0', '1', '2', '3'],
                                    [name.join('  ') for name in NAMES],
                                    [' Right-Eye', 'LEFT EYE', 'Nose',
                                     'mouth'],
                                    ['p'] * 4, ['face'] * 4,
                                    ['kp_7', 'kp_8', 'kp_9', 'kp_10']])
def test_points_by_name_by_number_or_in_order(labels):
    found, ignored = face(box(), *points(labels))
    assert found.keypoints.tolist() == POINTS and not ignored
    assert found.bbox == [5, 10, 35, 40]


def test_linked_folders_are_read(tmp_path):
    (tmp_path / 'disk').mkdir()
    (tmp_path / 'disk/1.png').touch()
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine/day1').symlink_to(tmp_path / 'disk')
    assert _by_stem(tmp_path / 'mine') == {'day1/1': [tmp_path / 'mine/day1/1.png']}


def test_points_that_are_not_there_are_not_labelled():
    found, _ = face(*points()[:3])
    assert np.isnan(found.keypoints[3]).all() and found.bbox is None


def test_a_point_that_is_not_finite_is_not_labelled(tmp_path):
    spoilt = points()
    spoilt[1]['points'] = [[float('nan'), 3.]]
    (tmp_path / 'a.json').write_text(json.dumps(dict(shapes=spoilt)))
    found, _ = face(*labelme_content(tmp_path / 'a.json')['shapes'])
    assert with_visibility(found.keypoints)[:, 2].tolist() == [2, 0, 2, 2]


def test_numbers_from_1_are_refused():
    with pytest.raises(ConversionError, match='number 4, but the 4 points are '
                       '0 to 3. Point numbers start at 0'):
        face(*points(['1', '2', '3', '4']))
    for labels, numbers in ((['1', '2', '3'], {1, 2, 3}), (NAMES, set()),
                            (['p'] * 4, set())):
        assert numbers_of(points(labels), NAMES) == numbers
    for numbers in (), {0, 1, 2}, {1}, {2, 3}, {1, 3}:
        refuse_numbers_from_1(numbers)
    with pytest.raises(ConversionError, match='labelled 1 to 3, and none 0'):
        refuse_numbers_from_1({1, 2, 3})


def test_a_circle_is_its_centre():
    circles = [shape(label, (x, y), (x + 3, y + 1), kind='circle')
               for label, (x, y) in zip(NAMES, POINTS)]
    assert face(*circles)[0].keypoints.tolist() == POINTS


def test_several_points_a_shape_in_order():
    line = shape('jaw', *POINTS[:3], kind='linestrip')
    for names in (NAMES, ()):
        found, _ = face(line, shape('chin', POINTS[3]), names=names)
        assert found.keypoints.tolist() == POINTS


def test_shapes_of_other_labels_are_ignored_and_told():
    pupil = shape('pupil', (5, 5), (6, 5), kind='circle')
    mask = shape('skin', (5, 5), (60, 50), kind='mask')
    found, ignored = face(*points(), pupil, mask)
    assert found.keypoints.tolist() == POINTS
    assert ignored == ['circle "pupil"', 'mask "skin"']


@pytest.mark.parametrize('label', ['face', 'Face', 'FACE', ' face '])
@pytest.mark.parametrize('corners, kind', [
    ([(40, 50), (5, 10)], 'rectangle'),
    ([(5, 10), (40, 10), (40, 50), (5, 50)], 'rectangle'),
    ([(5, 30), (20, 10), (40, 30), (20, 50)], 'rotation'),
    ([(5, 10), (40, 50)], None),
    ([(5, 20), (30, 10), (40, 50)], 'polygon'),
    ([(5, 10), (40, 50)], 'mask'),
])
def test_boxes_of_two_or_more_corners(label, corners, kind):
    found, _ = face(shape(label, *corners, kind=kind), *points())
    assert found.bbox == [5, 10, 35, 40]


def test_group_ids_tell_faces_apart():
    found, ignored = faces_of_shapes(
        [box(group=1), *points(group=1), box(group=2, shift=50),
         *points(group=2, shift=50.), box(group=3)], NAMES)
    assert [f.keypoints[0, 0] for f in found] == [10, 60]
    assert [f.bbox[0] for f in found] == [5, 55]
    assert ignored == ['box "face" without points']


def test_boxes_without_points_are_unlabelled_faces():
    """Unless they hold points of another face, like the box of group 3 above."""
    found, ignored = faces_of_shapes(
        [box(group=1), *points(group=1), box(shift=50), box(shift=90)], NAMES)
    assert [len(f.keypoints) for f in found] == [4, 0, 0] and not ignored
    assert [f.bbox[0] for f in found] == [5, 55, 95]


@pytest.mark.parametrize('of_box, of_points', [(1, None), (None, 1)])
def test_one_face_whose_box_alone_has_a_group_id(of_box, of_points):
    found, ignored = face(box(group=of_box), *points(group=of_points))
    assert found.bbox is not None and not ignored
    assert found.keypoints.tolist() == POINTS


@pytest.mark.parametrize('shapes, reason', [
    ([box(), box(shift=50), *points(), *points(shift=50.)],
     'two faces without group ids'),
    ([*points(), *points(shift=50.)], 'two faces without group ids'),
    ([*points(), shape('nose', (1, 1))], 'the same point twice'),
    (points(['kp_3', 'kp_2', 'kp_1', 'kp_0']), 'labels that are not names'),
    (points(['a', 'b', 'c', 'd']), 'labels that are not names'),
    (points(['nose', 'mouth', 'c', 'd']), 'labels that are not names'),
    ([shape('face', (9, 9), (12, 9), kind='circle'), *points()],
     'face box drawn as circle with 2 points: draw a rectangle'),
    ([*points()[:3], shape('mouth', (1, 1), (9, 9), kind='rectangle')],
     'point drawn as rectangle'),
])
def test_what_cannot_be_a_face_is_left_out(shapes, reason):
    with pytest.raises(LeaveOut, match=reason):
        faces_of_shapes(shapes, NAMES)


def test_files_are_read_with_a_byte_order_mark(tmp_path):
    path = tmp_path / 'a.json'
    content = dict(shapes=points(), imageWidth=64, imageHeight=48)
    path.write_bytes(b'\xef\xbb\xbf' + json.dumps(content).encode())
    content = labelme_content(path)
    assert labelled_size(content) == (64, 48)
    assert face_of_shapes(content['shapes'], NAMES).keypoints.shape == (4, 2)
    content['imageWidth'] = None
    assert labelled_size(content) is None


@pytest.mark.parametrize('text, reason', [
    ('{', 'cannot be read'),
    ('[]', "not from LabelMe"),
    ('{"shapes": [{"label": "a"}]}', "not from LabelMe"),
    ('{"shapes": [{"label": "a", "points": [[1, 2, 3]]}]}', "not from LabelMe"),
])
def test_files_of_another_form_are_left_out(tmp_path, text, reason):
    path = tmp_path / 'a.json'
    path.write_text(text)
    with pytest.raises(LeaveOut, match=reason):
        labelme_content(path)
