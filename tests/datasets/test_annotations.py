"""Annotation files as people bring them: taken, left out in part, or refused."""
import gzip
import json
import shutil

import numpy as np
import pytest
from set_on_disk import build, each, edit, logged


@pytest.fixture
def root(pairs_root, tmp_path):
    """A copy of the tiny data set that a test may damage."""
    return shutil.copytree(pairs_root, tmp_path / 'copy')


@pytest.fixture
def log(monkeypatch):
    return logged(monkeypatch)


def set_values(key, change):
    """Changes one field of all annotations."""
    return each(lambda a: a.update({key: change(a[key])}))


def corners(box):
    return [box[0], box[1], box[0] + box[2], box[1] + box[3]]


def one_a_point(content):
    content['annotations'] = [
        dict(id=100 * a['id'] + k, image_id=a['image_id'], category_id=1,
             bbox=[*a['keypoints'][3 * k:3 * k + 2], 1, 1])
        for a in content['annotations'] for k in range(68)]


def other_order(content):
    names = content['categories'][0]['keypoints']
    names[2], names[7] = names[7], names[2]


# ---------------------------------------------------------------- refused
@pytest.mark.parametrize('change, message', [
    (lambda c: c.update(annotations=[]), 'no face with landmarks'),
    (one_a_point, 'no face with landmarks.*looks like one annotation a point'),
    (other_order, 'another order than .*"ibug68": point 2 is "right_jaw_7" '
     'instead of "right_jaw_2"'),
    # Landmarks.
    (lambda c: [a['keypoints'].__delitem__(slice(54 * 3, None))
                for a in c['annotations'][1:3]],
     'annotation 2 .* 54 keypoints.*"ibug68" defines 68'),
    (lambda c: [a['keypoints'].__setitem__(0, float('nan'))
                for a in c['annotations'][3:]], 'annotation 4 .*not finite'),
    (each(lambda a: a['keypoints'].__delitem__(slice(2, None, 3))),
     r'136 numbers in "keypoints".*looks like \[x, y\] \* 68 without vis'),
    (set_values('keypoints', lambda k: k[:3]),
     'has 1 keypoints.*looks like one annotation a point'),
    (each(lambda a: a['keypoints'].__setitem__(2, 3)),
     r'visibility 3 \(point 0\)'),
    (each(lambda a: a['keypoints'].__setitem__(5, .7)),
     r'visibility 0.7 \(point 1\)'),
    (each(lambda a: a['keypoints'].__setitem__(2, float('nan'))),
     r'visibility nan \(point 0\)'),
    (set_values('keypoints', lambda k: {'x': 1}), "has \"keypoints\": {'x'"),
    (set_values('keypoints', lambda k: [str(v) for v in k]),
     r"visibility '2\.0' \(point 0\).*It is text"),
    (set_values('keypoints', lambda k: [v if i % 3 == 2 else v / 96
                                        for i, v in enumerate(k)]),
     'landmarks lie between 0 and 1'),
    # Boxes.
    *[(each(lambda a, box=box: a.update(bbox=box)),
       'annotation 1 .*with an area') for box in (
           [5, 5, 0, 20], [5, 5, 20, -1], [5, 5, float('nan'), 9], [1, 2, 3])],
    (set_values('bbox', lambda b: [500, 5, 20, 20]), 'outside the 96x96 image'),
    (set_values('bbox', corners), r'look like \[left, top, right, bottom\]'),
    (set_values('bbox', lambda b: [v / 96 for v in b]),
     'looks like shares of the image'),
    (set_values('bbox', lambda b: [str(v) for v in b]), 'no box .*It is text'),
    (each(lambda a: a.pop('bbox')), 'has no "bbox".* 6 annotations are like'),
    # Images.
    (lambda c: c['images'][0].pop('width'), '"images".0. has no "width"'),
    (lambda c: c['images'][1].update(file_name='C:\\data\\a.png'),
     'a path of another computer'),
    (lambda c: c['images'][1].update(file_name='https://x.y/a.png'),
     'https://x.y/a.png" is an address behind a folder. Download'),
    (lambda c: c['images'][1].update(bit_depth=12), 'must have 8, 16, or 32'),
    (each(lambda i: i.update(width='96'), 'images'), '"width": .*It is text'),
    (lambda c: c['images'][1].update(width=90, height=100),
     '1 of 6 files .*size.* Correct "width" and "height"'),
    (set_values('image_id', str),
     "of the image '1', .*there is 1: one is text"),
    (set_values('image_id', lambda i: 987),
     '"annotations".0. is of the image 987, which is not in'),
])
def test_files_of_another_form_are_recognised(root, change, message):
    edit(root, change)
    with pytest.raises(ValueError, match=f'train.json: .*{message}'):
        build(root)


@pytest.mark.parametrize('field, value, message', [
    *[('rgb_homography', value, 'must be the nine numbers of an invertible')
      for value in ('eye', dict(a=1), [[1, 0], [1]], [1, 0, 0, 0, 1, 0],
                    [0] * 9)],
    ('rgb_keypoints', [1, 2, 2] * 5, '5 rgb_keypoints.* Correct "rgb_keypoi'),
    ('rgb_keypoints', [1, 2, 2] * 67, '67 rgb_keypoints'),
    ('rgb_keypoints', [1, 2, 2] * 68, 'on one line'),
    ('rgb_keypoints', [1, 2, 0] * 68, '0 labelled'),
])
def test_impossible_alignment_names_image_and_field(root, field, value,
                                                    message):
    kind = 'images' if field == 'rgb_homography' else 'annotations'
    content = edit(root, lambda c: [c[kind][number].update({field: value})
                                    for number in (2, 3)])
    name = content['images'][2]['file_name']
    with pytest.raises(ValueError, match=f'{name}.*{message}') as error:
        build(root, with_rgb=True)
    assert 'Set `metainfo` of' not in str(error.value)
    assert len(build(root)) == 6  # thermal images alone do not care


@pytest.mark.parametrize('content, message', [
    (dict(shapes=[]), 'of LabelMe: convert .*labelme2coco.py'),
    ([dict(image_id=3, bbox=[1, 2, 3, 4], score=.3)], 'results of a detector'),
    ({'_via_img_metadata': {}}, 'of VGG Image Annotator'),
    ({'a.png12': dict(filename='a.png', regions=[], size=12)},
     'of VGG Image Annotator'),
    (dict(info={}, categories={}, items=[]), 'of Datumaro'),
    ([dict(id=1, file_upload='a.png')], 'of Label Studio'),
    ([dict(id=1, image='a.png', kp=[])], 'of Label Studio'),
    ([dict(id=1, data={}, annotations=[])], 'of Label Studio'),
])
def test_files_of_other_tools_are_named(root, content, message):
    (root / 'annotations/train.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f'train.json: it looks .*{message}'):
        build(root)


@pytest.mark.parametrize('spoil, message', [
    (gzip.compress, 'compressed by gzip: unpack'),
    (lambda text: text.decode().encode('utf-16'), 'UTF-16 text: save it as'),
    (lambda text: text.replace(b'thermal/', b'th\xe9/'), 'Latin-1.*iconv'),
    (lambda text: b'\xef\xbb\xbf' + text, None),  # a byte order mark
])
def test_files_in_another_encoding_are_read_or_named(root, spoil, message):
    path = root / 'annotations/train.json'
    path.write_bytes(spoil(path.read_bytes()))
    if message is None:
        assert len(build(root)) == 6
        return
    with pytest.raises(ValueError,
                       match=f'train.json: it is no JSON .*{message}'):
        build(root)


# ------------------------------------------------------------------ taken
def large(content):
    for one in content['images']:
        one['id'] += 2**60
    for one in content['annotations']:
        one['image_id'] += 2**60
        one['id'] += 2**70


@pytest.mark.parametrize('change', [
    large,
    each(lambda i: i.update(id=float(i['id'])), 'images'),
    each(lambda a: a.update(id=float(a['id']), category_id=None,
                            image_id=float(a['image_id']))),
    each(lambda i: i.update(rgb_file_name='', palette='', bit_depth=None),
         'images'),
    each(lambda a: a.update(rgb_keypoints=None)),
    each(lambda a: a.update(rgb_keypoints=[1, 2])),
    each(lambda a: a.update(num_keypoints=0)),
    set_values('keypoints', lambda k: [True if i % 3 == 2 else v
                                       for i, v in enumerate(k)]),
    each(lambda i: i.update(file_name=i['file_name'].replace('/', '//')),
         'images'),
    # A category without annotations may list its points in any order.
    lambda c: c['categories'].append(dict(
        id=2, name='mirrored', keypoints=c['categories'][0]['keypoints'][::-1]
    )),
])
def test_what_other_tools_write_is_taken(root, change):
    edit(root, change)
    dataset = build(root)
    assert len(dataset) == 6
    assert all((dataset.get_data_info(i)['keypoints_visible'] == 1).all()
               and isinstance(dataset.get_data_info(i)['img_id'], int)
               for i in range(6))


def faces_of(root):
    dataset = build(root, test_mode=True)
    return [dataset.get_data_info(index) for index in range(len(dataset))]


@pytest.mark.parametrize('write', [
    lambda points: points.tolist(),
    lambda points: [float(value) for value in points.ravel()],
    # Unlabelled points may be anywhere, and marked in any way.
    lambda points: [[x, y, v] if v else [None, 1e99, -1]
                    for x, y, v in points.tolist()],
])
def test_landmarks_in_other_words_are_the_same(root, write):
    edit(root, each(lambda a: a['keypoints'].__setitem__(
        slice(15, 18), [0, 0, 0])))
    expected = faces_of(root)
    edit(root, set_values(
        'keypoints', lambda k: write(np.reshape(k, (-1, 3)))))
    for one, other in zip(expected, faces_of(root)):
        assert (one['keypoints'] == other['keypoints']).all()
        assert (one['keypoints_visible'] == other['keypoints_visible']).all()
        assert one['keypoints_visible'].min() == 0
        assert one['num_keypoints'] == other['num_keypoints'] == 67


def test_names_as_windows_writes_them(root):
    expected = build(root, with_rgb=True).get_data_info(3)
    edit(root, each(lambda image: image.update(
        {key: image[key].replace('/', '\\')
         for key in ('file_name', 'rgb_file_name')}), 'images'))
    found = build(root, with_rgb=True).get_data_info(3)
    assert found['img_path'] == expected['img_path']
    assert found['rgb_path'] == expected['rgb_path']


@pytest.mark.parametrize('name', [
    'a\u00a0b.png', '3.04\u202fPM.png', '\u5f20\u3000.png', 'a\u200db.png'])
def test_names_with_spaces_of_all_kinds(root, name):
    folder = root / 'thermal/train'
    shutil.copy(next(folder.iterdir()), folder / name)
    edit(root, lambda c: c['images'][1].update(
        file_name=f'thermal/train/{name}'))
    assert len(build(root)) == 6


def test_ids_may_be_text(root):
    numbers = faces_of(root)
    edit(root, each(lambda i: i.update(id=f'frame_{i["id"]}'), 'images'))
    edit(root, set_values('image_id', lambda i: f'frame_{i}'))
    found = faces_of(root)
    assert [f['img_path'] for f in found] == [f['img_path'] for f in numbers]
    assert found[0]['img_id'] == f'frame_{numbers[0]["img_id"]}'
    assert len(build(root, sample_interval=2)) == 3


LISTING = ['p'] * 68


@pytest.mark.parametrize('ids, categories', [
    ([1, 2], [dict(id=1, name='face'), dict(id=2, name='face_occluded')]),
    ([1, 2], [dict(id=1, name='face', keypoints=LISTING),
              dict(id=2, name='face_glasses')]),
    ([1], [dict(id=1, name='thermal face'),
           dict(id=2, name='visible face', keypoints=LISTING)]),
    ([1], [dict(id='1', name='face', keypoints=LISTING),
           dict(id='2', name='head')]),
    ([1, 2], [dict(id='1', name='face', keypoints=LISTING),
              dict(id='2', name='head')]),
    ([None], [dict(id=1, name='face')]),
    ([1., 2.], [dict(id=1., name='face'), dict(id=2., name='head')]),
    ([4], [dict(id=4, name='visage', keypoints=LISTING)]),
])
@pytest.mark.parametrize('bodies', [False, True])
def test_no_face_is_lost_by_the_name_of_its_category(root, ids, categories,
                                                     bodies):
    def change(content):
        content['categories'] = categories
        for number, annotation in enumerate(content['annotations']):
            annotation['category_id'] = ids[number % len(ids)]
        if bodies:  # whose points are not those of the face
            content['categories'] = categories + [
                dict(id=7, name='person', keypoints=['p'] * 17)]
            content['annotations'] += [
                dict(a, id=100 + a['id'], category_id=7,
                     keypoints=[5, 5, 2] * 17) for a in content['annotations']]

    edit(root, change)
    assert len(build(root)) == 6


# --------------------------------------------------------------- left out
def test_faces_that_are_left_out_are_counted(root, log):
    def change(content):
        first, second, third, *_ = content['annotations']
        first['keypoints'][2::3] = [0] * 68
        second['iscrowd'] = 1
        del third['keypoints']
        content['categories'].append(dict(id=2, name='car'))
        content['annotations'].append(
            dict(id=99, image_id=first['image_id'], category_id=2,
                 bbox=[1, 2, 3, 4]))

    edit(root, change)
    assert len(build(root)) == 3
    assert 'left out 4 annotations: 1 without a labelled point (first ' \
        'annotation 1 of image "thermal/train/000000_000.png"); ' in log[0]
    for reason in ('1 of crowds', '1 without "keypoints"',
                   '1 of another category'):
        assert reason in log[0]


def test_one_wrong_face_in_a_hundred_is_left_out(root, log):
    """More are refused: then something is wrong with the file."""
    def many(content):
        face = content['annotations'][0]
        content['annotations'] = [
            dict(face, id=number, keypoints=list(face['keypoints']))
            for number in range(200)]
        content['annotations'][7]['bbox'] = [1, 1, 0, 9]
        content['annotations'][9]['keypoints'] = [1, 2, 3]

    edit(root, many)
    assert len(build(root)) == 198
    assert '1 without a box that has an area (first annotation 7 ' in log[0]
    edit(root, lambda c: c['annotations'][8].update(bbox=None))
    with pytest.raises(ValueError, match='annotation 7 .*with an area'):
        build(root)


@pytest.mark.parametrize('change, faces, reason', [
    (lambda c: c['images'].append(dict(id=99)), 6,
     'left out 1 images: 1 with a faulty record (first "images"[6] has no'),
    (lambda c: c['images'].append(7), 6, 'left out 1 images'),
    (lambda c: c['annotations'][0].update(image_id=99), 5,
     '1 of an image that is not in "images"'),
    (lambda c: c['annotations'].append(7), 6, '1 with a faulty record'),
    (lambda c: c['annotations'][0].update(bbox=[0, 0, 0, 0]), 5,
     '1 without a box'),
])
def test_one_bad_record_does_not_block_a_small_set(root, log, change, faces,
                                                   reason):
    edit(root, change)
    assert len(build(root)) == faces
    assert reason in log[0]
