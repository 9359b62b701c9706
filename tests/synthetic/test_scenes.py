"""Styles, conditions, groups, sequences and a second camera."""
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from mmpose.registry import DATASETS

from mmpose_thermal.datasets.point_sets import load_metainfo
from mmpose_thermal.synthetic import (SyntheticSpec, in_condition, in_style,
                                      make_synthetic_pairs, pictures_of,
                                      render_pair, sample_motion,
                                      sample_subject, sample_view)

SMALL = dict(train=2, val=1, test=1, extra=0, per_subject=2, size=96)


def make(root, **spec):
    make_synthetic_pairs(str(root), SyntheticSpec(**{**SMALL, **spec}))
    return {
        name: json.loads((root / f'annotations/{name}.json').read_text())
        for name in ('train', 'rgb_train')
    }


@pytest.mark.parametrize('style', [
    'sftl54', 'tfake', 'tfw', 'charlotte', 'rwth', 'carl_visth'])
def test_style_is_that_of_the_data_set(style):
    picture = next(pictures_of(SyntheticSpec(size=96), 'train', 0, 1))
    ibug = np.reshape(picture.faces[0]['keypoints'], (68, 3))
    points = in_style(picture.faces[0]['keypoints'], style)
    names = load_metainfo(dict(from_file=style))['keypoint_name2id']
    assert len(points) == len(names)
    for name, index in (('nose_tip', 30), ('left_mouth_corner', 54),
                        ('left_eye_outer', 45)):
        if name in names:
            assert (points[names[name]] == ibug[index]).all()
    for name in ('right_pupil', 'right_eye_centre'):
        if name in names:
            centre = ibug[36:42, :2].mean(0)
            assert np.linalg.norm(points[names[name], :2] - centre) < 2
    unknown = [i for name, i in names.items() if name.startswith('charlotte')]
    assert (points[unknown] == 0).all()


def test_styled_data_load_with_their_class(tmp_path):
    make(tmp_path, style='sftl54')
    dataset = DATASETS.build(
        dict(
            type='SFTL54Dataset', data_root=str(tmp_path),
            ann_file='annotations/train.json', with_rgb=True))
    assert dataset[0]['keypoints'].shape == (1, 54, 2)
    with pytest.raises(ValueError, match='is known to correspond to a point'):
        SyntheticSpec(style='charlotte_profile')


def test_cold_people_are_colder():
    def face_k(condition):
        rng = np.random.default_rng(1)
        subject = in_condition(sample_subject(rng), condition)
        pair = render_pair(subject, sample_view(rng, subject, 20), rng, 96)
        nose = np.round(pair.keypoints[30]).astype(int)
        return np.median(pair.temperature_k[pair.person]), pair.temperature_k[
            nose[1], nose[0]]

    (warm, warm_nose), (cold, cold_nose) = face_k('warm'), face_k('cold')
    assert 2 < warm - cold < 4.5
    assert warm_nose - cold_nose > warm - cold
    with pytest.raises(ValueError, match='condition must be one of'):
        SyntheticSpec(condition='hot')


def test_groups_have_several_faces_that_are_apart(tmp_path):
    coco = make(tmp_path, train=8, faces=3, size=128, style='tfw')['train']
    counts = np.bincount([a['image_id'] for a in coco['annotations']])[1:]
    assert counts.max() == 3 and counts.min() >= 1
    assert 'glasses' in coco['annotations'][int(counts[0] == 1)] or \
        'glasses' in coco['images'][0]
    several = int(counts.argmax()) + 1
    boxes = [a['bbox'] for a in coco['annotations'] if a['image_id'] == several]
    centres = np.array([[x + w / 2, y + h / 2] for x, y, w, h in boxes])
    distance = np.linalg.norm(centres[0] - centres[1])
    assert distance > .5 * np.sqrt(boxes[0][2] * boxes[0][3])
    image = coco['images'][several - 1]
    thermal = cv2.imread(str(tmp_path / image['file_name']), 0)
    if image.get('black_hot', coco['annotations'][0].get('black_hot')):
        thermal = 255 - thermal
    for x, y in centres.round().astype(int):
        # Each face is warmer than the picture's corners.
        assert thermal[y, x] > np.median(thermal)


def test_a_sequence_moves_smoothly_before_one_background(tmp_path):
    rng = np.random.default_rng(0)
    views = sample_motion(rng, sample_subject(rng), 24)
    yaw = np.degrees([view.yaw for view in views])
    assert len(views) == 24
    assert np.abs(np.diff(yaw)).max() < .5 * np.ptp(yaw)
    assert len({view.glasses for view in views}) == 1
    subject = sample_subject(rng)
    shut = sample_view(rng, subject)
    frames = [
        render_pair(subject, replace(shut, mouth_open=value),
                    np.random.default_rng(1), 96)
        for value in (0., 1.)
    ]
    assert np.abs(frames[0].temperature_k - frames[1].temperature_k)[
        :8, :8].max() < .01
    coco = make(tmp_path, train=4, per_subject=4, sequence=True)['train']
    assert [image['frame'] for image in coco['images']] == [0, 1, 2, 3]
    assert {image['sequence_id'] for image in coco['images']} == {0}
    first, second = (
        cv2.imread(str(tmp_path / image['rgb_file_name'])).astype(int)
        for image in coco['images'][:2])
    assert np.abs(first[:6, :6] - second[:6, :6]).max() <= 2
    assert (first != second).any()


def test_second_camera_sees_the_same_face_elsewhere(tmp_path):
    made = make(tmp_path, unaligned=True)
    image, annotation = made['train']['images'][0], made['train'][
        'annotations'][0]
    rgb = cv2.imread(str(tmp_path / image['rgb_file_name']))
    assert rgb.shape[:2] != (image['height'], image['width'])
    seen = made['rgb_train']
    assert (seen['images'][0]['width'],
            seen['images'][0]['height']) == rgb.shape[1::-1]
    assert seen['annotations'][0]['keypoints'] == annotation['rgb_keypoints']
    dataset = DATASETS.build(
        dict(
            type='ThermalFaceDataset', data_root=str(tmp_path),
            ann_file='annotations/train.json', with_rgb=True))
    matrix = dataset[0]['rgb_to_thermal']
    points = np.reshape(annotation['rgb_keypoints'], (-1, 3))
    moved = points[:, :2] @ matrix[:2, :2].T + matrix[:2, 2]
    np.testing.assert_allclose(moved, dataset[0]['keypoints'][0], atol=.01)


def test_older_data_of_the_same_specification_are_kept(tmp_path):
    make(tmp_path)
    marker = tmp_path / 'synthetic.json'
    content = json.loads(marker.read_text())
    for field in ('style', 'condition', 'faces', 'sequence', 'unaligned'):
        del content['spec'][field]
    marker.write_text(json.dumps(content))
    make(tmp_path)
    with pytest.raises(FileExistsError):
        make(tmp_path, style='tfw')
    del content['renderer']
    marker.write_text(json.dumps(content))
    with pytest.raises(FileExistsError, match='another version'):
        make(tmp_path)


def test_a_sequence_of_groups_is_refused():
    with pytest.raises(ValueError, match='a sequence shows one person'):
        SyntheticSpec(faces=2, sequence=True)
