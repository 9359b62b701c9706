import cv2
import numpy as np
import pytest
from mmpose.registry import TRANSFORMS

from mmpose_thermal.runtime.palette_inversion import invert_palette
from mmpose_thermal.runtime.palettes import (apply_palette, fit_palette,
                                              palette_colours)
from mmpose_thermal.runtime.radiometry import to_grey


def load(path, sample=(), **arguments):
    return TRANSFORMS.build(dict(type='LoadThermalImage', **arguments))(
        dict(sample, img_path=str(path)))


@pytest.fixture
def scene_k():
    """A face at 307 K, a wall at 295 K, in kelvin."""
    rng = np.random.default_rng(0)
    kelvin = np.full((96, 128), 295.) + .1 * rng.standard_normal((96, 128))
    kelvin[30:70, 40:80] = 305 + np.linspace(0, 4, 40)
    return kelvin.astype(np.float32)


def test_16_bit_float_tiff_and_npy_of_one_scene_agree(scene_k, tmp_path):
    centikelvin = np.rint(scene_k * 100).astype(np.uint16)
    kelvin = (centikelvin / 100).astype(np.float32)
    cv2.imwrite(str(tmp_path / 'counts.png'), centikelvin)
    cv2.imwrite(str(tmp_path / 'kelvin.tiff'), kelvin)
    np.save(tmp_path / 'celsius.npy', kelvin.astype(np.float64) - 273.15)
    for gain in (dict(), dict(gain='plateau'), dict(gain='clahe'),
                 dict(temperature_range_k=(290, 310))):
        counts = load(tmp_path / 'counts.png', dict(bit_depth=16), **gain)
        floats = load(tmp_path / 'kelvin.tiff', dict(bit_depth=32), **gain)
        celsius = load(
            tmp_path / 'celsius.npy',
            dict(bit_depth=32, temperature_offset=273.15), **gain)
        for other in (floats, celsius):
            difference = np.abs(counts['img'].astype(int) - other['img'])
            assert np.percentile(difference, 99) <= 1 + (gain.get('gain') ==
                                                         'clahe'), gain
    assert counts['kelvin_per_level'] == pytest.approx(20 / 255)
    assert floats['kelvin_per_level'] == pytest.approx(20 / 255, rel=1e-3)


def test_percentiles_are_numpys(scene_k):
    counts = np.rint(scene_k * 100).astype(np.uint16)
    grey, step_k = to_grey(counts, percentiles=(5, 95))
    low, high = np.percentile(counts, (5, 95))
    assert step_k == pytest.approx((high - low) * .01 / 255, rel=.01)
    assert grey[counts <= low].max() == 0
    assert grey[counts >= high].min() == 255


def test_plateau_gives_the_face_more_levels_than_the_ramp(scene_k):
    def levels(gain):
        return np.ptp(to_grey(scene_k, gain)[0][32:68, 42:78])

    assert levels('plateau') > 1.5 * levels('percentile')
    # Equalisation keeps the order of temperatures.
    grey, step_k = to_grey(scene_k, 'plateau')
    order = np.argsort(scene_k, axis=None)
    assert (np.diff(grey.ravel()[order].astype(int)) >= 0).all()
    assert step_k is None


def test_a_frame_of_one_temperature_is_no_error():
    for gain in ('percentile', 'plateau', 'clahe'):
        for raw in (np.full((16, 16), 29_000, np.uint16),
                    np.full((16, 16), 290, np.float32)):
            assert to_grey(raw, gain)[0].shape == (16, 16)


def test_dead_pixels_are_named(scene_k, tmp_path):
    scene_k[3, 4] = np.nan
    np.save(tmp_path / 'frame.npy', scene_k)
    with pytest.raises(ValueError, match='frame.npy.* 1 pixels .*not finite'):
        load(tmp_path / 'frame.npy', dict(bit_depth=32))


def test_broken_npy_is_named(tmp_path):
    (tmp_path / 'frame.npy').write_bytes(b'no array')
    with pytest.raises(ValueError, match='frame.npy cannot be decoded'):
        load(tmp_path / 'frame.npy', dict(bit_depth=32))


def test_a_pickle_in_npy_is_not_run(tmp_path):
    np.save(tmp_path / 'frame.npy', np.array([print], object))
    with pytest.raises(ValueError, match='frame.npy cannot be decoded'):
        load(tmp_path / 'frame.npy', dict(bit_depth=32))


@pytest.mark.parametrize('palette', ['iron', 'black-hot', 'white-hot'])
def test_palettes_are_inverted(palette):
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    found = invert_palette(apply_palette(grey, palette), palette)
    assert np.abs(found.astype(int) - grey).max() <= 2


def test_iron_image_is_loaded_as_intensities(tmp_path):
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    path = tmp_path / 'iron.png'
    cv2.imwrite(str(path), apply_palette(grey, 'iron'))
    found = load(path, dict(palette='iron'))['img']
    assert np.abs(found.astype(int) - grey[..., None]).max() <= 2
    with pytest.raises(ValueError, match='set "palette"'):
        load(path)


def test_grey_black_hot_image_is_inverted(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.full((4, 4), 10, np.uint8))
    found = load(tmp_path / 'a.png', dict(palette='black-hot'))['img']
    assert (found == 245).all()


def test_grey_image_cannot_be_of_a_coloured_palette(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.full((4, 4), 10, np.uint8))
    with pytest.raises(ValueError, match="grey image cannot .* 'iron'"):
        load(tmp_path / 'a.png', dict(palette='iron'))


def test_palette_of_a_file(tmp_path):
    colours = palette_colours('iron')[::-1].copy()
    cv2.imwrite(str(tmp_path / 'mine.png'), colours[None])
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = apply_palette(grey, str(tmp_path / 'mine.png'))
    assert (image[0, 0] == palette_colours('iron')[255]).all()
    with pytest.raises(ValueError, match='must be one of'):
        palette_colours(str(tmp_path / 'none.png'))


def test_palette_is_fitted_to_frames_in_grey_and_colour():
    rng = np.random.default_rng(0)
    grey = rng.integers(10, 240, (3, 64, 64), dtype=np.uint8)
    pairs = [(image, apply_palette(image, 'iron')) for image in grey]
    fitted = fit_palette(pairs).astype(int)
    assert np.abs(fitted - palette_colours('iron'))[10:240].max() <= 1
    with pytest.raises(ValueError, match='cannot be the same frame'):
        fit_palette([(grey[0], np.zeros((8, 8, 3), np.uint8))])
    with pytest.raises(ValueError, match='too few for a palette'):
        fit_palette([])


def test_a_photograph_is_no_iron_image(tmp_path):
    image = np.zeros((32, 32, 3), np.uint8)
    image[...] = (60, 200, 60)  # green does not occur in iron
    cv2.imwrite(str(tmp_path / 'photo.png'), image)
    with pytest.raises(ValueError, match='photo.png.*not of the palette'):
        load(tmp_path / 'photo.png', dict(palette='iron'))


def test_one_channel(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.full((4, 6), 10, np.uint8))
    assert load(tmp_path / 'a.png', channels=1)['img'].shape == (4, 6)


@pytest.mark.parametrize('arguments, match', [
    (dict(gain='auto'), '`gain` must be one of'),
    (dict(gain='window'), 'belong together'),
    (dict(gain='clahe', temperature_range_k=(290, 310)), 'belong together'),
    (dict(channels=2), '`channels` must be 1 or 3'),
])
def test_wrong_settings_are_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        TRANSFORMS.build(dict(type='LoadThermalImage', **arguments))
