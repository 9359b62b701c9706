"""Images of users, one test a case of ``../shared/cases``."""
import json
import shutil
import sys
import warnings

import cv2
import numpy as np
import pytest

from mmpose_thermal.datasets.transforms.loading import (LoadRGBPartner,
                                                        LoadThermalImage,
                                                        read_image)
from mmpose_thermal.runtime import (decode_image, grey_levels, scene_of,
                                    stored_bits, temperature_problem, to_grey)


def decoded(path):
    return decode_image(path.read_bytes(), str(path))


def grey(path, **options):
    return grey_levels(decoded(path), str(path), **options)[0]


def records(folder, split='test'):
    coco = json.loads(
        (folder / 'data/annotations' / f'{split}.json').read_text())
    return coco['images'], coco['annotations']


def test_01_exif_thermal(cases):
    # Labelled upright, stored sideways: the largest label says what is meant.
    for path in sorted((cases / '01_exif_thermal/data').glob('*.jpg')):
        label = json.loads(path.with_suffix('.json').read_text())
        image = decoded(path)
        assert image.shape == (label['imageHeight'], label['imageWidth'])
        stored = cv2.imdecode(
            np.fromfile(str(path), np.uint8), cv2.IMREAD_UNCHANGED)
        assert stored.shape[::-1] == image.shape
        assert (np.rot90(stored, -1) == image).all()


def test_01b_exif_upside_down(cases):
    root = cases / '01b_exif_upside_down/data'
    for image in records(cases / '01b_exif_upside_down')[0]:
        sample = LoadThermalImage()(
            dict(img_path=str(root / image['file_name'])))
        stored = cv2.imread(sample['img_path'], cv2.IMREAD_UNCHANGED)
        assert (sample['img'][..., 0] == stored[::-1, ::-1]).all()
        sample['rgb_path'] = str(root / image['rgb_file_name'])
        rgb = LoadRGBPartner()(sample)['img'][1]
        turned = cv2.imread(sample['rgb_path'], cv2.IMREAD_UNCHANGED)
        assert (rgb == turned[::-1, ::-1]).all()


def test_02_exif_rgb_partner(cases):
    root = cases / '02_exif_rgb_partner/data'
    for path in (root / 'thermal').glob('*.png'):
        sample = LoadThermalImage()(dict(img_path=str(path)))
        sample['rgb_path'] = str(root / f'visible/thermal/{path.stem}.jpg')
        thermal, rgb = LoadRGBPartner()(sample)['img']
        assert thermal.shape == rgb.shape


def test_27_rjpeg(cases, monkeypatch):
    path = cases / '27_rjpeg/rjpeg.jpg'
    with monkeypatch.context() as without:
        without.setitem(sys.modules, 'flyr', None)
        with pytest.raises(ValueError, match=r'rjpeg.jpg .*'
                           r'pip install "mmpose_thermal\[cameras\]"'):
            decoded(path)
    pytest.importorskip('flyr')
    # It has thermal values, but no calibration.
    with pytest.warns(UserWarning, match='rjpeg.jpg lacks the calibration'):
        raw = decoded(path)
    native = decoded(cases / '28_pixel_types/native.png')
    assert raw.dtype == np.uint16 and (raw == native).all()
    assert stored_bits(path) == 16
    # Its picture may be had, by name of the palette.
    assert read_image(str(path), palette='iron').shape == (120, 160, 3)
    with pytest.raises(ValueError, match='without a visible-light photo'):
        read_image(str(path), colour=True)


KELVIN = ['UPPER.NPY', 'float32_big_endian.npy', 'float64_kelvin.npy',
          'uint16_big_endian.tif', 'native.png']
OTHERS = {
    'decikelvin.png': (.1, 0., 'tenths of kelvin'),
    'float16_celsius.npy': (1., 273.15, 'degrees Celsius'),
    'float32_celsius.tif': (1., 273.15, 'degrees Celsius'),
    'int16_decicelsius.tif': (.1, 273.15, 'tenths of degrees Celsius'),
}


@pytest.mark.parametrize('name', KELVIN)
def test_28_pixel_types_by_default(cases, name):
    folder = cases / '28_pixel_types'
    expected = grey(folder / 'native.png').astype(int)
    assert np.ptp(expected) == 255
    assert np.abs(grey(folder / name) - expected).max() <= 1
    raw = decoded(folder / name)
    assert raw.dtype in (np.uint16, np.float32) and raw.dtype.isnative
    assert temperature_problem(raw) is None


@pytest.mark.parametrize('name', OTHERS)
def test_28_pixel_types_by_the_options_that_are_named(cases, name):
    folder = cases / '28_pixel_types'
    raw = decoded(folder / name)
    scale, offset, unit = OTHERS[name]
    problem = temperature_problem(raw)
    assert f'{unit}: set temperature_scale={scale:g}, temperature_offset=' \
        f'{offset:g}' in problem
    assert temperature_problem(raw, scale, offset) is None
    # The grey levels do not depend on units, but for rounding.
    expected = grey(folder / 'native.png').astype(int)
    assert np.median(np.abs(grey(folder / name) - expected)) <= 2
    assert stored_bits(folder / name) == (32 if 'float' in name else 16)
    window = dict(gain='window', temperature_range_k=(293, 308))
    with pytest.raises(ValueError, match=unit):
        grey(folder / name, **window)
    mapped = grey(folder / name, scale=scale, offset=offset, **window)
    expected = grey(folder / 'native.png', **window).astype(int)
    assert np.abs(mapped - expected).max() <= 2  # 0.1 K are 1.7 levels


def test_28_raw_counts_have_no_temperature(cases):
    problem = temperature_problem(
        decoded(cases / '28_pixel_types/raw14bit.png'))
    assert "raw counts in an unknown unit" in problem


def test_degrees_fahrenheit_are_recognised(cases):
    path = cases.parent / 'data/real_thermal/fahrenheit/frame.npy'
    raw = decoded(path)
    problem = temperature_problem(raw)
    assert 'like degrees Fahrenheit: set temperature_scale=0.555556, ' \
        'temperature_offset=255.372' in problem
    assert temperature_problem(raw, .555556, 255.372) is None
    # Grey levels need no unit.
    assert np.ptp(grey(path)) == 255


def test_28_telemetry_rows(cases):
    folder = cases / '28_pixel_types'
    with pytest.warns(UserWarning, match='telemetry_rows.png: 2 rows'):
        found = grey(folder / 'telemetry_rows.png')
    assert (found[:120] == grey(folder / 'native.png')).all()
    scene = scene_of(decoded(folder / 'telemetry_rows.png'))
    assert scene.low > 29_000 and scene.high < 31_000


def test_29_multipage(cases):
    folder = cases / '29_multipage'
    for name in ('thumbnail_first.tif', 'thumbnail_second.tif'):
        assert decoded(folder / name).shape == (120, 160), name
        assert decoded(folder / name).dtype == np.uint16, name


def test_42_nearly_grey(cases):
    folder = cases / '42_nearly_grey'
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for name in ('tint1.png', 'grey.jpg'):
            image = decoded(folder / name)
            spread = np.ptp(image.astype(int), axis=2)
            found = grey(folder / name).astype(int)
            assert (found >= image.min(2)).all() and (found <=
                                                      image.max(2)).all()
            assert spread.max() <= 1


@pytest.mark.parametrize('name', ['hot.tif', 'nodata.tif'])
def test_43_one_bad_pixel(cases, name):
    folder = cases / '43_one_bad_pixel'
    clean = grey(folder / 'clean.tif').astype(int)
    with pytest.warns(UserWarning, match=f'{name}: 1 pixels') as record:
        found = grey(folder / name)
        grey(folder / name)
    assert len(record) == 1
    assert (found != clean).sum() <= 1 and np.abs(found - clean).max() <= 16
    raw = scene_of(decoded(folder / name)).raw
    assert 290 < raw.min() and raw.max() < 310


FILES_OF_DEPTH = {
    '33_depth16': 'percentile', '33b_float_npy': 'percentile',
    '33c_float_tif': 'percentile', '33e_int16_tif': 'percentile'
}


@pytest.mark.parametrize('case', FILES_OF_DEPTH)
def test_33_pictures_show_what_the_network_saw(cases, case, validated_config,
                                               tmp_path):
    from mmengine.runner import Runner
    dataset = validated_config.test_dataloader.dataset
    dataset.data_root = str(cases / case / 'data')
    dataset.ann_file = 'annotations/test.json'
    validated_config.default_hooks.visualization = dict(
        type='ThermalVisualizationHook', enable=True, out_dir='pictures')
    validated_config.visualizer = dict(type='PoseLocalVisualizer')
    validated_config.work_dir = str(tmp_path / case)
    validated_config.experiment_name = case
    Runner.from_cfg(validated_config).test()
    pictures = sorted((tmp_path / case).rglob('pictures/*.png'))
    images, _ = records(cases / case)
    assert len(pictures) == len(images) == 4
    for path, image in zip(pictures, images):
        shown = cv2.imread(str(path))[:image['height']]
        seen = LoadThermalImage()(dict(img_path=str(
            cases / case / 'data' / image['file_name'])))['img']
        # But for the points that are drawn.
        assert (shown == seen).all(2).mean() > .5
        assert np.ptp(shown) == 255


def test_33e_is_read_as_signed(cases):
    path = cases / '33e_int16_tif/data/thermal/test_000.tif'
    sample = LoadThermalImage()(dict(img_path=str(path), bit_depth=16))
    celsius = read_image(str(path)) * .1
    assert 20 < np.median(celsius) < 25
    assert np.ptp(sample['img']) == 255


@pytest.mark.parametrize('case', FILES_OF_DEPTH)
def test_33_inferencer(cases, case, save_student, tmp_path):
    from mmpose_thermal.apis import ThermalInferencer
    checkpoint = save_student()
    inferencer = ThermalInferencer(
        str(tmp_path / 'student.py'), checkpoint, device='cpu')
    path = next((cases / case / 'data/thermal').glob('test_000*'))
    expected = to_grey(decoded(path))[0]
    for given, name in ((str(path), 'test_000.png'),
                        (decoded(path), '000000.jpg')):
        shutil.rmtree(tmp_path / 'out', ignore_errors=True)
        result, = inferencer(given, vis_out_dir=str(tmp_path / 'out'),
                             return_vis=True)
        assert len(result['predictions'][0][0]['keypoints']) == 68
        shown = result['visualization'][0]
        assert (shown[..., 0] == expected).mean() > .5
        assert (tmp_path / 'out' / name).is_file()
