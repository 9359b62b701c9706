"""ThermalLandmarker as a user calls it."""
import shutil
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from conftest import COLOUR, estimator
from radiometric_jpegs import radiometric_jpeg, scene

from mmpose_thermal import weights
from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.runtime import ModelInfo, Source

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
    assert face.scores.shape == (3, ) and face.uncertainty_px is None
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


class UnsureNetwork(Network):
    """Also tells spreads, of 2, 4 and 6 input pixels."""

    def __init__(self, peak=.5, **info):
        super().__init__(outputs=['keypoints', 'scores', 'spreads'], **info)
        self.peak = peak

    def __call__(self, images):
        points, scores = super().__call__(images)
        return [points, self.peak * scores, [[2., 4, 6]] * len(images)]


@pytest.mark.parametrize('unit', [
    dict(temperature_scale=0.), dict(temperature_scale=np.nan),
    dict(temperature_offset=np.inf)])
def test_a_unit_must_be_one(unit):
    with pytest.raises(ValueError, match='kelvin are value . scale . offset'):
        ThermalLandmarker(Network(), **unit)


def test_uncertainty_is_in_pixels_of_the_image():
    face, = ThermalLandmarker(UnsureNetwork())(grey(), BOX)
    # The crop has 80 pixels, the network's input 64.
    assert face.uncertainty_px.tolist() == [2.5, 5, 7.5]
    assert face.scores.tolist() == [.5] * 3
    assert ThermalLandmarker(UnsureNetwork())(grey(), []) == []


def test_calibrated_scores_are_probabilities():
    calibration = dict(bias=-2., weight=4., factor=.5, power=2.)
    face, = ThermalLandmarker(UnsureNetwork(calibration=calibration))(
        grey(), BOX)
    assert face.scores.tolist() == [.5] * 3
    assert face.uncertainty_px.tolist() == [2.5, 10, 22.5]
    face, = ThermalLandmarker(UnsureNetwork(.2, calibration=calibration))(
        grey(), BOX)
    assert face.face_score == pytest.approx(1 / (1 + np.exp(1.2)))


def test_what_is_no_face_can_be_dropped():
    found = dict(detector=Detector(), min_face_score=.35)
    assert len(ThermalLandmarker(UnsureNetwork(.4), **found)(grey())) == 2
    doubtful = ThermalLandmarker(UnsureNetwork(.3), **found)
    assert doubtful(grey()) == []
    assert len(doubtful(grey(), BOX)) == 1  # a given box is always answered
    faces = [*doubtful.stream([grey()] * 2, [None, BOX])]
    assert [len(each) for each in faces] == [0, 1]


def test_shipped_models_are_the_defaults(tmp_path, monkeypatch):
    landmarker = ThermalLandmarker()
    assert len(landmarker.info.keypoints) == 68
    assert ThermalLandmarker('landmarks').info == landmarker.info
    # A detector is used as soon as it ships, with the shipped landmarks only.
    for path in Path(weights.__file__).parent.glob('landmarks.onnx*'):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(weights, '_FOLDER', tmp_path)
    assert ThermalLandmarker().detector is None
    save_stand_in_detector(tmp_path / 'face_detector.onnx')
    face, = ThermalLandmarker()(grey())
    assert face.box.tolist() == [20, 20, 90, 100]
    assert face.box_score == pytest.approx(.9)
    landmarks, detector = weights.with_defaults(None, None)
    assert weights.with_defaults('a.onnx', None) == ('a.onnx', None)
    assert weights.with_defaults('a.onnx', 'face_detector')[1] == detector
    assert weights.with_defaults(None, 'b.onnx') == (landmarks, 'b.onnx')
    assert weights.with_defaults(('c.py', 'c.pth'), None)[1] is None


def save_stand_in_detector(path):
    """Writes a model that sees the same face in each image of 128x128."""
    onnx = pytest.importorskip('onnx')
    make = onnx.helper
    values = dict(boxes=np.float32([BOX]), scores=np.float32([[.9]]))
    graph = make.make_graph(
        [make.make_node('Constant', [], [name],
                        value=onnx.numpy_helper.from_array(value))
         for name, value in values.items()], 'detector',
        [make.make_tensor_value_info('image', onnx.TensorProto.UINT8,
                                     ['batch', 1, 128, 128])],
        [make.make_tensor_value_info(name, onnx.TensorProto.FLOAT, value.shape)
         for name, value in values.items()])
    model = make.make_model(
        graph, opset_imports=[make.make_opsetid('', 17)], ir_version=8)
    onnx.save(model, str(path))
    ModelInfo('detection', (128, 128), 1, [*values]).save(str(path))


def test_without_boxes_the_face_fills_the_image():
    landmarker = ThermalLandmarker(Network())
    with pytest.warns(UserWarning, match='detector= .* boxes='):
        face, = landmarker(grey())
    assert face.box.tolist() == [0, 0, 128, 128]
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        landmarker(grey())  # said once
        ThermalLandmarker(Network())(grey(), BOX)
        ThermalLandmarker(Network(), detector=Detector())(grey())


@pytest.mark.parametrize('batch', [
    [grey(), grey()], (grey(), grey()), np.stack([grey(), grey()]),
    np.stack([cv2.merge([grey()] * 3)] * 2), np.stack([grey()] * 2)[:, None],
    np.stack([grey()] * 2)[..., None],
    torch.from_numpy(np.stack([grey()] * 2))[:, None],
    torch.from_numpy(np.stack([grey()] * 2))[:, None].expand(-1, 3, -1, -1)])
def test_batches_run_as_one(batch):
    network = Network()
    found = ThermalLandmarker(network)(batch, [BOX, BOX * 2])
    assert [len(faces) for faces in found] == [1, 2]
    assert [len(images) for images in network.seen] == [3]
    given = iter(batch) if isinstance(batch, list) else batch
    assert ThermalLandmarker(Network())(given, [[], BOX])[0] == []


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
    # The frame that is no image is told in its turn, and does not end it.
    with pytest.raises(ValueError, match='6 of the stream .* not empty'):
        next(stream)
    assert [faces[0].box[2] for faces in stream] == [121, 120]


def test_streams_may_skip_what_is_no_image(tmp_path):
    (tmp_path / 'bad.png').write_bytes(b'no image')
    np.save(tmp_path / 'a.npy', np.stack([grey()] * 3))
    images = [grey(), tmp_path / 'bad.png', grey(), None, grey()]
    landmarker = ThermalLandmarker(Network())
    with pytest.warns(UserWarning) as warned:
        found = [*landmarker.stream(images, BOX, on_error='skip')]
    assert [len(faces) for faces in found] == [1, 0, 1, 0, 1]
    told = [str(warning.message) for warning in warned]
    assert len(told) == 2
    assert any('Image 1 of the stream is skipped' in text and 'bad.png' in text
               for text in told)
    with pytest.warns(UserWarning, match='bad.png cannot be decoded'):
        found = [*landmarker.stream(
            Source(str(tmp_path)), BOX, on_error='skip')]
    assert [len(faces) for faces in found] == [1, 1, 1, 0]
    with pytest.raises(ValueError, match="'raise', 'skip'"):
        landmarker.stream(images, on_error='ignore')


def test_a_stream_that_breaks_gives_what_it_had():

    def frames():
        yield from [grey()] * 3
        raise OSError('cable')

    for on_error in ('raise', 'skip'):
        stream = ThermalLandmarker(Network()).stream(
            frames(), BOX, workers=4, on_error=on_error)
        assert [len(next(stream)) for _ in range(3)] == [1, 1, 1]
        with pytest.raises(OSError, match='cable'):
            next(stream)
        assert [*stream] == []


@pytest.mark.parametrize('boxes, counts', [
    (BOX, [1, 1]), (np.array(BOX * 2), [2, 2]), ([], [0, 0]),
    ([BOX, BOX * 2], [1, 2]), ([[], BOX], [0, 1]), ([[], []], [0, 0]),
    (np.array([BOX, BOX]), [1, 1]), (([BOX * n for n in (1, 3)]), [1, 3]),
    ((BOX * n for n in (1, 3)), [1, 3]), ([None, BOX], [2, 1]),
    (torch.tensor(BOX * 2), [2, 2]), (torch.tensor([BOX, BOX]), [1, 1]),
    (list(torch.tensor(BOX * 2)), [2, 2]),
    (None, [2, 2])])
def test_streams_take_boxes_for_all_or_for_each(boxes, counts):
    landmarker = ThermalLandmarker(Network(), detector=Detector())
    found = [*landmarker.stream([grey()] * 2, boxes)]
    assert [len(faces) for faces in found] == counts


def test_a_stream_says_what_its_boxes_lack():
    landmarker = ThermalLandmarker(Network())
    stream = landmarker.stream([grey()] * 3, [BOX, BOX])
    assert len(next(stream)) == len(next(stream)) == 1
    with pytest.raises(ValueError, match='boxes end after 2 images'):
        next(stream)
    with pytest.raises(FileNotFoundError, match='a.mp4 does not exist'):
        landmarker.stream('a.mp4')


# -- images of other libraries ----------------------------------------------


def seen_of(image, **options):
    """What the network is shown of an image."""
    network = Network()
    ThermalLandmarker(network, **options)(image, BOX)
    return network.seen[0]


def raw_frame():
    return np.rint(100 * (300 + 10 * grey() / 255)).astype(np.uint16)


def pil_of(image, mode=None):
    from PIL import Image
    image = Image.fromarray(image)
    return image if mode is None else image.convert(mode)


@pytest.mark.parametrize('image, same_as', [
    (pil_of(grey()), grey()), (pil_of(grey(), 'RGB'), grey()),
    (pil_of(grey(), 'LA'), grey()), (pil_of(grey(), 'RGBA'), grey()),
    (pil_of(grey(), 'P'), grey()), (pil_of(raw_frame()), raw_frame()),
    (pil_of(raw_frame().astype(np.int32)), raw_frame()),
    (pil_of((raw_frame() / 100).astype(np.float32)), raw_frame() / 100),
    (torch.from_numpy(grey()), grey()),
    (torch.from_numpy(grey())[None], grey()),
    (torch.from_numpy(grey()).expand(3, -1, -1), grey()),
    (torch.from_numpy(raw_frame() / 100), raw_frame() / 100),
    (raw_frame().astype('>u2'), raw_frame()),
    ((raw_frame() / 100).astype('>f4'), raw_frame() / 100),
])
def test_images_of_other_libraries(image, same_as):
    assert (seen_of(image) == seen_of(same_as)).all()
    many = ThermalLandmarker(Network())([image, same_as], [BOX, BOX])
    assert [len(faces) for faces in many] == [1, 1]


def test_colours_of_other_libraries_are_in_their_order():
    from mmpose_thermal.runtime.palettes import apply_palette
    bgr = apply_palette(grey(), 'iron')
    rgb = np.ascontiguousarray(bgr[..., ::-1])
    expected = seen_of(bgr, palette='iron')
    tensor = torch.from_numpy(rgb)
    for image in (pil_of(rgb), tensor, tensor.permute(2, 0, 1)):
        assert (seen_of(image, palette='iron') == expected).all()
    assert np.median(np.abs(expected.astype(int) - seen_of(grey()))) <= 2
    network = Network()
    landmarker = ThermalLandmarker(network, palette='iron')
    for batch in (tensor[None], tensor.permute(2, 0, 1)[None]):
        landmarker(batch, [BOX])
        assert (network.seen[0] == expected).all()


def test_pil_images_are_turned_upright_or_named(tmp_path):
    from PIL import Image
    image = pil_of(grey()[:, :100])
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter to the right
    image.save(tmp_path / 'a.png', exif=exif)
    landmarker = ThermalLandmarker(Network())
    prepared = landmarker.prepare(Image.open(tmp_path / 'a.png'))
    assert (prepared.grey == np.rot90(grey()[:, :100], -1)).all()
    content = (tmp_path / 'a.png').read_bytes()
    (tmp_path / 'a.png').write_bytes(content[:len(content) // 2])
    with pytest.raises(ValueError, match='a.png cannot be decoded'):
        landmarker(Image.open(tmp_path / 'a.png'))


@pytest.mark.parametrize('given, message', [
    (None, 'None was given'), (b'abc', 'a bytes was given'),
    ({}, 'a dict was given'), (3., 'a float was given'), ([], 'An empty list'),
    ([1, 2], 'list of numbers'), ([[1, 2], [3, 4]], 'list of numbers'),
    ([None], '0 of the batch is None'), ([grey(), {}], '1 of the batch is a'),
    (np.array([None, 'a']), 'expected an image'),
    (np.full((9, 9), None), 'object pixels'),
    (np.zeros((48, 64, 2), np.uint8), r'view\(np.uint16\)'),
    (np.zeros((384, 256, 2), np.uint8), 'lower half'),
    (np.zeros((2, 3, 48, 64, 3), np.uint8), 'expected an image'),
    (np.zeros((0, 48, 64), np.uint8), 'not empty'),
    ([np.zeros((2, 48, 64), np.uint8)], 'this is a batch'),
    (torch.zeros(48, 64, requires_grad=True), r'detach\(\)'),
    (torch.zeros(48, 64, dtype=torch.bfloat16), r'float\(\)'),
    (np.zeros((40000, 48), np.uint8), '48x40000 .*Cut it'),
])
def test_what_is_no_image_is_named(given, message):
    with pytest.raises(ValueError, match=message):
        ThermalLandmarker(Network())(given)


def test_paths_of_what_is_no_image_are_named(tmp_path):
    for name in ('a.mp4', 'bad.png'):
        (tmp_path / name).write_text('')
    np.save(tmp_path / 'a.npy', np.stack([grey()] * 3))
    for path, message in ((tmp_path, 'is a folder: give it on its own'),
                          (tmp_path / 'a.mp4', 'is a video: give it on its o'),
                          (tmp_path / 'a.npy', 'holds 3 frames'),
                          (tmp_path / 'bad.png', 'bad.png cannot be dec')):
        with pytest.raises(ValueError, match=message):
            ThermalLandmarker(Network())([path])
    with pytest.raises(ValueError, match='a.mp4 cannot be opened'):
        ThermalLandmarker(Network())(tmp_path / 'a.mp4')
    with pytest.raises(ValueError, match='bad.png cannot be dec'):
        ThermalLandmarker(Network())(tmp_path / 'bad.png')


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
    face, = ThermalLandmarker(network, temperatures=False)(raw, BOX)
    assert face.keypoint_celsius is None and face.skin_celsius is None
    first = network.seen[0].astype(int)
    assert all(np.abs(first - seen).max() <= 1 for seen in network.seen)


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


def test_hot_faces_are_no_skin():
    """A plausible scene may hold something else."""
    landmarker = ThermalLandmarker(Network())
    raw = np.full((128, 128), 29500, np.uint16)
    raw[10:110, 5:110] = 33500  # 62 degrees Celsius
    with pytest.warns(UserWarning, match='no plausible skin temperatures') as warned:
        face, = landmarker(raw, BOX)
        landmarker(raw, BOX)
    assert face.skin_celsius is None and face.keypoint_celsius is None
    assert len(warned) == 1


def test_options_of_the_unit_are_not_for_files_that_know_theirs(tmp_path):
    pytest.importorskip('flyr')
    (tmp_path / 'a.jpg').write_bytes(radiometric_jpeg(scene(128, 128)))
    rows = '\n'.join(';'.join(['30,5'] * 100 + ['31,5'] * 28) for _ in range(128))
    (tmp_path / 'named.csv').write_text('unit;°C\n' + rows)
    other = ThermalLandmarker(Network(), temperature_scale=.04,
                              temperature_offset=273.15)
    for name in ('a.jpg', 'named.csv'):
        path = tmp_path / name
        expected, = ThermalLandmarker(Network())(path, BOX)
        for image in (path, next(iter(Source(str(path))))):
            results = other(image, BOX)
            assert results[0].skin_celsius == expected.skin_celsius
            assert np.median(results.frame.celsius) > 15
    (tmp_path / 'unnamed.csv').write_text(rows.replace(',5', ',5e1'))
    assert other(tmp_path / 'unnamed.csv', BOX)[0].skin_celsius[
        'nose_tip'] == pytest.approx(12.2)


def test_hot_scenes_of_a_known_unit_get_no_advice_about_units(tmp_path):
    pytest.importorskip('flyr')
    (tmp_path / 'a.jpg').write_bytes(radiometric_jpeg(scene(128, 128) + 30_000))
    rows = '\n'.join(';'.join(f'{x + y},5' for x in range(128)) for y in range(128))
    (tmp_path / 'named.csv').write_text('unit;°C\n' + rows)
    (tmp_path / 'unnamed.csv').write_text(rows)
    for name, known in (('a.jpg', True), ('named.csv', True),
                        ('unnamed.csv', False)):
        with pytest.warns(UserWarning, match=name) as warned:
            face, = ThermalLandmarker(Network())(tmp_path / name, BOX)
        told = str(warned[0].message)
        assert ('temperature_scale' in told) is not known
        assert 'no surrounding for people' in told or not known
        assert face.skin_celsius is None


def test_dead_pixels_are_no_skin():
    kelvin = np.full((128, 128), 305., np.float32)
    kelvin[::2, ::2] += .5
    kelvin[59, 54:57] = 1e6
    kelvin[61, 54:57] = np.nan
    with pytest.warns(UserWarning, match='replaced by'):
        face, = ThermalLandmarker(Network())(kelvin, BOX)
    assert face.keypoint_celsius[1] == pytest.approx(32.1, abs=.4)
    # The warmest pixel of a region is one of the scene.
    assert face.skin_celsius['right_inner_eye_corner'] == pytest.approx(
        32.1, abs=.4)


@pytest.mark.parametrize('image, error, message', [
    ('gone.png', FileNotFoundError, 'gone.png does not exist'),
    (np.zeros((0, 5), np.uint8), ValueError, 'not empty'),
    (np.zeros((5, 5), complex), ValueError, 'complex128 pixels'),
    (np.zeros((5, 5), bool), ValueError, 'bool pixels'),
    (np.zeros(5, np.uint8), ValueError, r'shape \(5,\)'),
    (np.full((50, 50), np.nan), ValueError, 'not finite'),
    (np.random.default_rng(0).integers(0, 255, (9, 9, 3), np.uint8),
     ValueError, 'different channels'),
])
def test_bad_frames_are_explained(image, error, message):
    with pytest.raises(error, match=message):
        ThermalLandmarker(Network())(image)


@pytest.mark.parametrize('boxes, message', [
    ([[0, 0, 10]], 'shape'), ([0, 0, 10, 10], r'shape \(4,\)'),
    ([[0, 0, 0, 0]], 'Box 0 .* with an area'),
    (BOX + [[np.nan, 0, 9, 9]], 'Box 1'),
    ([[10, 10, 5, 20]], 'with an area'),
    ([[200, 200, 250, 250]], 'outside the 128x128 image'),
    (BOX + [[60, 30, 5000, 5000]], 'Box 1 .* more than half .* 128x128 image'),
    ([[-41, 0, 40, 80]], 'more than half'),
    ([dict(x1=1)], 'boxes are'), (dict(a=BOX), 'boxes are'),
    ('abc', 'boxes are'), (5, 'boxes (have the shape ..|are an int)')])
def test_bad_boxes_are_explained(boxes, message):
    landmarker = ThermalLandmarker(Network())
    with pytest.raises(ValueError, match=message):
        landmarker(grey(), boxes)
    with pytest.raises(ValueError, match=message):
        [*landmarker.stream([grey()], boxes=boxes)]


def test_faces_at_the_edge_are_faces():
    assert len(ThermalLandmarker(Network())(
        grey(), [[-40, 0, 40, 80], [-30, -20, 140, 140]])) == 2


def test_bad_calls_are_explained(tmp_path):
    with pytest.raises(ValueError, match='boxes for 1'):
        ThermalLandmarker(Network())([grey(), grey()], [BOX])
    with pytest.raises(ValueError, match='boxes are 5: .*one list'):
        ThermalLandmarker(Network())([grey(), grey()], boxes=5)
    for images in (None, 5.):
        with pytest.raises(ValueError, match='images of a stream'):
            next(ThermalLandmarker(Network()).stream(images))
    with pytest.raises(ValueError, match="'onnx', 'cpu' or 'cuda'"):
        ThermalLandmarker('a.pth', 'gpu')
    with pytest.raises(ValueError, match="run it with device='onnx'"):
        ThermalLandmarker('a.onnx', 'cpu')
    colour = Detector()
    colour.info = ModelInfo('detection', (128, 128), 3, ['boxes', 'scores'])
    with pytest.raises(ValueError, match='visible light'):
        ThermalLandmarker(Network(), detector=colour)
    with pytest.raises(ValueError, match="'rainbow-hot'"):
        ThermalLandmarker(Network(), palette='rainbow-hot')
    with pytest.raises(FileNotFoundError, match='a.onnx does not exist'):
        ThermalLandmarker(str(tmp_path / 'a.onnx'))


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
        ThermalLandmarker(path)(grey().astype(np.uint16))


def test_models_of_visible_light_take_grey_images(tmp_path):
    import cv2
    cv2.imwrite(str(tmp_path / 'a.png'), grey())
    landmarker = ThermalLandmarker(Network(channels=3))
    for image in (grey(), pil_of(grey()), tmp_path / 'a.png'):
        assert (landmarker.prepare(image).grey == grey()[..., None]).all()
        assert len(landmarker(image, BOX)) == 1


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
