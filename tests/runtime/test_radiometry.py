import cv2
import numpy as np
import pytest
from mmpose.registry import TRANSFORMS

from mmpose_thermal.runtime import is_skin, temperature_problem, to_grey


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


def test_one_channel(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.full((4, 6), 10, np.uint8))
    assert load(tmp_path / 'a.png', channels=1)['img'].shape == (4, 6)


@pytest.mark.parametrize('arguments, match', [
    (dict(gain='auto'), '`gain` must be one of'),
    (dict(gain='window'), 'must be used together'),
    (dict(gain='clahe', temperature_range_k=(290, 310)), 'must be used together'),
    (dict(channels=2), '`channels` must be 1 or 3'),
])
def test_wrong_settings_are_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        TRANSFORMS.build(dict(type='LoadThermalImage', **arguments))


# How cameras and their software write one scene.
WRITTEN = {
    'degrees Celsius': (1., 273.15, np.float32),
    'degrees Fahrenheit': (.555556, 255.372, np.float32),
    'tenths of kelvin': (.1, 0., np.uint16),
    'hundredths of degrees Celsius': (.01, 273.15, np.uint16),
    'tenths of degrees Celsius': (.1, 273.15, np.int16),
    'counts of 0.04 K': (.04, 0., np.uint16),
    'counts of 1/64 K': (.015625, 0., np.uint16),
    'thousandths of kelvin': (.001, 0., np.float32),
    'hundredths of kelvin': (.01, 0., np.float32),
    'kelvin': (1., 0., np.uint16),
}


@pytest.mark.parametrize('unit', WRITTEN)
def test_units_are_named_with_the_options_that_mend_them(scene_k, unit):
    scale, offset, dtype = WRITTEN[unit]
    raw = ((scene_k - offset) / scale).astype(dtype)
    problem = temperature_problem(raw)
    # The likeliest comes first.
    assert problem.split('look like ')[1].startswith(
        f'{unit}: set temperature_scale={scale:g}, '
        f'temperature_offset={offset:g}')
    assert temperature_problem(raw, scale, offset) is None


@pytest.mark.parametrize('raw', [
    np.linspace(7700, 8040, 1024).astype(np.uint16),  # a Lepton, uncalibrated
    np.linspace(3100, 3420, 1024).astype(np.uint16),
    np.linspace(3, 9, 1024, dtype=np.float32),
])
def test_raw_counts_have_no_unit(raw):
    problem = temperature_problem(raw.reshape(32, 32))
    assert 'raw counts in an unknown unit' in problem


def test_kelvin_and_centikelvin_are_no_problem(scene_k):
    assert temperature_problem(scene_k) is None
    for dtype in (np.uint16, np.int16):
        assert temperature_problem((100 * scene_k).astype(dtype)) is None
    # Winter, and a sauna.
    assert temperature_problem(scene_k - 45) is None
    assert temperature_problem(scene_k + 50) is None
    # Pixels without a value do not decide.
    scene_k[:60] = np.nan
    assert temperature_problem(scene_k) is None


def test_what_no_scene_can_have_is_a_problem(scene_k):
    # Tenths of degrees Celsius as floats: the median passes for kelvin.
    outdoors = np.linspace(-100, 350, 1024, dtype=np.float32).reshape(32, 32)
    assert 233 < np.median(outdoors + 125) < 353
    assert temperature_problem(outdoors + 125)
    scene_k[:10] = 900
    assert temperature_problem(scene_k)


def test_of_two_units_that_fit_the_likelier_comes_first():
    tenths = np.linspace(2600, 3080, 1024).astype(np.uint16).reshape(32, 32)
    said = temperature_problem(tenths)
    assert 0 < said.index('tenths of kelvin') < said.index(
        'hundredths of degrees Celsius')


def test_counts_that_happen_to_be_plausible_are_no_skin():
    assert is_skin([33., 34.5, np.nan, 31.])
    assert is_skin([8., 12., 15.])  # out in the cold
    assert not is_skin([-42., -40., -41.])
    assert not is_skin([72., 71.])
    assert not is_skin([np.nan]) and not is_skin([])


def test_a_window_of_temperatures_needs_temperatures(scene_k, tmp_path):
    np.save(tmp_path / 'a.npy', scene_k - 273.15)
    window = dict(temperature_range_k=(290, 310))
    with pytest.raises(ValueError, match='a.npy has no plausible temperatures'
                       '.*degrees Celsius: set temperature_scale=1, '
                       'temperature_offset=273.15'):
        load(tmp_path / 'a.npy', **window)
    found = load(tmp_path / 'a.npy', dict(temperature_offset=273.15), **window)
    assert np.ptp(found['img']) > 150


@pytest.mark.parametrize('values, dtype, expected', [
    ((20, 240), np.uint16, '8-bit grey levels'),
    ((0, 255), np.int16, '8-bit grey levels'),
    ((0, 255), np.float32, '8-bit grey levels'),
    ((0, 1), np.float32, 'normalised grey levels'),
    ((-1, 1), np.float32, 'normalised grey levels'),
    ((.2, .8), np.float32, 'normalised grey levels'),
    ((-20.5, 4.5), np.float32, 'look like degrees Celsius'),
    ((-3.5, 12.5), np.float32, 'look like degrees Celsius'),
    ((20, 36), np.float32, 'look like degrees Celsius')])
def test_what_pixels_look_like(values, dtype, expected):
    raw = np.linspace(*values, 1024)
    raw = (np.rint(raw) if max(values) > 30 else raw).astype(dtype)
    problem = temperature_problem(raw.reshape(32, 32))
    assert expected in problem
    assert ('temperature_scale=1, temperature_offset=273.15'
            in problem) == ('Celsius' in expected)
