"""Annotation files as people bring them: taken, left out in part, or refused.

The data doctor must say the same as the data set.
"""
import gzip
import json
import shutil

import numpy as np
import pytest
from set_on_disk import build, each, edit, logged

from mmpose_thermal.datasets.checks import html_report, inspect, text_report

# Found in what a data set takes: the doctor knows more than its reader.
CONTENT = {
    'origin', 'outside box', 'outside image', 'left-right', 'constant points',
    'coinciding points', 'depth', 'pixels', 'size', 'pair size', 'missing',
    'unreadable', 'outside', 'misaligned', 'duplicates within a split'
}


@pytest.fixture
def log(monkeypatch):
    return logged(monkeypatch)


@pytest.fixture
def write(pairs_root, tmp_path):
    """Writes a changed annotation file of the tiny data set."""

    def write(change, name='train'):
        source = pairs_root / f'annotations/{name}.json'
        return edit(source, change, tmp_path / f'{name}.json')

    return write


@pytest.fixture
def agreed(pairs_root):
    """Builds the data set, after the doctor was asked about the file."""

    def agreed(path, with_rgb=False, **options):
        inspection = inspect([path], str(pairs_root), with_rgb=with_rgb)
        assert text_report(inspection)
        assert html_report(inspection, str(pairs_root), samples=1)
        json.dumps(inspection.to_dict())
        errors = {finding.message: finding.check
                  for finding in inspection.findings if finding.level == 'error'}
        try:
            dataset = build(pairs_root, path, with_rgb=with_rgb, **options)
        except (ValueError, FileNotFoundError) as error:
            # Of files the one counts all, the other names the first.
            assert CONTENT & set(errors.values()) or str(error) in errors
            raise
        assert set(errors.values()) <= CONTENT, errors
        return dataset

    return agreed


def set_values(key, change):
    """Changes one field of all annotations."""
    return each(lambda a: a.update({key: change(a[key])}))


def image(**fields):
    return lambda content: content['images'][0].update(fields)


def face(**fields):
    return lambda content: content['annotations'][0].update(fields)


def faces(**fields):
    return each(lambda a: a.update(fields))


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
    (one_a_point, 'no face with landmarks.*looks like one annotation per point'),
    (other_order, 'another order than .*"ibug68": point 2 is "right_jaw_7" '
     'instead of "right_jaw_2"'),
    # Landmarks.
    (lambda c: [a['keypoints'].__delitem__(slice(54 * 3, None))
                for a in c['annotations'][1:3]],
     'annotation 2 .* 54 keypoints.*"ibug68" defines 68'),
    (lambda c: [a['keypoints'].__setitem__(0, float('nan'))
                for a in c['annotations'][3:]], 'annotation 4 .*non-finite'),
    (each(lambda a: a['keypoints'].__delitem__(slice(2, None, 3))),
     r'136 numbers in "keypoints".*looks like \[x, y\] \* 68 without vis'),
    (set_values('keypoints', lambda k: k[:3]),
     'has 1 keypoints.*looks like one annotation per point'),
    (each(lambda a: a['keypoints'].__setitem__(2, 3)),
     r'visibility 3 \(point 0\)'),
    (each(lambda a: a['keypoints'].__setitem__(5, .7)),
     r'visibility 0.7 \(point 1\)'),
    (each(lambda a: a['keypoints'].__setitem__(2, float('nan'))),
     r'visibility nan \(point 0\)'),
    (faces(keypoints={'x': 1}), "has \"keypoints\": {'x'"),
    (set_values('keypoints', lambda k: [str(v) for v in k]),
     r"visibility '2\.0' \(point 0\).*It is text"),
    (set_values('keypoints', lambda k: [v if i % 3 == 2 else v / 96
                                        for i, v in enumerate(k)]),
     'landmarks lie between 0 and 1'),
    # Boxes.
    *[(faces(bbox=box), 'annotation 1 .*with an area') for box in (
           [5, 5, 0, 20], [5, 5, 20, -1], [5, 5, float('nan'), 9], [1, 2, 3])],
    (faces(bbox=[500, 5, 20, 20]), 'outside the 96x96 image'),
    (set_values('bbox', corners), r'look like \[left, top, right, bottom\]'),
    (set_values('bbox', lambda b: [v / 96 for v in b]),
     'looks like fractions of the image'),
    (set_values('bbox', lambda b: [str(v) for v in b]), 'not a box .*It is text'),
    (each(lambda a: a.pop('bbox')), 'has no "bbox".* 6 annotations are like'),
    # Images.
    (lambda c: c['images'][0].pop('width'), '"images".0. has no "width"'),
    (lambda c: c['images'][1].update(file_name='C:\\data\\a.png'),
     'a path on another computer'),
    (lambda c: c['images'][1].update(file_name='https://x.y/a.png'),
     'https://x.y/a.png" is a URL joined to a local folder. Download'),
    (lambda c: c['images'][1].update(bit_depth=12), 'must have 8, 16, or 32'),
    (each(lambda i: i.update(width='96'), 'images'), '"width": .*It is text'),
    (lambda c: c['images'][1].update(width=90, height=100),
     '1 of 6 files .*size.* Correct "width" and "height"'),
    (set_values('image_id', str),
     "of the image '1', .*there is 1: one is text"),
    (faces(image_id=987),
     '"annotations".0. is of the image 987, which is not in'),
])
def test_files_of_another_form_are_recognised(write, agreed, change, message):
    with pytest.raises(ValueError, match=f'train.json: .*{message}'):
        agreed(write(change))


@pytest.mark.parametrize('change', [
    *[image(file_name=name) for name in (
        '..\\..\\etc\\passwd', '/etc/hostname', 'thermal16', 'a' * 3000)],
    image(rgb_file_name='nowhere.png'), image(bit_depth=None),
    image(bit_depth=8), image(bit_depth='16'),
    *[faces(keypoints=value) for value in (
        'left', ['left', 2, 2] * 68, [1, 2, 2] * 67, [[1, 2]] * 68,
        [1e300, 2, 2] * 68, [2**1200, 2, 2] * 68, [9, float('nan'), 2] * 68)],
    *[faces(bbox=value) for value in (
        None, 'whole', [0, 0, None, 5], [95, 95, 9, 9], [[1, 1], [9, 9]])],
    lambda c: [a.pop('id') for a in c['annotations']],
    lambda c: face(id=c['annotations'][1]['id'])(c),
    faces(image_id=[1]), faces(iscrowd='yes'), faces(iscrowd=1),
    lambda c: c.update(categories=[7]), lambda c: c.update(images=[]),
    lambda c: c.update(images=c['images'] * 2),
])
def test_doctor_and_data_set_refuse_alike(write, agreed, change):
    """What no message above is written for."""
    with pytest.raises((ValueError, FileNotFoundError)):
        agreed(write(change, 'train_16bit'), with_rgb=True)


@pytest.mark.parametrize('field, value, message', [
    *[('rgb_homography', value, 'must be the nine numbers of an invertible')
      for value in ('eye', dict(a=1), [[1, 0], [1]], [1, 0, 0, 0, 1, 0],
                    [0] * 9)],
    ('rgb_keypoints', [1, 2, 2] * 5, '5 rgb_keypoints.* Correct "rgb_keypoi'),
    ('rgb_keypoints', [1, 2, 2] * 67, '67 rgb_keypoints'),
    ('rgb_keypoints', [1, 2, 2] * 68, 'on one line'),
    ('rgb_keypoints', [1, 2, 0] * 68, '0 labelled'),
])
def test_impossible_alignment_names_image_and_field(write, agreed, field,
                                                    value, message):
    kind = 'images' if field == 'rgb_homography' else 'annotations'
    path = write(lambda c: [c[kind][number].update({field: value})
                            for number in (2, 3)])
    name = json.load(open(path))['images'][2]['file_name']
    with pytest.raises(ValueError, match=f'{name}.*{message}') as error:
        agreed(path, with_rgb=True)
    assert 'Set `metainfo` of' not in str(error.value)
    assert len(agreed(path)) == 6  # thermal images alone do not care


@pytest.mark.parametrize('content, message', [
    (dict(shapes=[]), 'from LabelMe: convert .*labelme2coco.py'),
    ([dict(image_id=3, bbox=[1, 2, 3, 4], score=.3)], 'results of a detector'),
    ({'_via_img_metadata': {}}, 'from VGG Image Annotator'),
    ({'a.png12': dict(filename='a.png', regions=[], size=12)},
     'from VGG Image Annotator'),
    (dict(info={}, categories={}, items=[]), 'from Datumaro'),
    ([dict(id=1, file_upload='a.png')], 'from Label Studio'),
    ([dict(id=1, image='a.png', kp=[])], 'from Label Studio'),
    ([dict(id=1, data={}, annotations=[])], 'from Label Studio'),
])
def test_files_of_other_tools_are_named(tmp_path, agreed, content, message):
    (tmp_path / 'a.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f'a.json: it looks .*{message}'):
        agreed(str(tmp_path / 'a.json'))


@pytest.mark.parametrize('text', [
    '[]', '{', '', '7', '{"images": [{"id": 1}], "annotations": []}',
    '{"images": [], "annotations": [], "categories": []}',
    '{"images": {}, "annotations": 3}'])
def test_files_that_are_no_coco_are_refused(tmp_path, agreed, text):
    (tmp_path / 'a.json').write_text(text)
    with pytest.raises(ValueError, match='a.json: '):
        agreed(str(tmp_path / 'a.json'))


@pytest.mark.parametrize('spoil, message', [
    (gzip.compress, 'compressed with gzip: unpack'),
    (lambda text: text.decode().encode('utf-16'), 'UTF-16 text: save it as'),
    (lambda text: text.replace(b'thermal/', b'th\xe9/'), 'Latin-1.*iconv'),
    (lambda text: b'\xef\xbb\xbf' + text, None),  # a byte order mark
])
def test_files_in_another_encoding_are_read_or_named(
        pairs_root, tmp_path, agreed, spoil, message):
    text = (pairs_root / 'annotations/train.json').read_bytes()
    (tmp_path / 'a.json').write_bytes(spoil(text))
    if message is None:
        assert len(agreed(str(tmp_path / 'a.json'))) == 6
        return
    with pytest.raises(ValueError, match=f'a.json: it is not JSON .*{message}'):
        agreed(str(tmp_path / 'a.json'))


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
    faces(rgb_keypoints=None),
    faces(rgb_keypoints=[1, 2]),
    faces(num_keypoints=0),
    set_values('keypoints', lambda k: [True if i % 3 == 2 else v
                                       for i, v in enumerate(k)]),
    each(lambda i: i.update(file_name=i['file_name'].replace('/', '//')),
         'images'),
    # A category without annotations may list its points in any order.
    lambda c: c['categories'].append(dict(
        id=2, name='mirrored', keypoints=c['categories'][0]['keypoints'][::-1]
    )),
])
def test_what_other_tools_write_is_taken(write, agreed, change):
    dataset = agreed(write(change))
    assert len(dataset) == 6
    assert all((dataset.get_data_info(i)['keypoints_visible'] == 1).all()
               and isinstance(dataset.get_data_info(i)['img_id'], int)
               for i in range(6))


@pytest.mark.parametrize('change', [
    lambda c: None, image(id='one'), image(width=7),
    image(rgb_file_name=None), image(subject_id=[1, {}]),
    image(subject_id='\ud800'),
    image(rgb_homography=[1, 0, 0, 0, 1, 0, 0, 0, 1]),
    lambda c: face(rgb_keypoints=c['annotations'][0]['keypoints'])(c),
    *[face(keypoints=value) for value in (
        [], None, [1, 2, -1] * 68, [9, float('nan'), 0] * 68,
        [[9 + i, 9 + i % 7, 2] for i in range(68)])],
    faces(keypoints=[-9, -9, 2] * 68),
    face(category_id=None), face(category_id=77), face(iscrowd=True),
    face(num_keypoints='many', area=None), face(area='large'),
    lambda c: c['annotations'][0].pop('bbox'),
    lambda c: c.update(categories=None),
    lambda c: c['categories'].append(dict(id=2, name='face', keypoints=3)),
    lambda c: c['categories'][0].update(keypoints=[[], {}] * 34),
])
def test_doctor_and_data_set_accept_alike(write, agreed, change):
    path = write(change, 'train_16bit')
    assert len(agreed(path, with_rgb=True, require_rgb=False)) >= 5


def infos(dataset):
    return [dataset.get_data_info(index) for index in range(len(dataset))]


@pytest.mark.parametrize('change_to', [
    lambda points: points.tolist(),
    lambda points: [float(value) for value in points.ravel()],
    # Unlabelled points may be anywhere, and marked in any way.
    lambda points: [[x, y, v] if v else [None, 1e99, -1]
                    for x, y, v in points.tolist()],
])
def test_landmarks_in_other_words_are_the_same(write, agreed, change_to):
    def hide(content):
        for annotation in content['annotations']:
            annotation['keypoints'][15:18] = [0, 0, 0]

    def rewrite(content):
        hide(content)
        for annotation in content['annotations']:
            annotation['keypoints'] = change_to(
                np.reshape(annotation['keypoints'], (-1, 3)))

    expected, found = (infos(agreed(write(change), test_mode=True))
                       for change in (hide, rewrite))
    for one, other in zip(expected, found):
        assert (one['keypoints'] == other['keypoints']).all()
        assert (one['keypoints_visible'] == other['keypoints_visible']).all()
        assert one['keypoints_visible'].min() == 0
        assert one['num_keypoints'] == other['num_keypoints'] == 67


def test_names_as_windows_writes_them(write, agreed):
    def change(content):
        for one in content['images']:
            for key in ('file_name', 'rgb_file_name'):
                one[key] = one[key].replace('/', '\\')

    one, other = (agreed(write(change), with_rgb=True).get_data_info(3)
                  for change in (lambda c: None, change))
    for key in ('img_path', 'rgb_path'):
        assert one[key] == other[key]


@pytest.mark.parametrize('name', [
    'a\u00a0b.png', '3.04\u202fPM.png', '\u5f20\u3000.png', 'a\u200db.png'])
def test_names_with_spaces_of_all_kinds(pairs_root, tmp_path, name):
    root = shutil.copytree(pairs_root, tmp_path / 'copy')
    folder = root / 'thermal/train'
    shutil.copy(next(folder.iterdir()), folder / name)
    path = root / 'annotations/train.json'
    edit(path, lambda c: c['images'][1].update(
        file_name=f'thermal/train/{name}'))
    assert len(build(root, path)) == 6


def test_ids_may_be_text(write, agreed):
    def change(content):
        for one in content['images']:
            one['id'] = f'frame_{one["id"]}'
        for one in content['annotations']:
            one['image_id'] = f'frame_{one["image_id"]}'

    numbers, path = infos(agreed(write(lambda c: None))), write(change)
    found = infos(agreed(path))
    assert [f['img_path'] for f in found] == [f['img_path'] for f in numbers]
    assert found[0]['img_id'] == f'frame_{numbers[0]["img_id"]}'
    assert len(agreed(path, sample_interval=2)) == 3


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
def test_no_face_is_lost_by_the_name_of_its_category(
        write, agreed, ids, categories, bodies):
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

    assert len(agreed(write(change))) == 6


# --------------------------------------------------------------- left out
def test_faces_that_are_left_out_are_counted(write, agreed, log):
    def change(content):
        first, second, third, *_ = content['annotations']
        first['keypoints'][2::3] = [0] * 68
        second['iscrowd'] = 1
        del third['keypoints']
        content['categories'].append(dict(id=2, name='car'))
        content['annotations'].append(
            dict(id=99, image_id=first['image_id'], category_id=2,
                 bbox=[1, 2, 3, 4]))

    assert len(agreed(write(change))) == 3
    assert 'left out 4 annotations: 1 without a labelled point (first ' \
        'annotation 1 of image "thermal/train/000000_000.png"); ' in log[0]
    for reason in ('1 of crowds', '1 without "keypoints"',
                   '1 of another category'):
        assert reason in log[0]


def test_one_wrong_face_in_a_hundred_is_left_out(write, agreed, log):
    """More are refused: then something is wrong with the file."""
    def many(content, wrong=2):
        one = content['annotations'][0]
        content['annotations'] = [
            dict(one, id=number, keypoints=list(one['keypoints']))
            for number in range(200)]
        for number in range(7, 7 + wrong):
            content['annotations'][number]['bbox'] = [1, 1, 0, 9]

    assert len(agreed(write(many))) == 198
    assert '2 without a box that has an area (first annotation 7 ' in log[0]
    with pytest.raises(ValueError, match='annotation 7 .*with an area'):
        agreed(write(lambda c: many(c, wrong=3)))


@pytest.mark.parametrize('change, count, reason', [
    (lambda c: c['images'].append(dict(id=99)), 6,
     'left out 1 images: 1 with a faulty record (first "images"[6] has no'),
    (lambda c: c['images'].append(7), 6, 'left out 1 images'),
    (lambda c: c['annotations'][0].update(image_id=99), 5,
     '1 of an image that is not in "images"'),
    (lambda c: c['annotations'].append(7), 6, '1 with a faulty record'),
    (lambda c: c['annotations'][0].update(bbox=[0, 0, 0, 0]), 5,
     '1 without a box'),
])
def test_one_bad_record_does_not_block_a_small_set(write, agreed, log, change,
                                                   count, reason):
    assert len(agreed(write(change))) == count
    assert reason in log[0]
