"""The data doctor finds what was broken, and nothing in what is whole."""
import copy
import json
import re
import runpy
import shutil
import sys

import cv2
import numpy as np
import pytest
from conftest import REPOSITORY

from mmpose_thermal.datasets.checks import (estimate_shift, html_report, inspect,
                                            text_report)
from mmpose_thermal.synthetic import SyntheticSpec, make_synthetic_pairs


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    """Enough faces to find what all have in common."""
    root = tmp_path_factory.mktemp('whole')
    make_synthetic_pairs(
        str(root),
        SyntheticSpec(train=12, val=2, test=4, extra=0, per_subject=2,
                      size=96, max_yaw_deg=30))
    return root


@pytest.fixture
def root(whole, tmp_path):
    shutil.copytree(whole, tmp_path / 'copy')
    return tmp_path / 'copy'


def names(root, *splits):
    return [str(root / f'annotations/{split}.json') for split in splits]


@pytest.fixture
def edit(root):
    """Changes an annotation file, then inspects it: findings by check."""

    def edit(change=lambda coco: None, splits=('train', ), **arguments):
        path = root / 'annotations/train.json'
        coco = json.loads(path.read_text())
        change(coco)
        path.write_text(json.dumps(coco))
        inspection = inspect(names(root, *splits), str(root), **arguments)
        edit.inspection = inspection
        return {finding.check: finding for finding in inspection.findings}

    return edit


def points_of(annotation):
    return np.reshape(annotation['keypoints'], (-1, 3))


def set_points(annotation, points):
    annotation['keypoints'] = np.ravel(points).tolist()


def test_nothing_is_found_in_whole_data(whole):
    inspection = inspect(names(whole, 'train', 'val', 'test'), str(whole))
    assert inspection.findings == [] and not inspection.failed
    statistics = inspection.statistics[names(whole, 'train')[0]]
    assert statistics['faces'] == statistics['pairs'] == 12
    assert statistics['subjects'] == 6
    assert statistics['shift_of_box_side']['believed'] >= 8
    radiometric, = names(whole, 'train_16bit')
    inspection = inspect([radiometric], str(whole))
    assert inspection.findings == []
    celsius = inspection.statistics[radiometric]['median_temperature_c']
    assert 10 < celsius['min'] <= celsius['max'] < 45


def test_implausible_temperatures_and_8_bits_in_16(root):
    path = root / 'annotations/train_16bit.json'
    coco = json.loads(path.read_text())
    for image in coco['images'][:3]:
        image['temperature_scale'] = .04
    path.write_text(json.dumps(coco))
    image = root / coco['images'][5]['file_name']
    raw = cv2.imread(str(image), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(image), raw // 256)
    findings = {
        finding.check: finding
        for finding in inspect([str(path)], str(root)).findings
    }
    # The 8-bit values are no temperatures either.
    assert ': 4 images have temperatures' in findings['temperatures'].message
    assert findings['temperatures'].level == 'warning'
    assert '1 16-bit images hold' in findings['depth'].message
    assert findings['depth'].level == 'error'


def test_normalisation_is_that_of_the_face_crops(edit, root):
    def whole_images(coco):
        for image, annotation in zip(coco['images'], coco['annotations']):
            annotation['bbox'] = [0, 0, image['width'], image['height']]

    edit(whole_images)
    found = edit.inspection.statistics['normalisation']
    for modality in ('thermal', 'rgb'):
        pixels = np.concatenate([
            cv2.imread(str(path))[..., ::-1].reshape(-1, 3)
            for path in (root / modality / 'train').iterdir()
        ]).astype(float)
        np.testing.assert_allclose(
            found[modality]['mean'], pixels.mean(0), atol=.01)
        np.testing.assert_allclose(
            found[modality]['std'], pixels.std(0), atol=.01)


def test_missing_and_unreadable_files(edit, root):
    images = sorted((root / 'thermal/train').iterdir())
    images[0].unlink()
    images[1].write_bytes(images[1].read_bytes()[:300])
    sorted((root / 'rgb/train').iterdir())[2].unlink()
    findings = edit()
    assert '2 images' in findings['missing'].message
    assert str(images[0]) in findings['missing'].message
    assert str(images[1]) in findings['unreadable'].message
    assert len(findings['missing'].examples) == 2


def test_sizes_and_depths(edit, root):
    images = sorted((root / 'thermal/train').iterdir())
    cv2.imwrite(str(images[0]), np.zeros((96, 90), np.uint8))
    cv2.imwrite(str(images[1]), np.zeros((96, 96), np.uint16))
    cv2.imwrite(str(images[3]), np.full((96, 96), 7, np.uint8))
    rgb = sorted((root / 'rgb/train').iterdir())[2]
    cv2.imwrite(str(rgb), np.zeros((50, 60, 3), np.uint8))
    findings = edit()
    assert '90x96 pixels' in findings['size'].message
    assert 'holds uint16' in findings['depth'].message
    assert 'is 60x50 pixels' in findings['pair size'].message
    assert '1 images' in findings['flat'].message


def test_landmarks_in_wrong_places(edit):
    def swap(coco):
        for annotation in coco['annotations']:
            points = points_of(annotation)[:, [1, 0, 2]] + [60, 0, 0]
            points[0, :2] = 0
            set_points(annotation, points)

    findings = edit(swap)
    for check in 'outside box', 'outside image', 'origin':
        assert findings[check].level == 'error'
    assert '12 landmarks of 12 faces' in findings['origin'].message


def test_exchanged_left_and_right(edit):
    from mmpose_thermal.synthetic.head import FLIP_INDICES

    def mirror(annotations):
        for annotation in annotations:
            set_points(annotation, points_of(annotation)[FLIP_INDICES])

    some = edit(lambda coco: mirror(coco['annotations'][:2]))['left-right']
    assert some.level == 'warning' and '2 of ' in some.message
    assert edit(lambda coco: mirror(coco['annotations'][2:]))[
        'left-right'].level == 'error'


def test_faces_that_are_turned_are_not_mirrored(edit):
    def turn(coco):
        for image, annotation in zip(coco['images'], coco['annotations']):
            points = points_of(annotation)
            points[:, :2] = 95 - points[:, :2]  # upside down
            set_points(annotation, points)
            x, y, w, h = annotation['bbox']
            annotation['bbox'] = [95 - x - w, 95 - y - h, w, h]

    assert 'left-right' not in edit(turn)


def test_a_few_faces_by_one_template_are_a_trial(edit):
    def change(coco):
        template = points_of(coco['annotations'][0])
        corner, size = np.split(np.array(coco['annotations'][0]['bbox']), 2)
        for annotation in coco['annotations']:
            low, extent = np.split(np.array(annotation['bbox']), 2)
            points = template.copy()
            points[:, :2] = low + (points[:, :2] - corner) * extent / size
            set_points(annotation, points)

    assert edit(change)['constant points'].level == 'warning'


def test_points_that_were_not_labelled_by_hand(edit):
    def change(coco):
        for annotation in coco['annotations']:
            points = points_of(annotation)
            x, y, w, h = annotation['bbox']
            points[5, :2] = [x + .3 * w, y + .4 * h]
            points[7] = points[8]
            points[9] = 0
            set_points(annotation, points)

    findings = edit(change)
    assert findings['constant points'].level == 'error'
    assert 'right_jaw_5' in findings['constant points'].message
    assert "('right_jaw_7', 'chin')" in findings['coinciding points'].message
    assert 'left_jaw_7' in findings['never labelled'].message


def test_duplicates_and_near_duplicates(edit, root):
    train = sorted((root / 'thermal/train').iterdir())
    test = sorted((root / 'thermal/test').iterdir())
    shutil.copy(train[0], train[5])
    shutil.copy(train[1], test[0])
    near = cv2.imread(str(train[2]), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(test[1]), np.clip(near * 1.1 + 3, 0, 255).astype('uint8'))
    findings = edit(splits=('train', 'test'))
    assert findings['duplicates across splits'].level == 'error'
    assert '1 images' in findings['duplicates across splits'].message
    assert findings['duplicates within a split'].level == 'warning'
    near = findings['near-duplicates across splits']
    assert near.level == 'warning' and '1 images' in near.message
    assert [number for _, number in near.examples] == [2, 1]


def test_shared_subjects_and_files(edit):
    def change(coco):
        coco['images'][0].update(
            subject_id=200_000, file_name='thermal/test/200000_000.png')

    findings = edit(change, splits=('train', 'test'))
    assert 'first 200000' in findings['shared subjects'].message
    assert 'shared files' in findings
    assert edit.inspection.failed


@pytest.mark.parametrize('shift, level', [((.06, .04), 'warning'),
                                          ((.13, -.05), 'error')])
def test_shifted_partners_are_found(edit, root, shift, level):
    """And forgiven if the annotation says where they lie."""
    coco = json.loads((root / 'annotations/train.json').read_text())
    side = np.median([np.sqrt(a['area']) for a in coco['annotations']])
    move = np.array([[1, 0, shift[0] * side], [0, 1, shift[1] * side]])
    for path in (root / 'rgb/train').iterdir():
        image = cv2.warpAffine(
            cv2.imread(str(path)), move, (96, 96),
            borderMode=cv2.BORDER_REPLICATE)
        cv2.imwrite(str(path), image)
    found = edit()['misaligned']
    assert found.level == level
    median = edit.inspection.statistics[names(root, 'train')[0]][
        'shift_of_box_side']['median_xy']
    np.testing.assert_allclose(median, shift, atol=.035)

    def register(coco):
        back = np.vstack([cv2.invertAffineTransform(move), [0, 0, 1]])
        for image in coco['images']:
            image['rgb_homography'] = back.ravel().tolist()

    assert 'misaligned' not in edit(register)


def test_shift_of_an_exact_copy():
    rng = np.random.default_rng(0)
    grey = cv2.GaussianBlur(
        rng.integers(0, 255, (128, 128)).astype(np.uint8), (0, 0), 3)
    moved = cv2.cvtColor(np.roll(grey, (4, -6), (0, 1)), cv2.COLOR_GRAY2BGR)
    x, y, agreement = estimate_shift(grey, moved, (34, 34, 60, 60))
    assert (x * 60, y * 60) == (pytest.approx(-6, abs=.7),
                                pytest.approx(4, abs=.7))
    assert agreement > .8


def test_doctor_of_a_set_without_readable_images(edit, root):
    for path in (root / 'thermal/train').iterdir():
        path.write_bytes(b'')
    findings = edit(splits=('train', 'train_16bit'))
    assert '12 images' in findings['unreadable'].message


@pytest.mark.parametrize('change, check, message', [
    (lambda c: c['annotations'][0]['keypoints'].__setitem__(
        slice(3 * 36, 3 * 36 + 3), [0, 0, 0]), 'interocular',
     '1 faces have an unlabelled outer eye corner'),
    (lambda c: c['images'][3].pop('rgb_file_name'), 'no partner',
     '1 of 12 images have no "rgb_file_name"'),
    (lambda c: c['annotations'].pop(), 'no faces', '1 images have no face'),
    (lambda c: c['images'].append(dict(c['images'][0], id=99,
                                       file_name='x.png')),
     'missing', '1 images without faces'),
    (lambda c: c['images'].append(dict(c['images'][0], id=99,
                                       file_name='annotations/train.json')),
     'unreadable', '1 images without faces'),
])
def test_what_training_bears_is_a_warning(edit, change, check, message):
    finding = edit(change)[check]
    assert finding.level == 'warning' and not edit.inspection.failed
    assert re.search(message, finding.message)


# ---------------------------------------------------------- unlabelled faces
def without_landmarks(count, **fields):
    """Takes the landmarks of the first faces away."""

    def change(coco):
        for number, annotation in enumerate(coco['annotations'][:count]):
            annotation.update(fields)
            if number % 2:  # either way
                annotation['keypoints'][2::3] = [-1] * 68
            else:
                del annotation['keypoints'], annotation['num_keypoints']

    return change


@pytest.mark.parametrize('count, message', [
    (5, '5 of 12 faces have a box and no landmarks'),
    (12, 'all 12 faces have a box and no landmarks')])
def test_unlabelled_faces_are_counted_and_no_fault(edit, root, count, message):
    findings = edit(without_landmarks(count))
    assert set(findings) == {'unlabelled'} and not edit.inspection.failed
    assert findings['unlabelled'].level == 'note'
    assert message in findings['unlabelled'].message
    statistics = edit.inspection.statistics[names(root, 'train')[0]]
    assert (statistics['faces'], statistics['unlabelled_faces']) == (12, count)
    assert statistics['shift_of_box_side']['pairs'] == 12
    assert ('interocular_px' in statistics) == (count < 12)
    text = text_report(edit.inspection)
    assert f'unlabelled_faces: {count}' in text and '0 errors, 0 warnings' in text
    assert message in html_report(edit.inspection, str(root))


def test_images_and_pairs_of_unlabelled_faces_are_checked(edit, root):
    images = sorted((root / 'thermal/train').iterdir())
    cv2.imwrite(str(images[0]), np.zeros((96, 90), np.uint8))
    images[1].unlink()
    sorted((root / 'rgb/train').iterdir())[2].unlink()
    rgb = sorted((root / 'rgb/train').iterdir())[3]
    cv2.imwrite(str(rgb), np.zeros((50, 60, 3), np.uint8))
    findings = edit(without_landmarks(12))
    assert {check: findings[check].level for check in (
        'size', 'missing', 'pair size')} == dict.fromkeys(
            ('size', 'missing', 'pair size'), 'error')
    assert '2 images' in findings['missing'].message


def test_an_unlabelled_face_needs_a_homography(edit, root):
    """The landmarks that align a labelled face do not align its neighbour."""
    for path in (root / 'rgb/train').iterdir():
        cv2.imwrite(str(path), cv2.resize(cv2.imread(str(path)), (60, 60)))

    def change(coco):
        for face in coco['annotations']:
            face['rgb_keypoints'] = np.ravel(
                points_of(face) * [.625, .625, 1]).tolist()
        coco['annotations'].append(dict(
            id=99, image_id=coco['images'][0]['id'], category_id=1,
            bbox=[10, 10, 40, 40]))

    finding = edit(change)['pair size']
    assert '1 images' in finding.message and finding.level == 'error'


def test_boxes_of_unlabelled_faces_are_checked(edit):
    findings = edit(without_landmarks(3, bbox=[5, 5, 0, 9]))
    assert findings['left out'].level == findings['unlabelled'].level == 'warning'
    assert 'which is not a box' in findings['unlabelled'].message
    assert not edit.inspection.failed  # training on the labelled ones works


def test_processes_find_the_same(whole):
    one, two = (
        inspect(names(whole, 'train', 'test'), str(whole), jobs=jobs)
        for jobs in (1, 2))
    assert one.to_dict() == two.to_dict()


def run_tool(monkeypatch, *arguments):
    script = str(REPOSITORY / 'tools/misc/check_dataset.py')
    monkeypatch.setattr(sys, 'argv', [script, *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_:
        runpy.run_path(script, run_name='__main__')
    return exit_.value.code


def test_tool_reports_and_exits_by_the_findings(root, monkeypatch, capsys,
                                                tmp_path):
    files = names(root, 'train', 'test')
    page, values = tmp_path / 'check.html', tmp_path / 'check.json'
    arguments = ('--jobs', 1, '--html', page, '--json', values)
    assert run_tool(monkeypatch, *files, *arguments) == 0
    printed = capsys.readouterr().out
    assert '0 errors, 0 warnings.' in printed
    assert "type='PairDataPreprocessor'" in printed
    assert json.loads(values.read_text())['failed'] is False
    assert page.read_text().count('data:image/jpeg;base64,') == 2 * 16
    shutil.copy(
        sorted((root / 'thermal/train').iterdir())[0],
        sorted((root / 'thermal/test').iterdir())[0])
    assert run_tool(monkeypatch, *files, *arguments) == 1
    assert 'ERROR (duplicates across splits)' in capsys.readouterr().out
    assert 'duplicates across splits (error)' in page.read_text()
    assert run_tool(monkeypatch, tmp_path / 'none.json') == 2


def test_root_is_above_the_path_as_given(root, monkeypatch, capsys, tmp_path):
    """Annotations kept elsewhere and linked, as in a read-only data set."""
    elsewhere = tmp_path / 'labels/v2'
    elsewhere.parent.mkdir()
    (root / 'annotations').rename(elsewhere)
    (root / 'annotations').symlink_to(elsewhere)
    assert run_tool(monkeypatch, *names(root, 'train'), '--jobs', 1) == 0
    monkeypatch.chdir(root / 'annotations')
    monkeypatch.setenv('PWD', str(root / 'annotations'))  # as a shell has it
    assert run_tool(monkeypatch, 'train.json', '--jobs', 1) == 0


def test_sizes_exchanged_by_orientation_are_explained(edit, root):
    for path in (root / 'thermal/train').iterdir():
        cv2.imwrite(str(path), np.zeros((90, 96), np.uint8))

    def change(coco):
        for image in coco['images']:
            image.update(width=90, height=96)

    finding = edit(change)['size']
    assert '12 images' in finding.message
    assert 'EXIF' in finding.message


def test_reports_of_broken_images_can_be_written(edit, root):
    for path in sorted((root / 'thermal/train').iterdir())[:2]:
        path.write_bytes(b'<b>')
    edit()
    page = html_report(edit.inspection, str(root))
    assert 'cannot be decoded' in page
    assert 'unreadable' in text_report(copy.deepcopy(edit.inspection))
