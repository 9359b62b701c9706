"""Landmark models and detectors of other projects and ours, on RGB images."""
import os
import zipfile
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from conftest import COLOUR, estimator

from mmpose_thermal.labelling.blazeface import BlazeFace
from mmpose_thermal.labelling.detectors import load_detector
from mmpose_thermal.labelling.square_crops import SquareCrops
from mmpose_thermal.labelling.teachers import load_teacher

BLANK = np.zeros((90, 90, 3), np.uint8)
#: Path of the wheel of mediapipe 0.10.14, for the tests with the real models.
WHEEL = os.environ.get('MEDIAPIPE_WHEEL', '')


def linear_onnx(path, points, size):
    """A network that returns the same normalised points for every image."""
    onnx = pytest.importorskip('onnx')
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    onnx.save(helper.make_model(helper.make_graph(
        [helper.make_node('Constant', [], ['points'], value=helper.make_tensor(
            'points', kind, (1, points.size), points.ravel().tolist()))],
        'pfld',
        [helper.make_tensor_value_info('input', kind, ('N', 3, size, size))],
        [helper.make_tensor_value_info('points', kind, (1, points.size))]),
        opset_imports=[helper.make_opsetid('', 13)], ir_version=8), str(path))


def test_points_of_a_square_crop_return_to_the_image(tmp_path):
    normalised = np.tile([[0., 0], [1, 1], [.5, .5], [.5, 0]], (17, 1))
    linear_onnx(tmp_path / 'pfld.onnx', normalised, 112)
    boxes = np.array([[10., 20, 50, 60], [0, 0, 10, 40]])
    teacher = load_teacher(str(tmp_path / 'pfld.onnx'), crop=1.5)
    assert teacher.point_set == 'ibug68'
    assert teacher(BLANK, boxes)[:, :4] == pytest.approx(np.array([
        [[0, 10], [60, 70], [30, 40], [30, 10]],
        [[-10, 5], [20, 35], [5, 20], [5, 5]]]), abs=1e-4)


def test_a_network_with_points_of_no_known_set_is_refused(tmp_path):
    linear_onnx(tmp_path / 'five.onnx', np.zeros((5, 2)), 112)
    with pytest.raises(ValueError, match='5 points; 68 .iBUG. or 98 .WFLW.'):
        load_teacher(str(tmp_path / 'five.onnx'))


def network_of(outputs, names):
    """A network in OpenCV, which knows so many of its outputs by itself."""
    def forward(wanted):
        if isinstance(wanted, str):
            return outputs[wanted]
        if len(wanted) != len(names):
            raise cv2.error('requested and actual outputs must be the same')
        return [outputs[name] for name in wanted]

    network = SimpleNamespace(seen=[], forward=forward,
                              getUnconnectedOutLayersNames=lambda: names)
    network.setInput = network.seen.append
    return network


def face_mesh(monkeypatch, wheel, logit, names=('conv2d_31', 'conv2d_21')):
    """Writes a wheel whose FaceMesh finds the outer eye corners of any crop."""
    mesh = np.zeros((468, 3), np.float32)
    mesh[[33, 263]] = [[60, 80, 5], [132, 80, 5]]
    network = network_of(dict(conv2d_31=np.full((1, 1, 1, 1), logit),
                              conv2d_21=mesh.reshape(1, -1, 1, 1)), names)
    monkeypatch.setattr(cv2.dnn, 'readNetFromTFLite', lambda content: {
        b'model': network}[content.tobytes()])
    with zipfile.ZipFile(wheel, 'w') as file:
        file.writestr('mediapipe/modules/face_landmark/face_landmark.tflite', 'model')
    return load_teacher(str(wheel), crop=1.6)


@pytest.mark.parametrize('names', [
    ('conv2d_31', 'conv2d_21'), ('conv2d_21', )], ids=['OpenCV 4', 'OpenCV 5'])
def test_face_mesh_is_read_from_a_wheel_that_is_not_installed(
        tmp_path, monkeypatch, names):
    wheel = tmp_path / 'mediapipe.whl'
    teacher = face_mesh(monkeypatch, wheel, np.log(4), names)
    found = teacher(BLANK, np.array([[15., 25, 75, 85]]))
    # 96 px in the image are 192 px in the crop, which lies 1.2 px higher.
    assert found[0, [36, 45]] == pytest.approx(
        np.array([[27, 45.8, .8], [63, 45.8, .8]]))
    with zipfile.ZipFile(wheel, 'w'):
        pass
    with pytest.raises(ValueError, match='does not hold .*pip download'):
        load_teacher(str(wheel))


def test_crops_show_the_middle_of_the_box_in_rgb():
    image = BLANK.copy()
    image[40, 30] = (255, 0, 0)  # blue
    crop, = SquareCrops(np.array([[10., 20, 50, 60]]), 120, 1.5).cut(image)
    assert crop.shape == (120, 120, 3) and crop[..., 0].max() == 0
    assert np.unravel_index(crop[..., 2].argmax(), (120, 120)) == (60, 60)


def test_mmpose_models_score_their_points(save_teacher, tmp_path):
    from mmengine.config import Config
    model = estimator(normalisation=COLOUR)
    config = tmp_path / 'teacher.py'
    Config(dict(default_scope='mmpose', model=model, test_dataloader=dict(
        dataset=dict(type='ThermalFaceDataset', pipeline=[
            dict(type='LoadImage'), dict(type='GetBBoxCenterScale'),
            dict(type='TopdownAffine', input_size=(64, 64)),
            dict(type='PackPoseInputs')])))).dump(str(config))
    found = load_teacher((str(config), save_teacher(model)))(
        BLANK, np.array([[10., 20, 50, 60], [5, 5, 70, 70]]))
    assert found.shape == (2, model['head']['out_channels'], 3)
    assert 0 <= found[..., 2].min() and found[..., 2].max() <= 1


def test_shipped_models_go_by_name():
    assert load_teacher('landmarks').point_set == 'ibug68'
    boxes, scores = load_detector('face_detector')(np.zeros((64, 64), np.uint8), .5)
    assert boxes.shape == (0, 4) and not len(scores)


def test_our_thermal_models_look_at_luminance(onnx):
    from mmpose_thermal.apis import ThermalLandmarker
    image = np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8)
    boxes = np.array([[10., 20, 50, 60]])
    found = load_teacher(str(onnx))(image, boxes)
    face, = ThermalLandmarker(str(onnx))(
        cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), boxes)
    assert found[0] == pytest.approx(np.column_stack([face.keypoints, face.scores]))


@pytest.mark.parametrize('load', [load_teacher, load_detector])
def test_models_that_cannot_be_loaded_are_named(load, tmp_path):
    with pytest.raises(FileNotFoundError, match='gone.onnx does not exist'):
        load('gone.onnx')
    with pytest.raises(ValueError, match='a b c: give one .*config and a checkpoint'):
        load(['a', 'b', 'c'])
    with pytest.raises(ValueError, match='the module os has no nothing'):
        load('os:nothing')


def blaze_face(monkeypatch, tmp_path, found):
    """A BlazeFace whose network returns logits (896, ) and boxes (896, 4)."""
    network = network_of(
        dict(classificators=found[0].reshape(1, 896, 1),
             regressors=np.pad(found[1], ((0, 0), (0, 12)))[None]),
        names=('regressors', 'classificators'))
    monkeypatch.setattr(cv2.dnn, 'readNetFromTFLite', lambda content: network)
    (tmp_path / 'face_detection_short_range.tflite').write_bytes(b'model')
    return BlazeFace(str(tmp_path / 'face_detection_short_range.tflite')), network


def test_anchors_of_blaze_face_become_boxes_of_the_image(monkeypatch, tmp_path):
    logits, boxes = np.full(896, -9.), np.zeros((896, 4))
    # The second anchor of cell (x=3, y=5) of the fine grid, 8 px a cell, and the
    # last of cell (x=7, y=7) of the coarse one.
    logits[2 * (5 * 16 + 3) + 1] = 3.
    boxes[2 * (5 * 16 + 3) + 1] = [4, -4, 40, 32]
    logits[895] = 1.
    boxes[895] = [-2, 0, 20, 20]
    detector, network = blaze_face(monkeypatch, tmp_path, (logits, boxes))
    image = np.zeros((256, 256, 3), np.uint8)
    image[..., 2] = 255
    found, scores = detector(image, .5)
    assert found == pytest.approx(np.array([
        [2 * (32 - 20), 2 * (40 - 16), 2 * (32 + 20), 2 * (40 + 16)],
        [2 * (118 - 10), 2 * (120 - 10), 256, 256]]))
    assert scores == pytest.approx([.9526, .7311], abs=1e-3)
    # RGB between -1 and 1
    assert network.seen[0][0, :, 0, 0].tolist() == [1, -1, -1]


def test_wide_images_are_searched_in_squares_too(monkeypatch, tmp_path):
    detector, network = blaze_face(
        monkeypatch, tmp_path, (np.full(896, -9.), np.zeros((896, 4))))
    found, scores = detector(np.zeros((72, 128, 3), np.uint8), .5)
    assert found.shape == (0, 4) and scores.shape == (0, )
    assert len(network.seen) == 4


def test_detectors_of_mmdetection_return_their_faces(monkeypatch):
    from mmengine.structures import InstanceData
    from torch import tensor
    instances = InstanceData(
        bboxes=tensor([[0., 0, 9, 9], [1, 1, 8, 8], [2, 2, 7, 7], [3, 3, 6, 6]]),
        scores=tensor([.9, .6, .8, .3]), labels=tensor([0, 1, 1, 1]))
    model = SimpleNamespace(dataset_meta=dict(classes=('Person', 'Face')),
                            to=lambda device: model)
    monkeypatch.setattr('mmpose_thermal.deployment.load_model', lambda *given: {
        (('config.py', 'model.pth'), 'detection'): model}[given])
    monkeypatch.setattr('mmdet.apis.inference_detector', lambda model, image:
                        SimpleNamespace(pred_instances=instances))
    spec = ('config.py', 'model.pth')
    boxes, scores = load_detector(spec)(BLANK, .5)
    assert boxes.tolist() == [[2, 2, 7, 7], [1, 1, 8, 8]]
    assert scores == pytest.approx([.8, .6])
    model.dataset_meta['classes'] = ('cat', 'dog')
    with pytest.raises(ValueError, match='none of its classes .* is "face"'):
        load_detector(spec)


def test_yunet_returns_corners_best_first(monkeypatch, tmp_path):
    rows = np.zeros((2, 15), np.float32)
    rows[:, :4], rows[:, -1] = [[10, 20, 30, 40], [1, 2, 3, 4]], [.6, .9]
    network = SimpleNamespace(
        setInputSize=lambda size: None, setScoreThreshold=lambda score: None,
        detect=lambda image: (1, rows))
    monkeypatch.setattr(cv2, 'FaceDetectorYN',
                        SimpleNamespace(create=lambda *args: network))
    (tmp_path / 'yunet.onnx').write_bytes(b'model')
    detector = load_detector(str(tmp_path / 'yunet.onnx'))
    boxes, scores = detector(BLANK, .5)
    assert boxes.tolist() == [[1, 2, 4, 6], [10, 20, 40, 60]]
    assert scores == pytest.approx([.9, .6])
    network.detect = lambda image: (1, None)
    assert detector(BLANK, .5)[0].shape == (0, 4)


@pytest.mark.skipif(not WHEEL, reason='MEDIAPIPE_WHEEL is not set')
def test_real_face_mesh_finds_a_rendered_face(pairs_root):
    image = cv2.imread(str(next(pairs_root.glob('rgb/train/*.png'))))
    image = cv2.resize(image, None, fx=3, fy=3)
    boxes, scores = load_detector(WHEEL)(image, .5)
    assert len(boxes) == 1 and scores[0] > .5
    points = load_teacher(WHEEL)(image, boxes)
    assert points.shape == (1, 68, 3) and points[0, 0, 2] > .5
