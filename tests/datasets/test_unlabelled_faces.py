"""Faces with a box and no landmarks, and data sets that mix them with others."""
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.runner import EpochBasedTrainLoop
from mmpose.datasets.samplers import MultiSourceSampler
from mmpose.registry import DATASETS
from set_on_disk import build, edit, logged

from mmpose_thermal.engine.hooks import EpochSeedHook
from mmpose_thermal.synthetic import SyntheticSpec, make_synthetic_pairs

TRAIN = 'annotations/train.json'


@pytest.fixture
def root(pairs_root, tmp_path):
    """Six faces, of which the first two have no landmarks."""
    root = shutil.copytree(pairs_root, tmp_path / 'copy')

    def remove(content):
        first, second = content['annotations'][:2]
        del first['keypoints'], first['num_keypoints']
        second['keypoints'], second['num_keypoints'] = [0] * 3 * 68, 0

    edit(root / TRAIN, remove)
    return root


def labels_of(dataset):
    return [int(dataset.get_data_info(index)['keypoints_visible'].sum())
            for index in range(len(dataset))]


def test_unlabelled_faces_are_left_out_by_default(root, monkeypatch):
    messages = logged(monkeypatch)
    assert labels_of(build(root)) == [68] * 4
    assert 'left out 2 annotations' in messages[0]


def test_they_are_kept_on_demand(root, monkeypatch):
    messages = logged(monkeypatch)
    dataset = build(root, unlabelled='keep')
    assert labels_of(dataset) == [0, 0] + [68] * 4
    assert '2 of 6 faces are unlabelled' in messages[0]
    boxes = [a['bbox'] for a in
             json.loads((root / TRAIN).read_text())['annotations']]
    box = dataset.get_data_info(0)['bbox'][0]
    np.testing.assert_allclose(box[2:] - box[:2], boxes[0][2:], atol=1)


def test_labels_can_be_ignored_to_measure_their_worth(root):
    assert labels_of(build(root, unlabelled='all')) == [0] * 6


def test_labels_that_are_ignored_still_align_pairs(tmp_path):
    make_synthetic_pairs(str(tmp_path), SyntheticSpec(
        train=3, val=1, test=1, extra=0, size=64, unaligned=True))
    kept, ignored = (build(tmp_path, unlabelled=which, with_rgb=True)
                     for which in ('keep', 'all'))
    assert labels_of(ignored) == [0] * 3
    for one, other in zip(kept, ignored):
        assert (one['rgb_to_thermal'] == other['rgb_to_thermal']).all()
        assert not other['keypoints'].any()


def test_a_file_of_unlabelled_faces_alone_trains(root):
    def bare(content):
        for annotation in content['annotations']:
            annotation.pop('keypoints', None)

    edit(root / TRAIN, bare)
    with pytest.raises(ValueError, match='no face with landmarks'):
        build(root)
    assert labels_of(build(root, unlabelled='keep')) == [0] * 6


def test_they_need_a_box(root):
    def unbox(content):
        for annotation in content['annotations'][:2]:
            del annotation['bbox']

    edit(root / TRAIN, unbox)
    with pytest.raises(ValueError, match='has no "bbox"'):
        build(root, unlabelled='keep')


def test_they_pass_through_the_pipeline_as_points_of_weight_0(root):
    sample = build(root, unlabelled='keep', with_rgb=True, pipeline=[
        dict(type='LoadThermalImage'),
        dict(type='LoadRGBPartner'),
        dict(type='GetBBoxCenterScale'),
        dict(type='RandomFlip', prob=1.),
        dict(type='TopdownAffine', input_size=(64, 64)),
        dict(type='GenerateTarget', encoder=dict(
            type='MSRAHeatmap', input_size=(64, 64), heatmap_size=(16, 16),
            sigma=1.)),
        dict(type='PackPairInputs')
    ])[0]
    assert set(sample['inputs']) == {'thermal', 'rgb'}
    labels = sample['data_samples'].gt_instance_labels
    assert not labels.keypoint_weights.any()
    assert not sample['data_samples'].gt_fields.heatmaps.any()


def test_they_cannot_be_tested_on(root):
    with pytest.raises(ValueError, match='errors cannot be measured'):
        build(root, unlabelled='keep', test_mode=True)


def test_unknown_choice_is_named(root):
    with pytest.raises(ValueError, match='"leave_out", "keep" or "all".*True'):
        build(root, unlabelled=True)


def combined(*datasets, **arguments):
    return DATASETS.build(dict(
        type='CombinedFaceDataset',
        metainfo=dict(from_file='configs/_base_/datasets/ibug68.py'),
        datasets=[dict(
            type='ThermalFaceDataset', data_root=str(one), ann_file=TRAIN,
            pipeline=[dict(type='LoadThermalImage'),
                      dict(type='GetBBoxCenterScale'),
                      dict(type='TopdownAffine', input_size=(64, 64)),
                      dict(type='PackPoseInputs')], **more)
            for one, more in datasets],
        **arguments))


def test_a_resumed_run_draws_what_comes_next(root, pairs_root):
    dataset = combined((pairs_root, {}), (root, dict(unlabelled='all')))
    whole, resumed = (MultiSourceSampler(dataset, 4, [1, 3], seed=0) for _ in 'ab')
    epochs = [[*whole] for _ in range(3)]
    EpochSeedHook().before_train(SimpleNamespace(
        train_loop=EpochBasedTrainLoop.__new__(EpochBasedTrainLoop), epoch=2,
        train_dataloader=SimpleNamespace(sampler=resumed)))
    assert [*resumed] == epochs[2] != epochs[0]


def test_combined_samples_hold_nothing_but_what_was_packed(root, pairs_root):
    dataset = combined((pairs_root, {}), (root, dict(unlabelled='all')))
    assert len(dataset) == 12
    assert all(set(dataset[index]) == {'inputs', 'data_samples'}
               for index in (0, 11))
    bare = [not dataset[i]['data_samples'].gt_instance_labels.keypoint_weights.any()
            for i in (0, 11)] if 'keypoint_weights' in dataset[0][
                'data_samples'].gt_instance_labels else [False, True]
    assert bare == [False, True]


def test_a_common_pipeline_is_refused(pairs_root):
    with pytest.raises(ValueError, match='no common `pipeline`'):
        combined((pairs_root, {}), pipeline=[dict(type='PackPoseInputs')])


def test_what_cvat_tracks_out_of_sight_is_no_face(root):
    """It writes an empty box then, which is not an unlabelled face."""
    def hide(content):
        content['annotations'][0]['bbox'] = [0, 0, 0, 0]

    edit(root / TRAIN, hide)
    assert labels_of(build(root, unlabelled='keep')) == [0] + [68] * 4
