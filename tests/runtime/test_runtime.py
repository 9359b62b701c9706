"""What runs beside the camera: geometry, temperatures, description."""
import json
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmpose.datasets.transforms import GetBBoxCenterScale, TopdownAffine

from mmpose_thermal.runtime import (FaceLandmarks, ModelInfo,
                                    SkinThermometer, boxes_from, crop_faces,
                                    draw_faces, letterbox, skin_regions,
                                    temperature_problem)
from mmpose_thermal.runtime.atomic_file import atomic_file, write_picture


def landmarks_info(**changed):
    fields = dict(task='landmarks', input_size=(64, 48), channels=1,
                  outputs=['keypoints', 'scores'])
    return ModelInfo(**{**fields, **changed})


@pytest.mark.parametrize('use_udp', [False, True])
def test_crops_are_those_of_mmpose(use_udp):
    image = np.random.default_rng(0).integers(0, 256, (90, 120), np.uint8)
    boxes = np.random.default_rng(3).uniform(0, 60, (20, 4))
    boxes[:, 2:] += boxes[:, :2] + 5
    crops = crop_faces(image, boxes, landmarks_info(use_udp=use_udp))
    assert crops.images.shape == (20, 1, 48, 64)
    for index, box in enumerate(boxes):
        results = dict(img=image, bbox=box[None].astype(np.float32))
        for transform in (GetBBoxCenterScale(), TopdownAffine(
                (64, 48), use_udp=use_udp)):
            results = transform(results)
        assert (crops.images[index, 0] == results['img']).all()
        # MMPose's own way back to the image.
        points = np.random.default_rng(1).uniform(0, 64, (1, 5, 2))
        expected = points / [64, 48] * results['bbox_scale'] + \
            results['bbox_center'] - .5 * results['bbox_scale']
        assert crops.to_image(np.repeat(points, 20, 0))[index] == \
            pytest.approx(expected[0], abs=1e-3)


def test_letterbox_is_that_of_mmdetection():
    from mmdet.datasets.transforms import Pad, Resize
    image = np.random.default_rng(0).integers(0, 256, (90, 123, 3), np.uint8)
    canvas, scale = letterbox(image, (64, 64))
    results = dict(img=image)
    for transform in (Resize(scale=(64, 64), keep_ratio=True),
                      Pad(size=(64, 64), pad_val=dict(img=(114, ) * 3))):
        results = transform(results)
    assert (canvas[0].transpose(1, 2, 0) == results['img']).all()
    assert scale == pytest.approx(64 / 123)


def test_boxes_come_back_to_the_image_once():
    boxes = np.array([[10., 10, 30, 30], [11, 10, 31, 30], [40, 40, 80, 80],
                      [0, 0, 5, 5]])
    scores = np.array([.9, .8, .7, .1])
    found, kept = boxes_from(boxes, scores, .5, (120, 100), .4, .6)
    assert found.tolist() == [[20, 20, 60, 60], [80, 80, 120, 100]]
    assert kept == pytest.approx([.9, .7])
    nothing, _ = boxes_from(boxes, scores, .5, (120, 100), .95, .6)
    assert nothing.shape == (0, 4)


def radiometric(kelvin=300.):
    raw = np.full((80, 100), kelvin * 100, np.uint16)
    raw[30:50, 20:40] = 30915  # 36.0 degrees Celsius
    return raw


def test_temperatures_are_those_of_the_skin():
    names = ['right_eye_inner', 'left_eye_inner', 'nose_tip']
    points = np.array([[30., 40], [70, 20], [-50, 40]])
    for raw, options in ((radiometric(), {}),
                         (radiometric().astype(np.float32) / 100, {}),
                         (radiometric().astype(np.float32) / 100 - 273.15,
                          dict(offset=273.15))):
        at_points, skin = SkinThermometer(names, **options)(raw, points)
        assert at_points[:2] == pytest.approx([36., 26.85], abs=1e-2)
        assert np.isnan(at_points[2])  # outside the image
        assert skin['right_inner_eye_corner'] == pytest.approx(36., abs=1e-2)
        assert np.isnan(skin['nose_tip'])


def test_inner_corner_of_the_eye_is_its_warmest_spot():
    raw = radiometric()
    raw[41, 30] = 31015
    names = ['right_eye_inner', 'left_eye_inner', 'nose_tip']
    points = np.array([[30., 40], [90, 40], [60, 75]])
    at_points, skin = SkinThermometer(names)(raw, points)
    assert skin['right_inner_eye_corner'] == pytest.approx(37., abs=1e-2)
    assert at_points[0] == pytest.approx(36., abs=1e-2)


def test_raw_counts_are_no_temperatures():
    assert temperature_problem(radiometric()) is None
    counts = np.full((80, 100), 8000, np.uint16)
    assert temperature_problem(counts)
    assert temperature_problem(counts, .04, -20) is None
    assert temperature_problem(np.zeros((80, 100), np.uint8))


@pytest.mark.parametrize('style', ['ibug68', 'sftl54', 'tfw'])
def test_point_sets_have_regions_of_the_skin(style):
    from mmpose_thermal.datasets.point_sets import (keypoint_names,
                                                    load_metainfo)
    names = keypoint_names(load_metainfo(dict(from_file=style)))
    found = skin_regions(names)
    wanted = {'nose_tip', 'forehead', 'right_cheek', 'left_cheek'}
    if style != 'tfw':
        wanted |= {'right_inner_eye_corner', 'left_inner_eye_corner'}
    assert set(found) == wanted
    assert all(
        sum(region.points.values()) == pytest.approx(1)
        for region in found.values())


def test_unknown_numbers_are_null_in_json():
    face = FaceLandmarks(
        np.array([[1.234, np.nan]]), np.array([.5]), np.zeros(4),
        keypoint_celsius=np.array([np.nan]), skin_celsius=dict(nose=np.nan),
        uncertainty_px=np.array([2.]))
    text = json.dumps(face.to_dict(), allow_nan=False)
    assert json.loads(text)['keypoints'] == [[1.23, None]]
    assert json.loads(text)['skin_celsius'] == dict(nose=None)
    assert json.loads(text)['uncertainty_px'] == [2.]
    assert json.loads(text)['face_score'] == .5


def test_drawing_shows_points_where_they_are():
    face = FaceLandmarks(np.array([[20., 30]]), np.ones(1),
                         np.array([5., 5, 50, 50]))
    info = landmarks_info(keypoints=['a'], colours=[[255, 0, 0]])
    picture = draw_faces(np.zeros((60, 80), np.uint8), [face], info)
    scale = picture.shape[0] // 60
    centre = picture[round(30.5 * scale), round(20.5 * scale)]
    assert scale > 1 and centre.tolist() == [0, 0, 255]


# -- description of a model -------------------------------------------------


def test_description_belongs_to_its_model(tmp_path):
    model = tmp_path / 'a.onnx'
    model.write_bytes(b'network')
    info = landmarks_info(keypoints=['nose_tip'])
    path = info.save(str(model))
    loaded, found = ModelInfo.load(str(model), 'landmarks')
    assert loaded == info and found == str(model)
    assert ModelInfo.load(path, 'landmarks')[0] == info

    with pytest.raises(ValueError, match='for landmarks, expected'):
        ModelInfo.load(str(model), 'detection')
    model.write_bytes(b'another network')
    with pytest.raises(ValueError, match='was modified or replaced'):
        ModelInfo.load(str(model), 'landmarks')
    model.unlink()
    with pytest.raises(FileNotFoundError, match='is not in its folder'):
        ModelInfo.load(path, 'landmarks')
    # Files of earlier versions have no calibration.
    content = dict(json.loads(Path(path).read_text()), format=1)
    del content['calibration']
    Path(path).write_text(json.dumps(content))
    (tmp_path / 'a.onnx').write_bytes(b'network')
    assert ModelInfo.load(path)[0] == info
    (tmp_path / 'a.onnx').unlink()
    for content, message in (('{', 'not a model description'),
                             ('[]', 'not a model description'),
                             ('{"format": 99}', 'has format 99'),
                             ('{"format": 1}', 'is incomplete')):
        (tmp_path / 'a.onnx.json').write_text(content)
        with pytest.raises(ValueError, match=message):
            ModelInfo.load(path, 'landmarks')
    with pytest.raises(FileNotFoundError, match='b.onnx does not exist'):
        ModelInfo.load(str(tmp_path / 'b.onnx'), 'landmarks')
    (tmp_path / 'b.onnx').write_bytes(b'')
    with pytest.raises(FileNotFoundError, match='copy both'):
        ModelInfo.load(str(tmp_path / 'b.onnx'), 'landmarks')


def test_nothing_here_warns():
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        SkinThermometer(['nose_tip'])(radiometric(), np.array([[500., 500]]))


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / 'folder/a.txt'
    for text in ('one', 'two'):
        with atomic_file(path) as unfinished:
            Path(unfinished).write_text(text)
    with pytest.raises(RuntimeError), atomic_file(path) as unfinished:
        Path(unfinished).write_text('half')
        raise RuntimeError
    assert path.read_text() == 'two'
    assert [*path.parent.iterdir()] == [path]


@pytest.mark.parametrize('name', ['picture.png', 'not/yet/there/picture.jpg'])
def test_pictures_are_written_with_the_folders_above_them(tmp_path, name):
    image = np.full((4, 6, 3), 128, np.uint8)
    write_picture(tmp_path / name, image)
    assert np.array_equal(cv2.imread(str(tmp_path / name)), image)
    assert [path.name for path in (tmp_path / name).parent.iterdir()] == [
        Path(name).name]


@pytest.mark.parametrize('name', ['picture', 'picture.tex'])
def test_what_no_picture_is_called_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=f'{name} could not be written: give a .jpg'):
        write_picture(tmp_path / name, np.zeros((4, 6), np.uint8))
