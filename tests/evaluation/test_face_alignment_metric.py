import numpy as np
import pytest
from mmpose.evaluation.functional import keypoint_nme
from mmpose.registry import METRICS


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


def evaluate(samples, **arguments):
    metric = METRICS.build(dict(type='FaceAlignmentMetric', **arguments))
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def test_nme_by_hand():
    metrics = evaluate(faces(2, errors_px=[1, 4]))
    assert metrics['NME'] == pytest.approx(2.5 / 50)
    assert metrics['NME_box'] == pytest.approx(2.5 / np.sqrt(80 * 50))


def test_nme_agrees_with_mmpose():
    samples = faces(20)
    predicted, truth = (np.concatenate([s[key]['keypoints'] for s in samples])
                        for key in ('pred_instances', 'gt_instances'))
    expected = keypoint_nme(predicted, truth, np.ones((20, 68), bool),
                            np.full((20, 2), 50.))
    assert evaluate(samples)['NME'] == pytest.approx(expected)


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


def test_other_thresholds():
    assert 'FR@0.15' in evaluate(faces(2), thresholds=[.15])


def test_prediction_that_is_not_finite_names_the_image():
    samples = faces(3)
    samples[1]['pred_instances']['keypoints'][0, 0] = np.nan
    with pytest.raises(ValueError, match='1.png is not finite'):
        evaluate(samples)


def test_face_without_eye_corners_is_named():
    samples = faces(3)
    samples[2]['gt_instances']['keypoints_visible'][0, 45] = 0
    with pytest.raises(ValueError, match='1 faces .* first 2.png'):
        evaluate(samples)


def test_unknown_point_set_wants_its_eye_corners():
    samples = faces(1, num_keypoints=60)
    with pytest.raises(ValueError, match='interocular_indices'):
        evaluate(samples)
    assert evaluate(samples, interocular_indices=(36, 45))['NME'] > 0


def test_profiles_are_measured_by_the_box():
    samples = faces(3, errors_px=[2, 4, 9], num_keypoints=46)
    with pytest.raises(ValueError, match='normalizer="box"'):
        evaluate(samples)
    metrics = evaluate(samples, normalizer='box')
    assert metrics['NME'] == metrics['NME_box'] == pytest.approx(
        5 / np.sqrt(80 * 50))
    assert metrics['FR@0.10'] == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match='`normalizer` must be'):
        evaluate(samples, normalizer='chin')


def test_eye_corners_come_from_the_metainfo():
    samples = faces(2, errors_px=[1, 4])
    metric = METRICS.build(dict(type='FaceAlignmentMetric'))
    metric.dataset_meta = dict(interocular=[[39], [42]])
    metric.process(None, samples)
    distance = [
        np.linalg.norm(np.subtract(*sample['gt_instances']['keypoints'][
            0, [39, 42]])) for sample in samples
    ]
    assert metric.evaluate(2)['NME'] == pytest.approx(
        np.mean([1 / distance[0], 4 / distance[1]]))
