"""ThermalLandmarker as a user calls it."""
import warnings

import cv2
import numpy as np
import pytest
from conftest import COLOUR, estimator

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.runtime import ModelInfo

BOX = [[20., 20, 90, 100]]


class Network:
    """Finds three points: corner, middle and corner of each crop."""

    def __init__(self, **info):
        fields = dict(
            task='landmarks', input_size=(64, 64), channels=1,
            outputs=['keypoints', 'scores'], padding=1.,
            keypoints=['nose_tip', 'right_eye_inner', 'left_eye_inner'])
        self.info = ModelInfo(**{**fields, **info})
        self.seen = []

    def __call__(self, images):
        self.seen.append(images)
        points = np.array([[0., 0], [32, 32], [64, 64]])
        count = len(images)
        return [np.repeat(points[None], count, 0), np.ones((count, 3))]


class Detector:
    """Sees two faces and something that is hardly one."""

    info = ModelInfo('detection', (128, 128), 1, ['boxes', 'scores'])

    def __call__(self, images):
        boxes = np.array([[10., 20, 50, 60], [60, 20, 100, 60], [0, 0, 9, 9]])
        return [boxes[None], np.array([[.9, .8, .1]])]


def grey(size=128):
    return np.random.default_rng(0).integers(0, 256, (size, size), np.uint8)


def test_points_are_in_pixels_of_the_image():
    face, = ThermalLandmarker(Network())(grey(), BOX)
    # The crop is a square around the box.
    assert face.keypoints.tolist() == [[15, 20], [55, 60], [95, 100]]
    assert face.box.tolist() == BOX[0] and face.box_score == 1
    assert face.scores.shape == (3, )
    assert face.keypoint_celsius is None and face.skin_celsius is None


def test_boxes_come_from_the_detector_if_none_are_given():
    landmarker = ThermalLandmarker(Network(), detector=Detector())
    faces = landmarker(grey())
    assert [face.box.tolist() for face in faces] == [[10, 20, 50, 60],
                                                     [60, 20, 100, 60]]
    assert [face.box_score for face in faces] == pytest.approx([.9, .8])
    assert len(landmarker(grey(), BOX)) == 1
    sure = ThermalLandmarker(Network(), detector=Detector(), min_box_score=.95)
    assert sure(grey()) == []


def test_without_boxes_the_face_fills_the_image():
    face, = ThermalLandmarker(Network())(grey())
    assert face.box.tolist() == [0, 0, 128, 128]


@pytest.mark.parametrize('batch', [
    [grey(), grey()], np.stack([grey(), grey()]),
    np.stack([cv2.merge([grey()] * 3)] * 2)])
def test_batches_run_as_one(batch):
    network = Network()
    found = ThermalLandmarker(network)(batch, [BOX, BOX * 2])
    assert [len(faces) for faces in found] == [1, 2]
    assert [len(images) for images in network.seen] == [3]
    assert ThermalLandmarker(Network())(batch, [[], BOX])[0] == []


def test_streams_are_worked_on_as_they_come(tmp_path):
    """Results in order, no more frames taken than work on at a time."""
    taken = []

    def frames():
        for index in range(9):
            taken.append(index)
            yield grey()[:, index:].copy() if index != 6 else np.zeros((0, 4))

    landmarker = ThermalLandmarker(Network())
    stream = landmarker.stream(frames(), workers=2)
    assert next(stream)[0].box[2] == 128 and len(taken) <= 3
    assert [next(stream)[0].box[2] for _ in range(5)] == [*range(127, 122, -1)]
    # The frame that is no image is told in its turn.
    with pytest.raises(ValueError, match='not empty'):
        next(stream)
    given = ThermalLandmarker(Network()).stream([grey()] * 2, BOX)
    assert [faces[0].box.tolist() for faces in given] == BOX * 2


def test_frames_of_all_kinds_are_the_same_to_the_network(tmp_path):
    kelvin = 300 + 10 * grey() / 255
    raw = np.rint(100 * kelvin).astype(np.uint16)
    cv2.imwrite(str(tmp_path / 'raw.png'), raw)
    network = Network()
    landmarker = ThermalLandmarker(network)
    inputs = [raw, raw[..., None], cv2.merge([raw] * 3),
              (raw / 100).astype(np.float32), raw / 100,
              tmp_path / 'raw.png', str(tmp_path / 'raw.png')]
    for image in inputs:
        face, = landmarker(image, BOX)
        # The middle of the box is where the second point lies.
        assert face.keypoint_celsius[1] == pytest.approx(
            np.median(kelvin[59:62, 54:57]) - 273.15, abs=2)
        assert set(face.skin_celsius) == {'nose_tip', 'right_inner_eye_corner',
                                          'left_inner_eye_corner'}
    first = network.seen[0].astype(int)
    assert all(np.abs(first - seen).max() <= 1 for seen in network.seen)


def test_temperatures_are_read_if_wanted():
    kelvin = np.full((128, 128), 305., np.float32)
    kelvin[40:80] = 310
    face, = ThermalLandmarker(Network())(kelvin)
    assert face.keypoint_celsius is not None
    face, = ThermalLandmarker(Network(), temperatures=False)(kelvin)
    assert face.keypoint_celsius is None and face.skin_celsius is None


def test_counts_without_temperature_warn_once():
    landmarker = ThermalLandmarker(Network())
    counts = 8000 + grey().astype(np.uint16)
    with pytest.warns(UserWarning, match='temperature_scale'):
        face, = landmarker(counts, BOX)
    assert face.skin_celsius is None
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        landmarker(counts, BOX)
    calibrated = ThermalLandmarker(
        Network(), temperature_scale=.04, temperature_offset=-20)
    assert calibrated(counts, BOX)[0].skin_celsius['nose_tip'] == \
        pytest.approx(30, abs=15)


def not_finite():
    image = np.full((50, 50), 300, np.float32)
    image[3, 4] = np.nan
    return image


@pytest.mark.parametrize('image, error, message', [
    ('gone.png', FileNotFoundError, 'gone.png does not exist'),
    (np.zeros((0, 5), np.uint8), ValueError, 'not empty'),
    (np.zeros((5, 5), np.int32), ValueError, 'int32 pixels'),
    (np.zeros((5, 5), bool), ValueError, 'bool pixels'),
    (np.zeros(5, np.uint8), ValueError, r'shape \(5,\)'),
    (not_finite(), ValueError, 'dead pixels'),
    (np.random.default_rng(0).integers(0, 255, (9, 9, 3), np.uint8),
     ValueError, 'different channels'),
])
def test_bad_frames_are_explained(image, error, message):
    with pytest.raises(error, match=message):
        ThermalLandmarker(Network())(image)


def test_a_file_that_is_no_image_is_named(tmp_path):
    (tmp_path / 'bad.png').write_bytes(b'no image')
    with pytest.raises(ValueError, match='bad.png cannot be decoded'):
        ThermalLandmarker(Network())(tmp_path / 'bad.png')


@pytest.mark.parametrize('boxes, message', [
    ([[0, 0, 10]], 'shape'), ([0, 0, 10, 10], 'shape'),
    ([[0, 0, 0, 0]], 'Box 0 .* with an area'),
    (BOX + [[np.nan, 0, 9, 9]], 'Box 1'),
    ([[10, 10, 5, 20]], 'with an area'),
    ([[200, 200, 250, 250]], 'outside the 128x128 image'),
])
def test_bad_boxes_are_explained(boxes, message):
    with pytest.raises(ValueError, match=message):
        ThermalLandmarker(Network())(grey(), boxes)


def test_bad_calls_are_explained(tmp_path):
    with pytest.raises(ValueError, match='boxes for 1'):
        ThermalLandmarker(Network())([grey(), grey()], [BOX])
    with pytest.raises(ValueError, match="'onnx', 'cpu' or 'cuda'"):
        ThermalLandmarker('a.pth', 'gpu')
    with pytest.raises(ValueError, match="device='onnx' runs"):
        ThermalLandmarker('a.onnx', 'cpu')
    colour = Detector()
    colour.info = ModelInfo('detection', (128, 128), 3, ['boxes', 'scores'])
    with pytest.raises(ValueError, match='visible light'):
        ThermalLandmarker(Network(), detector=colour)
    with pytest.raises(FileNotFoundError, match='copy both'):
        ThermalLandmarker(str(tmp_path / 'a.onnx'))


def test_palettes_are_inverted():
    from mmpose_thermal.runtime.palettes import apply_palette
    network = Network()
    ThermalLandmarker(network)(grey(), BOX)
    ThermalLandmarker(network, palette='iron')(
        apply_palette(grey(), 'iron'), BOX)
    difference = np.abs(network.seen[0].astype(int) - network.seen[1])
    assert np.median(difference) <= 2


def test_models_of_visible_light(save_student):
    """The RGB teacher runs as well, on BGR images."""
    path = save_student(
        estimator(8, COLOUR),
        test_pipeline=[
            dict(type='LoadImage'), dict(type='GetBBoxCenterScale'),
            dict(type='TopdownAffine', input_size=(64, 64)),
            dict(type='PackPoseInputs')
        ])
    from mmpose.apis import inference_topdown

    from mmpose_thermal.deployment import load_model
    image = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    face, = ThermalLandmarker(path)(image, BOX)
    expected = inference_topdown(load_model(path), image, np.float32(BOX))
    assert face.keypoints == pytest.approx(
        expected[0].pred_instances.keypoints[0], abs=.1)
    with pytest.raises(ValueError, match='visible light'):
        ThermalLandmarker(path)(grey())


def test_mmposes_own_inference_takes_the_stock_config(save_student, tmp_path):
    """Unchanged: MMPoseInferencer and inference_topdown, path and array."""
    from mmpose.apis import MMPoseInferencer, inference_topdown, init_model
    path = save_student()
    config = path.replace('.pth', '.py')
    image = grey()
    cv2.imwrite(str(tmp_path / 'face.png'), image)
    model = init_model(config, path, 'cpu')
    whole = np.float32([[0, 0, 128, 128]])
    ours, = ThermalLandmarker(path)(image)
    for given in (str(tmp_path / 'face.png'), image, cv2.merge([image] * 3)):
        found = inference_topdown(model, given, whole)[0].pred_instances
        assert found.keypoints[0] == pytest.approx(ours.keypoints, abs=.1)
    inferencer = MMPoseInferencer(
        pose2d=config, pose2d_weights=path, det_model='whole_image',
        device='cpu')
    result = next(inferencer(str(tmp_path / 'face.png')))
    found = result['predictions'][0][0]
    assert np.array(found['keypoints']) == pytest.approx(
        ours.keypoints, abs=.1)
