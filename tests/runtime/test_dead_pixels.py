import warnings

import cv2
import numpy as np
import pytest

from mmpose_thermal.runtime import (SkinThermometer, scene_of, thermal_pixels,
                                    to_grey)
from mmpose_thermal.runtime.warned_once import _GIVEN


@pytest.fixture
def kelvin():
    """A room of 295 K with a face of 307 K, and a sensor's noise."""
    rng = np.random.default_rng(0)
    scene = 295 + .05 * rng.standard_normal((120, 160))
    cv2.circle(scene, (80, 60), 25, 307., -1)
    return cv2.GaussianBlur(scene, (0, 0), 1).astype(np.float32)


def centikelvin(kelvin):
    return np.rint(kelvin * 100).astype(np.uint16)


def plain_percentile_gain(counts):
    """The automatic gain as its definition says, without any repair."""
    ordered = np.sort(counts, axis=None)
    low, high = (ordered[int(np.ceil(share * counts.size)) - 1]
                 for share in (.01, .997))
    shifted = np.maximum(counts, low).astype(np.float32) - low
    return np.clip(np.rint(shifted * np.float32(255 / (high - low))), 0, 255)


def test_clean_frames_stay_as_they_are(kelvin):
    counts = centikelvin(kelvin)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for raw in (kelvin, counts, counts.astype(np.int16)):
            assert scene_of(raw).raw is raw
        assert (to_grey(counts)[0] == plain_percentile_gain(counts)).all()
        step = (kelvin.max() - kelvin.min()) / 65535
        floats = ((kelvin - kelvin.min()) / step).astype(np.uint16)
        assert (to_grey(kelvin)[0] == plain_percentile_gain(floats)).all()


@pytest.mark.parametrize('value', [
    np.nan, np.inf, -np.inf, 1e6, -9999., -3.4e38, 3.4e38, 0., 1e4])
@pytest.mark.parametrize('gain', ['percentile', 'plateau', 'clahe'])
def test_dead_pixels_of_floats_are_replaced(kelvin, value, gain):
    expected = to_grey(kelvin, gain)[0].astype(int)
    broken = kelvin.copy()
    broken[60, 80] = broken[3, 4] = broken[0, 0] = value
    # Clusters need not have one value.
    broken[100:102, 30:32] = np.float32(value) * np.array(
        [[1, .99], [.98, 1]], np.float32)
    with pytest.warns(UserWarning, match='a.tif: 7 pixels') as record:
        found = to_grey(broken, gain, name='a.tif')[0]
        to_grey(broken, gain, name='b.tif')
    assert len(record) == 1
    difference = np.abs(found - expected)
    assert (difference > 1).sum() <= 7 and difference.max() <= 12


@pytest.mark.parametrize('value', [0, 65535])
def test_dead_pixels_of_counts_are_replaced(kelvin, value):
    raw = centikelvin(kelvin)
    expected = to_grey(raw, 'plateau')[0].astype(int)
    broken = raw.copy()
    broken[60, 80] = value
    broken[20:22, 30:32] = value
    with pytest.warns(UserWarning, match='5 pixels'):
        found = to_grey(broken, 'plateau')[0]
    assert (np.abs(found - expected) > 1).sum() <= 5


def test_dead_pixels_have_no_temperature(kelvin):
    kelvin[60, 80] = 1e6
    thermometer = SkinThermometer(['right_eye_inner', 'left_eye_inner'])
    points = np.array([[80., 60], [90, 60]])
    with pytest.warns(UserWarning):
        raw = thermal_pixels(cv2.merge([kelvin] * 3), 'a.tif')
    celsius, regions = thermometer(raw, points)
    assert np.abs(celsius - 33.85).max() < .2
    # The warmest spot: one bad pixel would decide it.
    assert abs(regions['right_inner_eye_corner'] - 33.85) < .2


def test_an_area_without_values_is_filled(kelvin):
    for value in (-9999., 0., np.nan):
        broken = kelvin.copy()
        broken[:20, :30] = value  # 3 % of the frame
        with pytest.warns(UserWarning, match='600 pixels'):
            found = to_grey(broken)[0].astype(int)
        assert np.abs(found - to_grey(kelvin)[0])[20:, 30:].max() <= 2
        _GIVEN.clear()


def test_too_many_dead_pixels_are_an_error(kelvin):
    kelvin[:117] = np.nan
    with pytest.raises(ValueError, match=r'a.tif holds 18720 pixels \(98%\)'):
        to_grey(kelvin, name='a.tif')
    with pytest.raises(ValueError, match=r'holds 19200 pixels \(100%\)'):
        to_grey(np.full_like(kelvin, np.nan))


def blank(shape, form):
    """Where a frame has no values: none of these touches the face."""
    mask = np.zeros(shape, np.float32)
    if form == 'border':
        mask[:, :20] = mask[-8:] = 1
    elif form == 'seen by the grid':  # 4.4 %, of which a grid sees more
        mask[:, :7] = 1
    elif form == 'edge of the grid':  # 5.4 %, of which a grid may see less
        mask[:, 1:9] = 1
        mask[:, 9] = (np.arange(len(mask)) < 80)
    elif form == 'cut-out':
        cv2.circle(mask, (80, 60), 45, 1, -1)
        mask = 1 - mask
    else:
        cv2.fillPoly(mask, [np.array([[0, 0], [60, 0], [0, 100]])], 1)
    return mask > 0


@pytest.mark.parametrize(
    'form', ['border', 'edge of the grid', 'seen by the grid', 'cut-out', 'corner'])
@pytest.mark.parametrize('unit, value', [
    (centikelvin, 0), (centikelvin, 65535), (lambda k: k, -9999.),
    (lambda k: k, 0.), (lambda k: k, np.nan), (lambda k: k, -np.inf),
    (lambda k: k - 273.15, 0.), (lambda k: k - 273.15, -273.15),
    (lambda k: k - 273.15, -1.), (lambda k: (k - 273.15) * 1.8 + 32, 0.),
    (lambda k: np.rint(k * 10).astype(np.uint16), 0)])
def test_a_large_area_of_one_fill_value_is_no_scene(kelvin, form, unit, value):
    raw = unit(kelvin)
    mask = blank(raw.shape, form)
    broken = raw.copy()
    broken[mask] = value
    with pytest.warns(UserWarning, match='part of the scene|neighbours') as record:
        scene = scene_of(broken, 'a.tif')
    assert 'a.tif' in str(record[0].message) and len(record) <= 2
    assert (scene.raw[~mask] == raw[~mask]).all()
    assert raw.min() <= scene.low and scene.high <= raw.max()
    grey = to_grey(broken)[0].astype(int)
    assert np.abs(grey - to_grey(raw)[0])[~mask].mean() < 8
    assert np.ptp(grey[~mask]) > 230


def test_edges_of_a_turned_frame_are_no_scene(kelvin):
    raw = centikelvin(kelvin)
    turn = cv2.getRotationMatrix2D((80, 60), 20, 1)
    with pytest.warns(UserWarning, match='part of the scene'):
        scene = scene_of(cv2.warpAffine(raw, turn, (160, 120)))
    assert scene.low > 26_000
    plain = cv2.warpAffine(raw, turn, (160, 120), borderMode=1)
    assert np.abs(
        to_grey(scene.raw)[0].astype(int) - to_grey(plain)[0]).mean() < 3


def test_fill_values_on_both_sides_and_dead_pixels_go_together(kelvin):
    raw = centikelvin(kelvin)
    broken = raw.copy()
    broken[:, :15], broken[:, -15:] = 0, 65535
    broken[60, 80] = 5
    with pytest.warns(UserWarning):
        scene = scene_of(broken)
    assert (scene.raw[:, 15:-15] != raw[:, 15:-15]).sum() <= 1
    assert scene.low >= raw.min() and scene.high <= raw.max()


def test_scattered_pixels_without_values_become_their_neighbours(kelvin):
    holes = np.random.default_rng(1).random(kelvin.shape) < .12
    broken = np.where(holes, 0, centikelvin(kelvin)).astype(np.uint16)
    with pytest.warns(UserWarning, match='part of the scene'):
        found = scene_of(broken).raw
    assert np.median(np.abs(found[holes] - 100 * kelvin[holes])) < 30


@pytest.mark.parametrize('turned', [False, True])
@pytest.mark.parametrize('line', ['noise', 'constant', 'cold', 'wide', 'edge'])
def test_lines_whose_pixels_differ_are_dead(kelvin, line, turned):
    raw = centikelvin(kelvin)
    clean = raw.copy()
    rng = np.random.default_rng(2)
    if line == 'noise':
        raw[:, 80] = rng.uniform(0, 2000, len(raw))
    elif line == 'edge':
        raw[:, 0] = rng.uniform(0, 65535, len(raw))
    elif line == 'constant':
        raw[:, 80:82] = 20_000
    elif line == 'cold':
        raw[:, 30] -= 12_000
    else:
        raw[:, 30:32] = rng.uniform(0, 9000, (len(raw), 2))
    raw, clean = (x.T.copy() if turned else x for x in (raw, clean))
    with pytest.warns(UserWarning, match='replaced by'):
        found = to_grey(raw)[0].astype(int)
    difference = np.abs(found - to_grey(clean)[0])
    assert np.percentile(difference, 99) <= 2 and difference.max() < 60


def test_a_hot_tube_is_no_dead_line(kelvin):
    tube = np.zeros_like(kelvin)
    tube[:, 30:32] = 60
    kelvin += cv2.GaussianBlur(tube, (0, 0), .7)
    assert scene_of(kelvin).raw is kelvin


@pytest.mark.parametrize('counters', [True, False])
@pytest.mark.parametrize('edge', [slice(0, 3), slice(-3, None)])
def test_telemetry_is_no_scene(kelvin, edge, counters):
    raw = centikelvin(kelvin)
    rows = np.full((3, 160), 65535)
    if counters:
        rows[::2] = np.arange(2 * 160).reshape(2, 160) % 400
    padded = np.concatenate([rows, raw] if edge.start == 0 else [raw, rows])
    with pytest.warns(UserWarning, match='3 rows at its edge') as record:
        found, step = to_grey(padded.astype(np.uint16), 'plateau')
        to_grey(padded.astype(np.uint16))
    assert len(record) == 1
    scene = np.delete(found, np.arange(len(padded))[edge], axis=0)
    difference = np.abs(scene.astype(int) - to_grey(raw, 'plateau')[0])
    assert difference.max() <= 3  # the doubled row is scene
    assert scene_of(padded.astype(np.uint16)).low > 29_000


@pytest.mark.parametrize('warm_k', [40., 900.])
@pytest.mark.parametrize('radius', [1, 4, 20])
def test_hot_objects_are_no_dead_pixels(kelvin, warm_k, radius):
    hot = np.zeros_like(kelvin)
    cv2.circle(hot, (30, 90), radius, warm_k, -1)
    kelvin += cv2.GaussianBlur(hot, (0, 0), 1)  # by the lens
    assert scene_of(kelvin).raw is kelvin
    counts = np.minimum(np.rint(kelvin * 100), 65535).astype(np.uint16)
    assert scene_of(counts).raw is counts


def test_a_cigarette_is_no_dead_pixel(kelvin):
    spot = np.zeros_like(kelvin)
    spot[90, 30] = 700
    kelvin += cv2.GaussianBlur(spot, (3, 3), .6)
    assert kelvin.max() > 500
    assert scene_of(kelvin).raw is kelvin


def test_noise_of_an_even_frame_is_no_dead_pixel():
    even = 20 + .01 * np.random.default_rng(0).standard_normal((60, 80))
    even[30, 40] += 3
    for raw in (even, even + 273.15):
        raw = raw.astype(np.float32)
        assert scene_of(raw).raw is raw


def test_a_small_face_before_a_wall_is_no_dead_pixel():
    wall = np.full((240, 320), 20.) + .05 * np.random.default_rng(
        0).standard_normal((240, 320))
    wall[50:58, 60:66] = 34
    celsius = cv2.GaussianBlur(wall, (0, 0), .7).astype(np.float32)
    for raw in (celsius, celsius + np.float32(273.15)):
        assert scene_of(raw).raw is raw


def test_frames_of_a_sky_stay_as_they_are(kelvin):
    # Clipped by the sensor: a constant, but no fill value.
    kelvin[:5, :70] = 240.
    assert scene_of(kelvin).raw is kelvin


@pytest.mark.parametrize('dtype, factor', [(np.uint16, 100), (np.float32, 1)])
def test_a_face_cut_out_on_black_stays(kelvin, dtype, factor):
    cut = np.zeros((240, 320), dtype)
    cut[100:140, 150:180] = factor * kelvin[40:80, 65:95]  # 1.6 %
    assert scene_of(cut).raw is cut


def test_frames_of_any_size():
    rng = np.random.default_rng(0)
    for shape in ((1, 1), (1, 50), (50, 1), (2, 3), (33, 7)):
        for raw in (rng.integers(0, 65536, shape).astype(np.uint16),
                    rng.integers(-500, 500, shape).astype(np.int16),
                    rng.normal(300, 5, shape).astype(np.float32)):
            for gain in ('percentile', 'plateau', 'clahe'):
                assert to_grey(raw, gain)[0].shape == shape
