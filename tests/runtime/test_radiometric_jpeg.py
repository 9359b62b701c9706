"""FLIR radiometric JPEGs, drawn in the format and real ones."""
import re
import sys
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from radiometric_jpegs import radiometric_jpeg, scene, with_segments

from mmpose_thermal.runtime import (decode_image, read_thermogram, stored_bits,
                                    temperature_problem)
from mmpose_thermal.runtime.decoders import turned
from mmpose_thermal.runtime.file_headers import image_head

FILES = Path(__file__).parents[2].parent / 'shared/data/rjpeg'


@pytest.fixture
def flyr():
    return pytest.importorskip('flyr')


def photo_of(thermal, real_to_ir, offset, shape):
    """The photo that a camera with this registration takes of a scene."""
    scale = thermal.shape[1] * real_to_ir / shape[1]
    x, y = np.meshgrid(*(np.arange(size, dtype=np.float32)
                         for size in shape[::-1]))
    x = (x - (shape[1] - 1) / 2 - offset[0]) * scale + (
        thermal.shape[1] - 1) / 2
    y = (y - (shape[0] - 1) / 2 - offset[1]) * scale + (
        thermal.shape[0] - 1) / 2
    grey = cv2.remap(thermal, x.astype(np.float32), y.astype(np.float32),
                     cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cv2.merge([grey, grey // 2, grey // 4])


def test_temperatures_are_those_of_flyr(flyr, tmp_path):
    content = radiometric_jpeg(scene())
    kelvin = decode_image(content, 'a.jpg')
    assert kelvin.dtype == np.float32 and kelvin.shape == (60, 80)
    expected = flyr.unpack(BytesIO(content)).kelvin
    assert (kelvin == expected.astype(np.float32)).all()
    assert temperature_problem(kelvin) is None
    (tmp_path / 'a.jpg').write_bytes(content)
    assert stored_bits(tmp_path / 'a.jpg') == 32
    assert image_head(tmp_path / 'a.jpg').size == (80, 60)
    # Its picture, too, if its palette is named.
    assert decode_image(content, 'a.jpg', palette='inferno').ndim == 3
    assert image_head(tmp_path / 'a.jpg', 'inferno').bits == 8


def test_changes_to_one_reading_do_not_reach_the_next(flyr):
    content = radiometric_jpeg(scene())
    first = decode_image(content, 'a.jpg')
    expected = first.copy()
    first[:] = 0
    assert (decode_image(content, 'a.jpg') == expected).all()


@pytest.mark.parametrize('orientation', [1, 3, 6, 8])
def test_photo_and_its_place(flyr, orientation):
    """The photo, mapped to the thermal image, shows the same at each pixel."""
    warm = cv2.GaussianBlur(((scene() > 20_000) * 200).astype(np.uint8),
                            (0, 0), 2)
    photo = photo_of(warm, 1.5, (-12, 20), (240, 320))
    content = radiometric_jpeg(scene(), photo, 1.5, (-12, 20), orientation)
    kelvin, found, to_thermal = read_thermogram(content, 'a.jpg')
    assert np.abs(found.astype(int) - turned(photo, orientation)).mean() < 2
    assert (decode_image(content, 'a.jpg', colour=True) == found).all()
    moved = cv2.warpPerspective(found, to_thermal, kelvin.shape[::-1],
                                borderMode=cv2.BORDER_REPLICATE)
    assert np.abs(moved[..., 0].astype(int) -
                  turned(warm, orientation)).max() < 16


def test_without_flyr_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'flyr', None)
    content = radiometric_jpeg(scene(), np.zeros((60, 80, 3), np.uint8))
    for colour in (False, True):
        with pytest.raises(ValueError, match=re.escape(
                'mmpose_thermal[cameras]')):
            decode_image(content, 'without.jpg', colour)


def test_no_photo_is_no_partner(flyr):
    with pytest.raises(ValueError, match='a.jpg .* without a visible-light'):
        decode_image(radiometric_jpeg(scene()), 'a.jpg', colour=True)


def test_flir_data_without_an_image_leaves_a_picture():
    """As in photos that FLIR cameras store as files of their own."""
    content = radiometric_jpeg(scene(), records={1: None})
    for colour in (False, True):
        assert decode_image(content, 'a.jpg', colour).dtype == np.uint8


@pytest.mark.parametrize('content, reason', [
    (radiometric_jpeg(scene(), records={32: None}), 'KeyError'),
    (radiometric_jpeg(scene(), records={1: bytes(40)}), 'not empty'),
    (radiometric_jpeg(scene(), records={1: b'\2\0P\0<\0' + bytes(99)}),
     'layout that flyr'),
    (with_segments(cv2.imencode('.jpg', np.zeros((8, 8, 3)))[1].tobytes(),
                   (0xe1, b'FLIR\0\1\0\0XYZ\0' + bytes(100))),
     'unknown maker note')])
def test_unknown_layouts_are_refused(flyr, content, reason):
    with pytest.raises(ValueError, match=f'a.jpg .*{reason}'):
        decode_image(content, 'a.jpg')


@pytest.mark.parametrize('share', [.1, .3, .5, .7, .9, .97, .999])
def test_truncated_files_are_to_be_copied_again(share):
    """Within the FLIR data, the photo there, and the picture; no flyr needed."""
    photo = np.random.default_rng(0).integers(
        0, 255, (120, 160, 3)).astype(np.uint8)
    content = radiometric_jpeg(scene(240, 320), photo)
    for length in (int(share * len(content)), int(share * len(content)) + 1):
        for colour in (False, True):
            with pytest.raises(ValueError, match='truncated .*copy it again'):
                decode_image(content[:length], 'a.jpg', colour)


@pytest.mark.skipif(not FILES.is_dir(), reason='there is no ../shared')
def test_real_files(flyr, monkeypatch):
    paths, read, unpack = sorted(FILES.glob('*.jpg')), [], flyr.unpack
    assert len(paths) == 26
    monkeypatch.setattr(
        flyr, 'unpack', lambda stream: read.append(unpack(stream)) or read[-1])
    for path in paths:
        content = path.read_bytes()
        if path.name.startswith('07'):  # of 2003, in the other byte order
            with pytest.raises(ValueError, match='layout that flyr'):
                decode_image(content, path.name)
            continue
        found = decode_image(content, path.name)
        assert (found == read[-1].kelvin.astype(np.float32)).all()
        assert image_head(str(path)).size == found.shape[::-1]
    assert len(read) == 25
