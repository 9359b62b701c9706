"""Scenes with people near and far, for face detectors."""
import json

import cv2
import numpy as np
import pytest

from mmpose_thermal.synthetic.crowds import render_crowd, render_head


@pytest.fixture(scope='module')
def heads():
    return [render_head(0, index) for index in range(3)]


@pytest.fixture(scope='module')
def crowds(heads):
    return [render_crowd(heads, np.random.default_rng(index))
            for index in range(30)]


def test_boxes_are_inside_and_some_scenes_have_none(crowds):
    counts = {len(crowd.boxes) for crowd in crowds}
    assert 0 in counts and max(counts) > 1
    for crowd in crowds:
        height, width = crowd.grey.shape
        assert crowd.grey.dtype == np.uint8
        assert (crowd.boxes >= 0).all()
        assert (crowd.boxes <= [width, height, width, height]).all()
        assert (crowd.boxes[:, 2:] - crowd.boxes[:, :2] > 2).all()


def test_a_box_holds_the_forehead(heads):
    """People draw boxes around faces, not around landmarks."""
    for seed in range(20):
        crowd = render_crowd(heads, np.random.default_rng(seed))
        for left, top, right, bottom in crowd.boxes:
            inside = 1 < left and 1 < top and right < 255 and (
                bottom < len(crowd.grey) - 1)
            if inside and right - left > .7 * (bottom - top):
                assert bottom - top > .95 * (right - left)


def test_same_generator_same_scene(heads):
    one, other = (render_crowd(heads, np.random.default_rng(7))
                  for _ in range(2))
    assert (one.grey == other.grey).all() and (one.boxes == other.boxes).all()


def test_scenes_are_a_data_set_of_a_detector(tmp_path, run_tool):
    from mmpose_thermal.datasets.detection import ThermalFaceDetDataset
    run_tool('misc/make_detection_scenes', tmp_path, '--train', '4', '--val',
             '2', '--people', '2', '--jobs', '1')
    coco = json.loads((tmp_path / 'annotations/train.json').read_text())
    dataset = ThermalFaceDetDataset(
        data_root=str(tmp_path), ann_file='annotations/train.json',
        pipeline=[])
    assert len(dataset) == len(coco['images']) == 4
    for image in coco['images']:
        stored = cv2.imread(str(tmp_path / image['file_name']),
                            cv2.IMREAD_UNCHANGED)
        assert stored.shape == (image['height'], image['width'])
