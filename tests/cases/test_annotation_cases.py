"""Annotation files and labels that people bring, case by case."""
import json
import runpy
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from mmpose.registry import DATASETS, METRICS

from mmpose_thermal.datasets.checks import inspect
from mmpose_thermal.datasets.point_sets import load_metainfo

REPOSITORY = Path(__file__).parents[2]


def build(folder, split='train', **options):
    """The data set, with all of its images read."""
    dataset = DATASETS.build(
        dict(type='ThermalFaceDataset', data_root=str(folder),
             ann_file=f'annotations/{split}.json',
             pipeline=[dict(type='LoadThermalImage')], **options))
    return dataset, [dataset[index] for index in range(len(dataset))]


def findings_of(folder, *splits):
    files = [str(folder / f'annotations/{split}.json') for split in splits]
    return {finding.check: finding
            for finding in inspect(files, str(folder)).findings}


@pytest.fixture
def convert(cases, tmp_path, run_tool):
    """Runs the LabelMe converter on a copy; returns folder and output."""

    def convert(case, *arguments):
        folder = shutil.copytree(cases / case / 'data', tmp_path / 'data')
        printed = run_tool('dataset_converters/labelme2coco', folder, '--jobs',
                           1, *arguments)
        return folder, printed

    return convert


def truth_of(folder):
    """Points by label, from the labelling tool's own files."""
    for path in sorted(folder.glob('*_1.json')):
        shapes = json.loads(path.read_bytes().decode('utf-8-sig'))['shapes']
        yield path.stem, np.array(
            [shape['points'][0] for label in map(str, range(68))
             for shape in shapes if shape['label'] == label])


def assert_converted(folder, box=True):
    truth = dict(truth_of(folder))
    found = 0
    for split in ('train', 'val', 'test'):
        coco = json.loads((folder / f'annotations/{split}.json').read_text())
        for image, face in zip(coco['images'], coco['annotations']):
            points = np.reshape(face['keypoints'], (-1, 3))[:, :2]
            expected = truth[Path(image['file_name']).stem]
            np.testing.assert_allclose(points, expected, atol=.01)
            spare = expected.min(0) - face['bbox'][:2]
            assert (spare > 0).all() or not box
            found += 1
        build(folder, split)
    assert found == 4


# ----------------------------------------------------------------- orientation
@pytest.mark.parametrize('case, rgb', [
    ('01_exif_thermal', []), ('01b_exif_upside_down', ['--rgb', 'visible']),
    ('02_exif_rgb_partner', ['--rgb', 'visible'])])
def test_01_02_orientation_is_applied_everywhere(convert, case, rgb):
    folder, printed = convert(case, *rgb)
    assert 'left out: none' in printed
    for split in ('train', 'val', 'test'):
        found = findings_of(folder, split)
        assert not {'outside image', 'outside box', 'size', 'pair size',
                    'left-right'} & set(found), found
        build(folder, split, with_rgb=bool(rgb))


# --------------------------------------------------------------------- LabelMe
def test_03_boxes_of_four_corners(convert):
    folder, printed = convert('03_labelme_rectangle4')
    assert 'left out: none' in printed
    assert_converted(folder)
    coco = json.loads((folder / 'annotations/train.json').read_text())
    shape = json.loads((folder / 'anna_1.json').read_text())['shapes'][0]
    np.testing.assert_allclose(
        coco['annotations'][0]['bbox'][:2], shape['points'][0], atol=.01)


def test_04_a_circle_beside_the_points(convert):
    folder, printed = convert('04_labelme_circle')
    assert 'ignored: 4 circle "pupil", first anna_1' in printed
    assert_converted(folder)


def test_04b_landmarks_drawn_as_circles(convert):
    assert_converted(convert('04b_landmarks_as_circles')[0])


def test_05a_byte_order_marks(convert):
    assert_converted(convert('05a_labelme_bom')[0])


def test_51_two_faces_without_group_ids(convert):
    with pytest.raises(SystemExit, match='two faces without group ids: give'):
        convert('51_labelme_two_faces')


# ------------------------------------------------------------------------ COCO
@pytest.mark.parametrize('case, faces, reason', [
    ('07_cvat_track', 7, '1 annotations without "keypoints"'),
    ('07b_cvat_two_categories', 8, '1 annotations of another category')])
def test_07_what_is_no_face_is_left_out(cases, case, faces, reason):
    folder = cases / case / 'data'
    assert len(build(folder)[0]) == faces
    found = findings_of(folder, 'train')['left out']
    assert found.level == 'warning' and reason in found.message


def test_08_ids_are_text(cases):
    folder = cases / '08_string_ids/data'
    assert build(folder)[0].get_data_info(0)['img_id'] == '000001'
    assert len(build(folder, 'test', test_mode=True)[0]) == 4
    assert findings_of(folder, 'test') == {}


def test_09_one_annotation_a_point(cases):
    folder = cases / '09_annotation_per_point/data'
    with pytest.raises(ValueError, match='one annotation per point') as error:
        build(folder)
    assert findings_of(folder, 'train')['faces'].message == str(error.value)


def test_10_nested_keypoints(cases):
    nested, plain = (
        build(cases / case / 'data')[1]
        for case in ('10_nested_keypoints', '13_plain'))
    for one, other in zip(nested, plain):
        assert (one['keypoints'] == other['keypoints']).all()


def test_11_negative_visibility_means_not_labelled(cases):
    for sample in build(cases / '11_visibility_minus1/data')[1]:
        visible = sample['keypoints_visible']
        assert set(visible.ravel().tolist()) == {0, 1}
        assert sample['num_keypoints'] == visible.sum()


def test_12_faces_that_have_no_interocular_distance(cases):
    folder = cases / '12_profile_unlabelled_eye/data'
    message = findings_of(folder, 'test')['interocular'].message
    assert '2 faces' in message and 'normalizers=("box", )' in message


def test_13_detected_boxes_are_tested(cases):
    """As tools/test.py does, with what a perfect model would find."""
    folder = cases / '13_plain/data'
    dataset = DATASETS.build(
        dict(type='ThermalFaceDataset', data_root=str(folder),
             ann_file='annotations/test.json', test_mode=True,
             bbox_file=str(cases / '13_plain/dets.json'),
             pipeline=[dict(type='LoadThermalImage'),
                       dict(type='GetBBoxCenterScale'),
                       dict(type='TopdownAffine', input_size=(64, 64)),
                       dict(type='PackPoseInputs')]))
    metric = METRICS.build(dict(type='FaceAlignmentMetric'))
    metric.dataset_meta = dataset.metainfo
    for index in range(len(dataset)):
        sample = dataset[index]['data_samples']
        assert sample.gt_instances.bbox_scores == pytest.approx(.9)
        sample.pred_instances = sample.gt_instances.clone()
        metric.process(None, [sample.to_dict()])
    assert metric.evaluate(4)['NME'] == 0


@pytest.mark.parametrize('name, message', [
    ('points', '"right_eye" is swapped with "left_eye", but "left_eye" with '
     'nothing'),
    ('bad_name', '"mouth_left", which is not a point'),
    ('weights4', '`joint_weights` has 4 numbers for 5 points')])
def test_20_contradictory_metainfos(cases, name, message):
    path = cases / f'20_one_sided_swap/{name}.py'
    with pytest.raises(ValueError, match=f'{name}.py: .*{message}'):
        load_metainfo(dict(from_file=str(path)))


def test_26_files_of_two_depths(cases):
    folder = cases / '26_mixed_depth/data'
    with pytest.raises(ValueError, match='1 of 8 files .*train_005.png'):
        build(folder)
    assert 'train_005.png' in findings_of(folder, 'train')['depth'].message


@pytest.mark.parametrize('case', ['33_depth16', '33b_float_npy',
                                  '33c_float_tif', '33e_int16_tif'])
def test_33_all_depths_are_read_by_the_doctor(cases, case):
    folder = cases / case / 'data'
    assert not {'unreadable', 'depth', 'size', 'pixels'} & set(
        findings_of(folder, 'train', 'val', 'test'))
    assert len(build(folder)[1]) == 8


def test_doctor_ends_on_every_case(cases, monkeypatch, capsys):
    """With findings and a status, never with a traceback."""
    script = str(REPOSITORY / 'tools/misc/check_dataset.py')
    for path in sorted(cases.glob('*/data/annotations/train.json')):
        monkeypatch.setattr(sys, 'argv', [script, str(path), '--jobs', '1'])
        with pytest.raises(SystemExit) as exit_:
            runpy.run_path(script, run_name='__main__')
        assert exit_.value.code in (0, 1), path
        assert ' errors, ' in capsys.readouterr().out
