import csv
import json

import numpy as np
import pytest
from mmpose.evaluation.functional import keypoint_nme
from mmpose.registry import EVALUATORS, METRICS

from mmpose_thermal.datasets.point_sets import load_metainfo
from mmpose_thermal.evaluation import FaceErrors


def faces(count, errors_px=None, num_keypoints=68, seed=0):
    """Samples whose landmarks are off by given distances, one a face."""
    rng = np.random.default_rng(seed)
    samples = []
    for index in range(count):
        truth = rng.uniform(0, 100, (1, num_keypoints, 2))
        truth[0, 36], truth[0, 45] = (20, 40), (70, 40)  # 50 px apart
        angle = rng.uniform(0, 2 * np.pi, (1, num_keypoints))
        error = rng.uniform(0, 8) if errors_px is None else errors_px[index]
        shift = error * np.stack([np.cos(angle), np.sin(angle)], -1)
        samples.append(
            dict(
                img_path=f'{index}.png',
                pred_instances=dict(keypoints=truth + shift),
                gt_instances=dict(
                    keypoints=truth,
                    keypoints_visible=np.ones((1, num_keypoints)),
                    bboxes=np.array([[10., 10, 90, 60]]))))
    return samples


def evaluate(samples, meta=None, **arguments):
    metric = METRICS.build(dict(type='FaceAlignmentMetric', **arguments))
    metric.dataset_meta = meta
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def test_nme_by_hand():
    metrics = evaluate(faces(2, errors_px=[1, 4]))
    assert metrics['NME'] == pytest.approx(2.5 / 50)
    assert metrics['NME_box'] == pytest.approx(2.5 / np.sqrt(80 * 50))


def test_thresholds_are_named_as_they_are():
    metrics = evaluate(faces(4), thresholds=[.08, .085, .1, .0625])
    assert {name for name in metrics if name.startswith('FR')} == {
        'FR@0.08', 'FR@0.085', 'FR@0.10', 'FR@0.0625'}


def multi_dataset_evaluator(*datasets):
    return EVALUATORS.build(
        dict(
            type='MultiDatasetEvaluator',
            metrics=[
                dict(type='FaceAlignmentMetric', prefix=str(number))
                for number in range(len(datasets))
            ],
            datasets=[dict(type=dataset) for dataset in datasets]))


def test_mmposes_evaluator_of_several_data_sets(tmp_path, monkeypatch):
    """Of 54 and 68 points, whose eye corners have other numbers."""
    monkeypatch.chdir(tmp_path)  # metainfos are found from anywhere
    evaluator = multi_dataset_evaluator('SFTL54Dataset', 'RWTHDataset')
    samples = []
    for name, count in (('sftl54', 54), ('rwth', 68)):
        for sample in faces(3, [1, 2, 3], num_keypoints=count):
            samples.append(dict(sample, dataset_name=name))
    evaluator.dataset_meta = dict(dataset_name='sftl54')
    evaluator.process(samples, dict(inputs=samples, data_samples=samples))
    found = evaluator.evaluate(len(samples))
    for prefix, dataset in enumerate(('sftl54', 'rwth')):
        expected = evaluate(
            [s for s in samples if s['dataset_name'] == dataset],
            load_metainfo(dict(from_file=dataset)))
        assert found[f'{prefix}/NME'] == pytest.approx(expected['NME'])


def test_samples_that_mmposes_evaluator_would_drop_are_an_error():
    """It passes on as many as a dict of two modalities has entries."""
    evaluator = multi_dataset_evaluator('RWTHDataset')
    samples = [dict(s, dataset_name='rwth') for s in faces(3)]
    evaluator.dataset_meta = dict(dataset_name='rwth')
    with pytest.raises(ValueError, match='PackPoseInputs'):
        evaluator.process(samples, dict(
            inputs=dict(thermal=samples, rgb=samples), data_samples=samples))


def test_a_metric_without_any_face_says_why():
    """MMPose gives all faces of one point set to the last of its metrics."""
    evaluator = multi_dataset_evaluator('RWTHDataset', 'RWTHDataset')
    samples = [dict(s, dataset_name='rwth') for s in faces(2)]
    evaluator.dataset_meta = dict(dataset_name='rwth')
    evaluator.process(samples, dict(inputs=samples, data_samples=samples))
    with pytest.raises(ValueError, match='no result.*MultiDatasetEvaluator.*'
                       '`prefix` for each'):
        evaluator.evaluate(len(samples))


@pytest.mark.parametrize('raw', [dict(raw_ann_info=[{}, {}]),
                                 dict(raw_ann_info=None)])
def test_images_with_all_of_their_faces_are_refused(raw):
    metric = METRICS.build(dict(type='FaceAlignmentMetric'))
    with pytest.raises(ValueError, match='one face per sample.*topdown'):
        metric.process({}, [dict(raw, pred_instances=dict(
            keypoints=np.zeros((2, 68, 2))))])


def test_errors_of_detected_faces_are_normalised_by_the_annotated_box():
    samples = faces(2, errors_px=[1, 4])
    for sample in samples:  # as ThermalFaceDataset says with a `bbox_file`
        sample['raw_ann_info'] = dict(
            annotated_box=sample['gt_instances']['bboxes'])
        sample['gt_instances']['bboxes'] = np.array([[0., 0, 200, 200]])
    assert evaluate(samples)['NME_box'] == pytest.approx(
        2.5 / np.sqrt(80 * 50))


def test_nme_agrees_with_mmpose():
    samples = faces(20)
    predicted, truth = (np.concatenate([s[key]['keypoints'] for s in samples])
                        for key in ('pred_instances', 'gt_instances'))
    expected = keypoint_nme(predicted, truth, np.ones((20, 68), bool),
                            np.full((20, 2), 50.))
    assert evaluate(samples)['NME'] == pytest.approx(expected)


def test_nme_agrees_with_plain_loops():
    """Points of random visibility, face by face and point by point."""
    samples, rng = faces(12), np.random.default_rng(1)
    expected = []
    for sample in samples:
        truth = sample['gt_instances']['keypoints'][0]
        visible = sample['gt_instances']['keypoints_visible'][0]
        visible[rng.random(68) < .3] = 0
        visible[[36, 45]] = 1
        total = count = 0
        for point, other, seen in zip(
                truth, sample['pred_instances']['keypoints'][0], visible):
            if seen:
                total += ((point - other)**2).sum()**.5
                count += 1
        expected.append(total / count / 50)
    metrics = evaluate(samples)
    assert metrics['NME'] == pytest.approx(np.mean(expected))
    assert metrics['FR@0.08'] == np.mean(np.array(expected) > .08)


def test_failure_rate_counts_faces_beyond_the_threshold():
    # errors of 2, 8, 10 and 12 % of the eye distance
    metrics = evaluate(faces(4, errors_px=[1, 3.999, 4.999, 6]))
    assert metrics['FR@0.08'] == .5 and metrics['FR@0.10'] == .25


def test_auc_is_the_area_under_the_step_function():
    metrics = evaluate(faces(30))
    errors = [evaluate([sample])['NME'] for sample in faces(30)]
    grid = (np.arange(200_000) + .5) / 200_000 * .1
    curve = np.searchsorted(np.sort(errors), grid, side='right') / 30
    assert metrics['AUC@0.10'] == pytest.approx(curve.mean(), abs=1e-5)
    assert 0 < metrics['AUC@0.08'] < metrics['AUC@0.10'] < 1


def test_perfect_prediction():
    metrics = evaluate(faces(3, errors_px=[0, 0, 0]))
    assert metrics['NME'] == 0 and metrics['AUC@0.08'] == 1
    assert metrics['FR@0.08'] == 0


def test_unlabelled_points_do_not_count():
    samples = faces(1, errors_px=[2])
    samples[0]['pred_instances']['keypoints'][0, 5] += 1000
    samples[0]['gt_instances']['keypoints_visible'][0, 5] = 0
    assert evaluate(samples)['NME'] == pytest.approx(2 / 50)


def test_prediction_that_is_not_finite_names_the_image():
    samples = faces(3)
    samples[1]['pred_instances']['keypoints'][0, 0] = np.nan
    with pytest.raises(ValueError, match='1.png is not finite'):
        evaluate(samples)


def test_faces_without_any_labelled_point_are_named():
    samples = faces(3)
    samples[1]['gt_instances']['keypoints_visible'][:] = 0
    with pytest.raises(ValueError, match='1 faces have no .* first 1.png'):
        evaluate(samples, normalizers=('box', ))


def test_another_number_of_points_is_refused():
    samples = faces(2)
    for sample in samples:
        predicted = sample['pred_instances']
        predicted['keypoints'] = predicted['keypoints'][:, :60]
    with pytest.raises(ValueError, match='predicts 60 points, .* has 68'):
        evaluate(samples)


def test_face_without_eye_corners_is_named():
    samples = faces(3)
    samples[2]['gt_instances']['keypoints_visible'][0, 45] = 0
    with pytest.raises(ValueError, match='for 1 faces, first 2.png'):
        evaluate(samples)


def test_unknown_point_set_wants_its_eye_corners():
    samples = faces(1, num_keypoints=60)
    with pytest.raises(ValueError, match='interocular_indices'):
        evaluate(samples)
    assert evaluate(samples, interocular_indices=(36, 45))['NME'] > 0


def test_profiles_are_measured_by_the_box():
    samples = faces(3, errors_px=[2, 4, 9], num_keypoints=46)
    with pytest.raises(ValueError, match='normalizers='):
        evaluate(samples)
    metrics = evaluate(samples, normalizers=['box'])
    assert metrics['NME'] == pytest.approx(5 / np.sqrt(80 * 50))
    assert metrics['FR@0.10'] == pytest.approx(1 / 3)
    assert 'NME_box' not in metrics


def test_eye_points_come_from_the_metainfo():
    samples = faces(2, errors_px=[1, 4])
    meta = dict(
        interocular=[[39], [42]],
        interpupil=[[36, 37, 38], [42, 43]])
    metrics = evaluate(
        samples, meta, normalizers=['interocular', 'interpupil'])
    truth = [sample['gt_instances']['keypoints'][0] for sample in samples]
    corners = [np.linalg.norm(t[39] - t[42]) for t in truth]
    pupils = [
        np.linalg.norm(t[36:39].mean(0) - t[42:44].mean(0)) for t in truth
    ]
    assert metrics['NME'] == pytest.approx(
        np.mean([1 / corners[0], 4 / corners[1]]))
    assert metrics['NME_interpupil'] == pytest.approx(
        np.mean([1 / pupils[0], 4 / pupils[1]]))


def test_every_normaliser_by_hand():
    samples = faces(2, errors_px=[1, 4])
    for sample, head in zip(samples, (100, 200)):
        sample['raw_ann_info'] = dict(head_size=head)
    metrics = evaluate(
        samples, normalizers=['box_diagonal', 'head_size', 1, 50])
    assert metrics['NME'] == pytest.approx(2.5 / np.hypot(80, 50))
    assert metrics['NME_head_size'] == pytest.approx((1 / 100 + 4 / 200) / 2)
    assert metrics['NME_1px'] == pytest.approx(2.5)
    assert metrics['NME_50px'] == pytest.approx(.05)
    del samples[1]['raw_ann_info']
    with pytest.raises(ValueError, match='"head_size" .* first 1.png'):
        evaluate(samples, normalizers=['head_size'])


@pytest.mark.parametrize('arguments, named', [
    (dict(normalizers='box'), 'normalizers'),
    (dict(normalizers=[0.]), 'normalizers'),
    (dict(thresholds=[]), 'thresholds'),
    (dict(confidence=95), 'confidence'),
    (dict(outfile='errors.txt'), 'outfile'),
])
def test_arguments_that_mean_nothing_are_refused(arguments, named):
    with pytest.raises(ValueError, match=f'`{named}` must'):
        evaluate(faces(1), **arguments)


def test_errors_by_region_leave_out_faces_that_do_not_show_it():
    samples = faces(2, errors_px=[1, 4])
    samples[0]['pred_instances']['keypoints'][0, 33] = (
        samples[0]['gt_instances']['keypoints'][0, 33] + (3, 4))
    samples[1]['gt_instances']['keypoints_visible'][0, 33] = 0
    meta = dict(regions=dict(nose=[33], jaw=[0, 1]))
    metrics = evaluate(samples, meta, regions=True)
    assert metrics['NME/nose'] == pytest.approx(5 / 50)
    assert metrics['NME/jaw'] == pytest.approx(2.5 / 50)
    with pytest.raises(ValueError, match='regions'):
        evaluate(samples, regions=True)


def test_errors_by_attribute():
    samples = faces(4, errors_px=[1, 2, 3, 4])
    for sample, yaw, glasses in zip(samples, (-40, 0, 30, 60),
                                    (True, False, True, None)):
        sample['raw_ann_info'] = dict(yaw_deg=yaw)
        if glasses is not None:
            sample['raw_ann_info']['glasses'] = glasses
    metrics = evaluate(
        samples,
        attributes=['glasses', dict(field='yaw_deg', edges=[-30, 30, 60])])
    by_attribute = {
        key[4:]: round(50 * value, 6)
        for key, value in metrics.items() if '=' in key
    }
    assert by_attribute == {
        'glasses=True': 2,
        'glasses=False': 2,
        'glasses=(not stated)': 4,
        'yaw_deg=below -30': 1,
        'yaw_deg=-30 to 30': 2,
        'yaw_deg=30 to 60': 3.5,  # the last bin is closed
    }
    with pytest.raises(ValueError, match='"beard".*glasses, yaw_deg'):
        evaluate(samples, attributes=['beard'])
    with pytest.raises(ValueError, match="'unknown' for one face"):
        samples[1]['raw_ann_info']['yaw_deg'] = 'unknown'
        evaluate(samples, attributes=[dict(field='yaw_deg', edges=[0, 1])])


def test_confidence_interval_holds_the_mean_and_widens_by_subject():
    # the faces of a subject err alike, so there are fewer independent ones
    samples = [faces(40)[index // 10] for index in range(40)]
    alone = evaluate(samples, confidence=.95)
    assert alone['NME_low'] < alone['NME'] < alone['NME_high']
    for index, sample in enumerate(samples):
        samples[index] = dict(sample, raw_ann_info=dict(subject_id=index // 10))
    grouped = evaluate(samples, confidence=.95)
    assert (grouped['NME_high'] - grouped['NME_low']
            ) > 1.5 * (alone['NME_high'] - alone['NME_low'])


def test_outfile_holds_the_errors_of_each_face(tmp_path):
    samples = faces(3, errors_px=[1, 2, 3])
    for index, sample in enumerate(samples):
        sample.update(id=10 + index, raw_ann_info=dict(glasses=index == 1))
    meta = dict(regions=dict(nose=[33], jaw=[0, 1]))
    metrics = evaluate(samples, meta, outfile=str(tmp_path / 'e.json'))
    loaded = FaceErrors.load(str(tmp_path / 'e.json'))
    assert loaded.ids == [10, 11, 12] and loaded.images[0] == '0.png'
    assert loaded.nme().mean() == pytest.approx(metrics['NME'], rel=1e-2)
    assert loaded.region_nme()['nose'][2] == pytest.approx(.06, rel=1e-2)
    stored = json.loads((tmp_path / 'e.json').read_text())
    assert stored['metrics'] == metrics
    assert [face['NME'] for face in stored['faces']] == [.02, .04, .06]

    evaluate(samples, meta, outfile=str(tmp_path / 'e.csv'))
    with open(tmp_path / 'e.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert rows[1]['image'] == '1.png' and rows[1]['glasses'] == 'True'
    assert float(rows[1]['NME']) == .04
    assert float(rows[1]['NME/jaw']) == .04


def test_what_is_no_errors_file_is_refused(tmp_path):
    for content in ('{}', 'NME: 1', '[]', '{"faces": []}'):
        (tmp_path / 'e.json').write_text(content)
        with pytest.raises(ValueError, match='does not hold the errors'):
            FaceErrors.load(str(tmp_path / 'e.json'))
