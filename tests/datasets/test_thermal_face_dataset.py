import gzip
import json
import shutil

import cv2
import numpy as np
import pytest
from mmpose.registry import DATASETS

from mmpose_thermal.datasets.image_files import check_heads


@pytest.fixture
def root(pairs_root, tmp_path):
    """A copy of the tiny data set that a test may damage."""
    return shutil.copytree(pairs_root, tmp_path / 'copy')


def build(root, ann_file='annotations/train.json', **arguments):
    return DATASETS.build(
        dict(
            type='ThermalFaceDataset',
            data_root=str(root),
            ann_file=ann_file,
            **arguments))


def edit(root, change, name='train'):
    path = root / 'annotations' / f'{name}.json'
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_sample_has_boxes_points_and_both_files(pairs_root):
    dataset = build(pairs_root, with_rgb=True)
    assert len(dataset) == 6
    sample = dataset.get_data_info(0)
    assert sample['keypoints'].shape == (1, 68, 2)
    assert sample['img_path'] == str(
        pairs_root / 'thermal/train/000000_000.png')
    assert sample['rgb_path'] == str(pairs_root / 'rgb/train/000000_000.png')
    assert sample['bit_depth'] == 8 and sample['subject_id'] == 0
    assert len(sample['flip_indices']) == 68


def test_thermal_alone_needs_no_partner(root):
    shutil.rmtree(root / 'rgb')
    assert len(build(root)) == 6


def test_radiometric_annotation_declares_its_depth(pairs_root):
    sample = build(
        pairs_root, 'annotations/train_16bit.json').get_data_info(0)
    assert sample['bit_depth'] == 16 and sample['temperature_scale'] == .01


def test_metrics_see_the_attributes_of_a_face_and_its_image(pairs_root):
    """Through MMPose's own packing, which passes on the annotation alone."""
    from mmengine.dataset import Compose
    from mmpose.registry import METRICS
    dataset = build(
        pairs_root, 'annotations/test_16bit.json', test_mode=True,
        pipeline=[
            dict(type='LoadThermalImage'),
            dict(type='GetBBoxCenterScale'),
            dict(type='TopdownAffine', input_size=(64, 64)),
            dict(type='PackPoseInputs')
        ])
    assert isinstance(dataset.pipeline, Compose)
    samples = []
    for index in range(len(dataset)):
        sample = dataset[index]['data_samples']
        sample.pred_instances = sample.gt_instances.clone()
        # the packed points are those of the annotation, in the image
        sample.pred_instances.keypoints = sample.gt_instances.keypoints + 3.
        samples.append(sample.to_dict())
    metric = METRICS.build(
        dict(
            type='FaceAlignmentMetric', regions=True,
            attributes=['bit_depth', 'subject_id', 'glasses']))
    metric.dataset_meta = dataset.metainfo
    metric.process(None, samples)
    found = metric.evaluate(len(samples))
    assert found['NME/bit_depth=16'] == found['NME'] > 0
    assert any(name.startswith('NME/subject_id=') for name in found)
    assert {'NME/jaw', 'NME/nose', 'NME/eyes'} <= set(found)


def test_splits_share_no_subject(pairs_root):
    subjects = [{
        sample['subject_id']
        for sample in build(pairs_root, f'annotations/{split}.json')
    } for split in ('train', 'val', 'test')]
    assert all(subjects)
    assert len(set.union(*subjects)) == sum(map(len, subjects))


# ------------------------------------------------------------- wrong set-ups
def test_missing_annotation_file_is_named(pairs_root):
    with pytest.raises(FileNotFoundError, match='nowhere.json does not exist'):
        build(pairs_root, 'nowhere.json')


def test_missing_partner_field_names_the_image(root):
    edit(root, lambda c: c['images'][2].pop('rgb_file_name'))
    with pytest.raises(
            FileNotFoundError, match='000001_000.png" has no "rgb_file_name"'):
        build(root, with_rgb=True)


@pytest.mark.parametrize('folder, role', [('rgb', 'RGB partner'),
                                          ('thermal', 'image')])
def test_missing_file_is_named_before_training(root, folder, role):
    (root / folder / 'train/000001_001.png').unlink()
    with pytest.raises(
            FileNotFoundError, match=f'{role} .*{folder}/train/000001_001'):
        build(root, with_rgb=True)


def test_other_keypoint_count_names_annotation_and_metainfo(root):
    def cut(content):
        for annotation in content['annotations'][1:3]:
            annotation['keypoints'] = annotation['keypoints'][:54 * 3]

    edit(root, cut)
    with pytest.raises(
            ValueError, match='annotation 2 .* 54 keypoints.*"ibug68" defines 68'):
        build(root)


@pytest.mark.parametrize('bbox', [[5, 5, 0, 20], [5, 5, 20, -1],
                                  [5, 5, float('nan'), 9], [1, 2, 3]])
def test_box_without_area_is_refused(root, bbox):
    edit(root, each(lambda a: a.update(bbox=bbox)))
    with pytest.raises(ValueError, match='annotation 1 .*with an area'):
        build(root)


def test_box_outside_the_image_is_refused(root):
    edit(root, each(lambda a: a.update(bbox=[500, 5, 20, 20])))
    with pytest.raises(ValueError, match='outside the 96x96 image'):
        build(root)


def test_keypoint_that_is_not_finite_is_refused(root):
    def spoil(content):
        for annotation in content['annotations'][3:]:
            annotation['keypoints'][0] = float('nan')

    edit(root, spoil)
    with pytest.raises(ValueError, match='annotation 4 .*not finite'):
        build(root)


def test_16_bit_file_declared_as_8_bit_fails_at_once(root):
    edit(root, lambda c: [i.pop('bit_depth') for i in c['images']],
         'train_16bit')
    with pytest.raises(ValueError, match='uint16 pixels, but .* 8 bits'):
        build(root, 'annotations/train_16bit.json')


def test_8_bit_file_declared_as_16_bit_fails_at_once(root):
    edit(root, lambda c: [i.update(bit_depth=16) for i in c['images']])
    with pytest.raises(ValueError, match='uint8 pixels, but .* 16 bits'):
        build(root)


def test_partners_of_another_size_fail_at_once(root):
    for path in (root / 'rgb/train').glob('*.png'):
        cv2.imwrite(str(path), np.zeros((48, 64, 3), np.uint8))
    with pytest.raises(ValueError, match='is 64x48 pixels.* is 96x96'):
        build(root, with_rgb=True)


def test_file_without_faces_is_refused(root):
    edit(root, lambda c: c.update(annotations=[]))
    with pytest.raises(ValueError, match='no face with landmarks'):
        build(root)


@pytest.fixture
def log(monkeypatch):
    """What the data set tells its user."""
    from mmpose_thermal.datasets.datasets import thermal_face_dataset
    messages = []
    monkeypatch.setattr(thermal_face_dataset, 'print_log',
                        lambda message, *_, **__: messages.append(message))
    return messages


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


def test_what_is_labelled_decides_and_not_its_count(root):
    edit(root, lambda c: c['annotations'][0].update(num_keypoints=0))
    assert len(build(root)) == 6


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


# ------------------------------------------------------------ forms of labels
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
    def hide(content):
        for annotation in content['annotations']:
            annotation['keypoints'][15:18] = [0, 0, 0]

    def rewrite(content):
        for annotation in content['annotations']:
            annotation['keypoints'] = write(
                np.reshape(annotation['keypoints'], (-1, 3)))

    edit(root, hide)
    expected = faces_of(root)
    edit(root, rewrite)
    for one, other in zip(expected, faces_of(root)):
        assert (one['keypoints'] == other['keypoints']).all()
        assert (one['keypoints_visible'] == other['keypoints_visible']).all()
        assert one['keypoints_visible'].min() == 0
        assert one['num_keypoints'] == other['num_keypoints'] == 67


def each(change):
    """Changes all annotations of a file."""
    return lambda content: [change(a) for a in content['annotations']]


def corners(annotation):
    x, y, w, h = annotation['bbox']
    annotation['bbox'] = [x, y, x + w, y + h]


@pytest.mark.parametrize('change, message', [
    (each(lambda a: a['keypoints'].__delitem__(slice(2, None, 3))),
     r'136 numbers in "keypoints".*looks like \[x, y\] \* 68 without vis'),
    (each(lambda a: a.update(keypoints=a['keypoints'][:3])),
     'has 1 keypoints.*looks like one annotation a point'),
    (each(lambda a: a['keypoints'].__setitem__(2, 3)),
     r'visibility 3 \(point 0\)'),
    (each(lambda a: a['keypoints'].__setitem__(5, .7)),
     r'visibility 0.7 \(point 1\)'),
    (each(lambda a: a['keypoints'].__setitem__(2, float('nan'))),
     r'visibility nan \(point 0\)'),
    (each(lambda a: a.update(keypoints={'x': 1})), "has \"keypoints\": {'x'"),
    (each(corners), r'look like \[left, top, right, bottom\]'),
    (each(lambda a: a.update(bbox=[v / 96 for v in a['bbox']])),
     'looks like shares of the image'),
    (each(lambda a: a.update(keypoints=[
        v if i % 3 == 2 else v / 96 for i, v in enumerate(a['keypoints'])])),
     'landmarks lie between 0 and 1'),
    (each(lambda a: a.pop('bbox')), 'has no "bbox".* 6 annotations are like'),
    (lambda c: c['images'][1].update(file_name='C:\\data\\a.png'),
     'a path of another computer'),
    (lambda c: c['images'][1].update(bit_depth=12), 'must have 8, 16, or 32'),
    (each(lambda a: a.update(image_id=str(a['image_id']))),
     "of the image '1', .*there is 1: one is text"),
    (each(lambda a: a.update(keypoints=[str(v) for v in a['keypoints']])),
     r"visibility '2\.0' \(point 0\).*It is text"),
    (each(lambda a: a.update(bbox=[str(v) for v in a['bbox']])),
     'no box .*It is text'),
    (lambda c: [image.update(width='96') for image in c['images']],
     '"width": .*It is text'),
    (lambda c: c['images'][1].update(file_name='https://x.y/a.png'),
     'https://x.y/a.png" is an address behind a folder. Download'),
    (lambda c: [c['images'][1].update(width=90),
                c['images'][1].update(height=100)],
     '1 of 6 files .*size.* Correct "width" and "height"'),
    (each(lambda a: a.update(image_id=987)),
     '"annotations".0. is of the image 987, which is not in'),
])
def test_files_of_another_form_are_recognised(root, change, message):
    edit(root, change)
    with pytest.raises(ValueError, match=f'train.json: .*{message}'):
        build(root)


def test_one_annotation_a_point_is_recognised(root):
    def split(content):
        content['annotations'] = [
            dict(id=100 * a['id'] + k, image_id=a['image_id'], category_id=1,
                 bbox=[*a['keypoints'][3 * k:3 * k + 2], 1, 1])
            for a in content['annotations'] for k in range(68)]

    edit(root, split)
    with pytest.raises(ValueError, match='no face with landmarks.*looks like '
                       'one annotation a point'):
        build(root)


def test_names_as_windows_writes_them(root):
    expected = build(root, with_rgb=True).get_data_info(3)
    edit(root, lambda c: [
        image.update({key: image[key].replace('/', '\\')
                      for key in ('file_name', 'rgb_file_name')})
        for image in c['images']])
    found = build(root, with_rgb=True).get_data_info(3)
    assert found['img_path'] == expected['img_path']
    assert found['rgb_path'] == expected['rgb_path']


def test_ids_may_be_text(root):
    numbers = faces_of(root)

    def rename(content):
        for image in content['images']:
            image['id'] = f'frame_{image["id"]}'
        for annotation in content['annotations']:
            annotation['image_id'] = f'frame_{annotation["image_id"]}'

    edit(root, rename)
    found = faces_of(root)
    assert [f['img_path'] for f in found] == [f['img_path'] for f in numbers]
    assert found[0]['img_id'] == f'frame_{numbers[0]["img_id"]}'
    assert len(build(root, sample_interval=2)) == 3


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
])
def test_files_in_another_encoding_are_named(root, spoil, message):
    path = root / 'annotations/train.json'
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ValueError, match=f'train.json: it is no JSON .*'
                       f'{message}'):
        build(root)


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
])
@pytest.mark.parametrize('bodies', [False, True])
def test_no_face_is_lost_by_the_name_of_its_category(root, ids, categories,
                                                     bodies):
    def change(content):
        content['categories'] = categories
        for number, annotation in enumerate(content['annotations']):
            annotation['category_id'] = ids[number % len(ids)]
        if bodies:
            content['categories'] = categories + [
                dict(id=7, name='person', keypoints=['p'] * 17)]
            content['annotations'] += [
                dict(a, id=100 + a['id'], category_id=7,
                     keypoints=[5, 5, 2] * 17) for a in content['annotations']]

    edit(root, change)
    assert len(build(root)) == 6


def test_the_order_of_a_category_without_annotations_is_no_matter(root):
    edit(root, lambda c: c['categories'].append(
        dict(id=2, name='mirrored', keypoints=c['categories'][0]['keypoints']
             [::-1])))
    assert len(build(root)) == 6


def large(content):
    for one in content['images']:
        one['id'] += 2**60
    for one in content['annotations']:
        one['image_id'] += 2**60
        one['id'] += 2**70


@pytest.mark.parametrize('change', [
    large,
    lambda c: [i.update(id=float(i['id'])) for i in c['images']],
    each(lambda a: a.update(id=float(a['id']), category_id=None,
                            image_id=float(a['image_id']))),
    lambda c: [i.update(rgb_file_name='', palette='', bit_depth=None)
               for i in c['images']],
    each(lambda a: a.update(rgb_keypoints=None)),
    each(lambda a: a.update(rgb_keypoints=[1, 2])),
    each(lambda a: a.update(keypoints=[
        True if i % 3 == 2 else v for i, v in enumerate(a['keypoints'])])),
    lambda c: [i.update(file_name=i['file_name'].replace('/', '//'))
               for i in c['images']],
])
def test_what_other_tools_write_is_taken(root, change):
    edit(root, change)
    dataset = build(root)
    assert len(dataset) == 6
    assert all((dataset.get_data_info(i)['keypoints_visible'] == 1).all()
               and isinstance(dataset.get_data_info(i)['img_id'], int)
               for i in range(6))


@pytest.mark.parametrize('value', [None, []])
def test_pairs_without_landmarks_of_their_own_are_aligned(root, value):
    edit(root, each(lambda a: a.update(rgb_keypoints=value)))
    edit(root, lambda c: [i.update(rgb_homography=None) for i in c['images']])
    assert 'rgb_to_thermal' not in build(root, with_rgb=True).get_data_info(0)


def test_landmarks_of_pairs_are_told_from_those_of_faces(root):
    edit(root, each(lambda a: a.update(rgb_keypoints=[1, 2, 2] * 5)))
    with pytest.raises(ValueError, match='Correct "rgb_keypoints"') as error:
        build(root, with_rgb=True)
    assert 'metainfo` of' not in str(error.value)


@pytest.mark.parametrize('value', ['eye', dict(a=1), [[1, 0], [1]], [1, 2]])
def test_homographies_that_are_none_are_named(root, value):
    edit(root, lambda c: [i.update(rgb_homography=value) for i in c['images']])
    with pytest.raises(ValueError, match='"rgb_homography" is .*but must be '
                       'the nine numbers'):
        build(root, with_rgb=True)


@pytest.mark.parametrize('name', [
    'a\u00a0b.png', '3.04\u202fPM.png', '\u5f20\u3000.png', 'a\u200db.png'])
def test_names_with_spaces_of_all_kinds(root, name):
    folder = root / 'thermal/train'
    shutil.copy(next(folder.iterdir()), folder / name)
    edit(root, lambda c: c['images'][1].update(
        file_name=f'thermal/train/{name}'))
    assert len(build(root)) == 6


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


def test_a_faulty_image_with_a_face_is_refused(root):
    edit(root, lambda c: c['images'][0].pop('width'))
    with pytest.raises(ValueError, match='"images".0. has no "width"'):
        build(root)


def test_links_to_nowhere_are_missing(root):
    path = next((root / 'thermal/train').iterdir())
    path.unlink()
    path.symlink_to('/nowhere.png')
    with pytest.raises(FileNotFoundError, match='a link to /nowhere.png'):
        build(root)


def test_files_of_two_kinds_by_turns_are_found(root, monkeypatch):
    """However many are looked into."""
    images = {}
    for number in range(64):
        path = root / f'{number}.png'
        cv2.imwrite(str(path), np.zeros(
            (8, 8), np.uint16 if number % 4 == 1 else np.uint8))
        images[str(path)] = 8, (8, 8)
    with pytest.raises(ValueError, match='of 16 files .*uint16'):
        check_heads(images, most=16)
    assert check_heads({path: (8, None) for path in list(images)[2:5]}) is None


def test_points_in_another_order_are_refused(root):
    def exchange(content):
        names = content['categories'][0]['keypoints']
        names[2], names[7] = names[7], names[2]

    edit(root, exchange)
    with pytest.raises(ValueError, match='another order than .*"ibug68": point '
                       '2 is "right_jaw_7" instead of "right_jaw_2"'):
        build(root)


@pytest.mark.parametrize('stored, asked', [('A_1.PNG', 'a_1.png'),
                                           ('u\u0308.png', '\u00fc.png')])
def test_names_that_other_systems_take_for_the_same(root, stored, asked):
    folder = root / 'thermal/train'
    shutil.copy(next(folder.iterdir()), folder / stored)
    edit(root, lambda c: c['images'][1].update(
        file_name=f'thermal/train/{asked}'))
    with pytest.raises(FileNotFoundError, match=f'there is "{stored}"'):
        build(root)


def test_a_byte_order_mark_is_no_fault(root):
    path = root / 'annotations/train.json'
    path.write_bytes(b'\xef\xbb\xbf' + path.read_bytes())
    assert len(build(root)) == 6


def test_landmarks_of_one_of_several_categories(root):
    """Body points of a person are not those of its face."""
    def change(content):
        content['categories'] = [
            dict(id=1, name='person', keypoints=['p'] * 17),
            dict(id=4, name='visage', keypoints=['p'] * 68)]
        body = [dict(a, id=100 + a['id'], keypoints=[5, 5, 2] * 17)
                for a in content['annotations']]
        for annotation in content['annotations']:
            annotation['category_id'] = 4
        content['annotations'] += body

    edit(root, change)
    assert len(build(root)) == 6


def test_all_faces_of_an_image_at_once(root):
    """As bottom-up models and MMPose's visualisation of a data set ask."""
    def two_faces(content):
        first = content['annotations'][0]
        content['annotations'].append(dict(first, id=99, keypoints=list(
            first['keypoints'])))
        del content['annotations'][3]  # an image without a face

    edit(root, two_faces, 'train_16bit')
    for test_mode, images in ((False, 5), (True, 6)):
        dataset = build(root, 'annotations/train_16bit.json',
                        data_mode='bottomup', test_mode=test_mode,
                        pipeline=[dict(type='LoadThermalImage')])
        assert len(dataset) == images
        assert dataset[0]['keypoints'].shape == (2, 68, 2)
        assert dataset[images - 1]['img'].shape == (96, 96, 3)


# ------------------------------------------------------------- files of a set
def test_files_of_another_depth_are_found_before_training(root):
    path = sorted((root / 'thermal16/train').iterdir())[4]
    cv2.imwrite(str(path), np.zeros((96, 96), np.uint8))
    with pytest.raises(ValueError, match=f'1 of 6 files .*{path.name} holds '
                       'uint8 pixels, but is declared with 16 bits'):
        build(root, 'annotations/train_16bit.json')


def test_sizes_declared_before_orientation(root):
    edit(root, lambda c: [i.update(width=96, height=100)
                          for i in c['images']])
    for path in (root / 'thermal/train').iterdir():
        cv2.imwrite(str(path), np.zeros((96, 100), np.uint8))
    with pytest.raises(ValueError, match='100x96 pixels, .*96x100.*EXIF'):
        build(root)


# ------------------------------------------------------------- detected boxes
@pytest.fixture
def detect(root):
    """Writes what a detector found; returns the file."""

    def detect(change=lambda boxes: boxes):
        content = json.loads((root / 'annotations/test.json').read_text())
        boxes = [dict(image_id=a['image_id'], category_id=1, score=.9,
                      bbox=[v + 1.5 for v in a['bbox']])
                 for a in content['annotations']]
        path = root / 'boxes.json'
        path.write_text(json.dumps(change(boxes)))
        return str(path)

    return detect


def detected(root, path):
    return build(root, 'annotations/test.json', bbox_file=path,
                 test_mode=True, pipeline=[dict(type='LoadThermalImage')])


def test_detected_boxes_take_the_place_of_annotated_ones(root, detect, log):
    annotated = build(root, 'annotations/test.json', test_mode=True)
    dataset = detected(root, detect())
    assert len(dataset) == 4
    for index in range(4):
        one, other = annotated.get_data_info(index), dataset[index]
        assert (one['keypoints'] == other['keypoints']).all()
        assert other['img'].shape == (96, 96, 3)
        assert other['bbox'][0, 0] == pytest.approx(
            one['raw_ann_info']['bbox'][0] + 1.5)
        assert other['bbox_score'] == pytest.approx(.9)
        assert (other['raw_ann_info']['annotated_box'] == one['bbox']).all()
    assert '4 of 4 faces were detected' in log[-1]


def test_missed_and_false_detections_are_counted(root, detect, log):
    def change(boxes):
        weak = dict(boxes[1], score=.3)
        nothing = dict(boxes[0], bbox=[0, 0, 5, 5], score=.99)
        return [weak, nothing, *boxes[1:], dict(boxes[0], image_id=12345)]

    dataset = detected(root, detect(change))
    assert len(dataset) == 3
    assert dataset[0]['bbox_score'] == pytest.approx(.9)
    assert '3 of 4 faces were detected and are tested; 1 were missed' in \
        log[-1]
    assert '2 boxes are of no annotated face' in log[-1]


@pytest.mark.parametrize('change, message', [
    (lambda boxes: dict(boxes=boxes), 'holds no list'),
    (lambda boxes: [dict(image_id=1, score=.3)], 'record 0 is'),
    (lambda boxes: [dict(box, image_id=7777) for box in boxes],
     'none of its 4 boxes is of an image of .*test.json'),
    (lambda boxes: [], 'empty list: the detector found nothing'),
    (lambda boxes: [dict(box, bbox=box['bbox'][:2] + [
        box['bbox'][0] + box['bbox'][2], box['bbox'][1] + box['bbox'][3]])
        for box in boxes], r'look like \[left, top, right, bottom\]'),
    (lambda boxes: [dict(box, bbox=[0, 0, 1, 1]) for box in boxes],
     'no box is that of an annotated face'),
])
def test_boxes_that_cannot_be_used_are_explained(root, detect, change,
                                                 message):
    with pytest.raises(ValueError, match=f'boxes.json.*{message}'):
        detected(root, detect(change))
    with pytest.raises(FileNotFoundError, match='nowhere.json does not exist'):
        detected(root, 'nowhere.json')


@pytest.mark.parametrize('change', [
    lambda boxes: [dict(box, image_id=str(box['image_id'])) for box in boxes],
    lambda boxes: [dict(box, image_id=float(box['image_id']))
                   for box in boxes],
    lambda boxes: [dict(box, score=None) for box in boxes],
    lambda boxes: [dict(box, category_id=5) for box in boxes],
    # Heads of another category, surer than the faces.
    lambda boxes: boxes + [dict(box, category_id=2, score=.99, bbox=[
        v - 3 for v in box['bbox'][:2]] + box['bbox'][2:]) for box in boxes],
])
def test_boxes_as_detectors_write_them(root, detect, change):
    plain, other = detected(root, detect()), detected(root, detect(change))
    assert len(other) == 4
    for index in range(4):
        assert (plain[index]['bbox'] == other[index]['bbox']).all()


def test_a_threshold_above_all_scores_is_named(root, detect):
    with pytest.raises(ValueError, match='bbox_score_thr.* leaves none of 4'):
        build(root, 'annotations/test.json', bbox_file=detect(),
              test_mode=True, filter_cfg=dict(bbox_score_thr=.95))


# --------------------------------------------------------------- whole pipeline
def pair_pipeline(*photometry):
    return [
        dict(type='LoadThermalImage'),
        dict(type='LoadRGBPartner'),
        dict(type='GetBBoxCenterScale'),
        dict(type='RandomFlip', prob=.5),
        dict(type='RandomBBoxTransform', rotate_prob=1., rotate_factor=60),
        dict(type='TopdownAffine', input_size=(64, 64)),
        *photometry,
        dict(type='PackPairInputs', pack_transformed=True),
    ]


def test_both_modalities_get_one_geometry(root):
    """With the same picture in both files, both crops must be equal."""
    for path in (root / 'thermal/train').glob('*.png'):
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(root / 'rgb/train' / path.name), grey)
    dataset = build(root, with_rgb=True, pipeline=pair_pipeline())
    crops = []
    for index in range(24):
        inputs = dataset[index % 6]['inputs']
        assert (inputs['thermal'] == inputs['rgb']).all()
        crops.append(inputs['thermal'])
    repeated = [(a == b).all() for a, b in zip(crops, crops[6:])]
    assert not any(repeated), 'the geometry should have varied'


def test_landmarks_follow_the_geometry(root):
    """A bright spot drawn at the nose tip is found where the point went."""
    content = json.loads((root / 'annotations/train.json').read_text())
    for image, annotation in zip(content['images'], content['annotations']):
        x, y = annotation['keypoints'][90:92]
        for name in ('file_name', 'rgb_file_name'):
            spot = np.zeros((96, 96), np.uint8)
            cv2.circle(spot, (round(x * 16), round(y * 16)), 48, 255, -1,
                       cv2.LINE_AA, 4)
            cv2.imwrite(str(root / image[name]), spot)
    dataset = build(root, with_rgb=True, pipeline=pair_pipeline())
    compared = 0
    for index in range(30):
        packed = dataset[index % 6]
        expected = packed[
            'data_samples'].gt_instances.transformed_keypoints[0, 30]
        # The centroid of a spot that the crop's border cuts is not its centre.
        if np.abs(expected - 31.5).max() > 31.5 - 10:
            continue
        compared += 1
        for image in packed['inputs'].values():
            weight = image[0].numpy().astype(float)
            y, x = np.mgrid[:64, :64]
            found = [(weight * axis).sum() / weight.sum() for axis in (x, y)]
            assert np.abs(found - expected).max() < .3
    assert compared >= 12


def test_photometry_of_one_modality_leaves_the_other_alone(root):
    brighter = dict(
        type='ModalityTransform',
        modality='rgb',
        transforms=[lambda r: {**r, 'img': 255 - r['img']}])
    np.random.seed(0)
    plain = build(root, with_rgb=True, pipeline=pair_pipeline())[0]['inputs']
    np.random.seed(0)
    changed = build(
        root, with_rgb=True,
        pipeline=pair_pipeline(brighter))[0]['inputs']
    assert (plain['thermal'] == changed['thermal']).all()
    assert (changed['rgb'] == 255 - plain['rgb']).all()
