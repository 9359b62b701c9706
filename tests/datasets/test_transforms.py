import cv2
import numpy as np
import pytest
import torch
from mmpose.registry import TRANSFORMS
from scipy.stats import kstest, truncnorm


def build(type, **arguments):
    return TRANSFORMS.build(dict(type=type, **arguments))


@pytest.fixture
def write(tmp_path):

    def write(image, name='image.png'):
        path = str(tmp_path / name)
        assert cv2.imwrite(path, image)
        return path

    return write


def ramp(dtype, high):
    return np.linspace(0, high, 48).astype(dtype).reshape(6, 8)


@pytest.mark.parametrize('channels', [1, 3])
def test_8_bit_image_is_loaded_as_it_is(write, channels):
    """Also when grey is stored as three equal channels."""
    image = ramp(np.uint8, 255)
    path = write(image if channels == 1 else cv2.merge([image] * 3))
    loaded = build('LoadThermalImage')(dict(img_path=path))
    assert loaded['img'].shape == (6, 8, 3)
    assert loaded['img_shape'] == loaded['ori_shape'] == (6, 8)
    assert (loaded['img'] == image[..., None]).all()


def test_temperature_window_maps_kelvin_to_grey(write):
    kelvin = np.array([[290, 300, 305, 310, 330]], float)
    path = write(np.round(kelvin / .01).astype(np.uint16))
    loaded = build('LoadThermalImage', temperature_range_k=(300, 310))(
        dict(img_path=path, bit_depth=16))
    assert loaded['img'][0, :, 0].tolist() == [0, 0, 128, 255, 255]


def test_scale_and_offset_of_the_record_are_used(write):
    # 0.04 kelvin a count, zero at 273.15 K
    counts = np.array([[0, 250, 500]], np.uint16)
    loaded = build('LoadThermalImage', temperature_range_k=(273.15, 293.15))(
        dict(
            img_path=write(counts),
            bit_depth=16,
            temperature_scale=.04,
            temperature_offset=273.15))
    assert loaded['img'][0, :, 0].tolist() == [0, 128, 255]


def test_automatic_gain_uses_the_whole_grey_range(write):
    raw = (29000 + 10 * np.arange(1000)).astype(np.uint16).reshape(20, 50)
    grey = build('LoadThermalImage')(
        dict(img_path=write(raw), bit_depth=16))['img']
    assert grey.min() == 0 and grey.max() == 255
    assert (np.diff(grey[..., 0].ravel().astype(int)) >= 0).all()


def test_uniform_radiometric_frame_is_no_division_by_zero(write):
    raw = np.full((4, 4), 30000, np.uint16)
    grey = build('LoadThermalImage')(
        dict(img_path=write(raw), bit_depth=16))['img']
    assert np.isfinite(grey).all()


@pytest.mark.parametrize('content', [b'', b'not an image', None])
def test_unreadable_image_is_named(tmp_path, write, content):
    path = tmp_path / 'broken.png'
    if content is None:  # truncated in the middle
        whole = cv2.imencode('.png', ramp(np.uint8, 255))[1].tobytes()
        content = whole[:30]
    path.write_bytes(content)
    with pytest.raises(ValueError, match='broken.png cannot be decoded'):
        build('LoadThermalImage')(dict(img_path=str(path)))


@pytest.mark.parametrize('dtype, declared', [(np.uint16, 8), (np.uint8, 16)])
def test_other_depth_than_declared_is_refused(write, dtype, declared):
    path = write(ramp(dtype, 200))
    with pytest.raises(ValueError, match='"bit_depth"'):
        build('LoadThermalImage')(dict(img_path=path, bit_depth=declared))


def test_signed_counts_have_16_bits(write):
    counts = ramp(np.int16, 400) - 100  # tenths of degrees Celsius
    path = write(counts.astype(np.int16), 'image.tiff')
    sample = dict(img_path=path, bit_depth=16, temperature_scale=.1,
                  temperature_offset=273.15)
    loaded = build('LoadThermalImage', temperature_range_k=(263.15, 303.15))(
        sample)
    expected = (counts + 100) / 400 * 255
    assert np.abs(loaded['img'][..., 0] - expected).max() <= 1
    with pytest.raises(ValueError, match='"bit_depth"'):
        build('LoadThermalImage')(dict(sample, bit_depth=32))


@pytest.mark.parametrize('size, match', [
    ((8, 5), 'Correct "width" and "height"'),
    ((6, 8), 'either in the annotation file.*EXIF or TIFF orientation')])
def test_another_size_than_declared_is_refused(write, size, match):
    path = write(ramp(np.uint8, 200))
    build('LoadThermalImage')(dict(img_path=path, declared_size=(8, 6)))
    with pytest.raises(ValueError, match=f'image.png has 8x6 .*{match}'):
        build('LoadThermalImage')(dict(img_path=path, declared_size=size))


def test_false_colour_is_refused(write):
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    with pytest.raises(ValueError, match='false-colour palette'):
        build('LoadThermalImage')(dict(img_path=write(image)))


@pytest.mark.parametrize('boxes', [1, 2000])
def test_fast_changes_of_the_box_are_mmposes(boxes):
    """The same values from the same seed, and as many random numbers used."""
    found = {}
    for name in ('RandomBBoxTransform', 'FastRandomBBoxTransform'):
        np.random.seed(1)
        changed = build(name, shift_prob=1., rotate_prob=1.)(
            dict(bbox_center=np.zeros((boxes, 2)), bbox_scale=np.ones((boxes, 2))))
        found[name] = [*changed.values(), np.random.rand()]
    for mmposes, ours in zip(*found.values()):
        np.testing.assert_allclose(ours, mmposes, rtol=1e-5, atol=1e-6)


def test_fast_changes_of_the_box_are_normal_within_limits():
    np.random.seed(0)
    drawn = build('FastRandomBBoxTransform')._truncnorm(size=(50000, ))
    expected = truncnorm(-1, 1)
    assert drawn.dtype == np.float32 and abs(drawn).max() <= 1
    assert drawn.std() == pytest.approx(expected.std(), rel=.01)
    assert kstest(drawn, expected.cdf).pvalue > .01


THERMAL = dict(img=np.zeros((6, 8, 3)), img_path='thermal.png')
PAIR = dict(img=[np.zeros((6, 8, 3))] * 2, modalities=('thermal', 'rgb'))


@pytest.mark.parametrize('config, sample, error, message', [
    (dict(type='LoadRGBPartner'), THERMAL, KeyError, 'with_rgb=True'),
    (dict(type='ModalityTransform', modality='rgb',
          transforms=[lambda r: {**r, 'img': r['img'][1:]}]), PAIR,
     ValueError, 'Geometry must be shared'),
    (dict(type='ModalityTransform', modality='depth', transforms=[]), PAIR,
     KeyError, 'needs the modality "depth"'),
    (dict(type='PackPairInputs'), THERMAL, KeyError, 'PackPoseInputs'),
    (dict(type='LoadThermalImage'), dict(img_path='nowhere.png'),
     FileNotFoundError, 'nowhere.png does not exist'),
])
def test_steps_in_the_wrong_place_say_what_to_do(config, sample, error,
                                                 message):
    with pytest.raises(error, match=message):
        TRANSFORMS.build(config)(dict(sample))


@pytest.mark.parametrize('order', ['C', 'planes', 'grey'])
def test_a_pair_is_packed_like_two_images(order):
    """Whatever the order in memory; `planes` is that of swapped channels."""
    image = np.random.default_rng(0).integers(0, 256, (2, 8, 6, 3), np.uint8)
    images = list(dict(C=image, planes=image[..., [2, 0, 1]],
                       grey=image[..., 0])[order])
    labels = dict(
        keypoints=np.ones((1, 5, 2), np.float32), flip_indices=[1, 0, 2, 3, 4],
        keypoint_weights=np.ones((1, 5), np.float32), bbox=np.ones((1, 4)),
        heatmaps=np.ones((5, 2, 2), np.float32), img_path='a.png', id=3)
    pair = build('PackPairInputs')(
        dict(labels, img=images, modalities=('thermal', 'rgb')))
    alone = [build('PackPoseInputs')(dict(labels, img=one)) for one in images]
    for one, name in zip(alone, pair['inputs']):
        assert pair['inputs'][name].is_contiguous()
        assert torch.equal(pair['inputs'][name], one['inputs'])
    found, expected = pair['data_samples'], alone[0]['data_samples']
    assert found.metainfo == expected.metainfo
    assert torch.equal(found.gt_fields.heatmaps, expected.gt_fields.heatmaps)
    for part in ('gt_instances', 'gt_instance_labels'):
        assert getattr(found, part).keys() == getattr(expected, part).keys()
