"""PIL images of radiometric JPEGs: PIL has the picture, the file the rest."""
import warnings
from io import BytesIO

import numpy as np
import pytest
from radiometric_jpegs import radiometric_jpeg, scene
from test_landmarker import BOX, Network

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.runtime import read_thermogram

Image = pytest.importorskip('PIL.Image')


@pytest.fixture
def path(tmp_path):
    file = tmp_path / 'flir.jpg'
    picture = np.full((240, 320), 90, np.uint8)
    picture[:, 100:] = 170
    file.write_bytes(radiometric_jpeg(scene(120, 160), picture=picture))
    return file


def test_temperatures_come_from_the_file(path):
    pytest.importorskip('flyr')
    kelvin = read_thermogram(path.read_bytes(), 'a').pixels
    landmarker = ThermalLandmarker(Network())
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        found = landmarker(Image.open(path), BOX)
        batch = landmarker([Image.open(path), Image.open(str(path))],
                           [BOX, BOX])
    for results in (found, *batch):
        assert results.celsius == pytest.approx(kelvin - 273.15, abs=.01)
        assert results.name == str(path)


def test_a_palette_asks_for_the_picture(path):
    landmarker = ThermalLandmarker(Network(), palette='white-hot')
    for image in (Image.open(path), path):
        prepared = landmarker.prepare(image)
        assert prepared.grey.shape == (240, 320)
        assert not prepared.radiometric


def test_without_its_file_the_picture_is_used_and_said(path):
    landmarker = ThermalLandmarker(Network())
    shrunk, moved = Image.open(path), Image.open(path)
    shrunk.thumbnail((160, 160))
    moved.load()
    content = path.read_bytes()
    with pytest.warns(UserWarning, match='flir.jpg .*Give its path instead'):
        assert landmarker.prepare(shrunk).grey.shape == (120, 160)
    path.unlink()
    for image in (moved, Image.open(BytesIO(content))):
        with pytest.warns(UserWarning, match='no temperatures are read'):
            prepared = landmarker.prepare(image)
        assert prepared.grey.shape == (240, 320)
        assert abs(int(prepared.grey[100, 50]) - 90) < 4
    # A copy is an image of its own.
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert landmarker.prepare(moved.convert('L')).grey.shape == (240, 320)
