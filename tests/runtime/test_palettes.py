import cv2
import numpy as np
import pytest

from mmpose_thermal.datasets.transforms import LoadThermalImage
from mmpose_thermal.runtime.channels import invert_palette
from mmpose_thermal.runtime.palettes import (COLOUR_MAPS, PALETTES,
                                             apply_palette, fit_palette,
                                             palette_colours)

ONE_COLOUR_TWICE = ('hsv', 'twilight', 'twilight_shifted')
INVERTIBLE = [name for name in PALETTES if name not in ONE_COLOUR_TWICE]


def loaded(path, sample=()):
    return LoadThermalImage()(dict(sample, img_path=str(path)))


@pytest.fixture
def grey():
    scene = np.full((120, 160), 60, np.float32)
    cv2.circle(scene, (80, 60), 40, 190, -1)
    cv2.circle(scene, (70, 50), 8, 240, -1)
    scene[:, :60] -= np.linspace(50, 0, 60)
    noise = np.random.default_rng(0).standard_normal(scene.shape)
    return np.clip(cv2.GaussianBlur(scene, (0, 0), 4) + noise, 0,
                   255).astype(np.uint8)


def jpeg(image, quality):
    content = cv2.imencode('.jpg', image,
                           [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(content, cv2.IMREAD_COLOR)


@pytest.mark.parametrize('palette', INVERTIBLE)
def test_levels_come_back(palette, grey):
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for image in (ramp, grey):
        found = invert_palette(apply_palette(image, palette), palette)
        assert np.abs(found.astype(int) - image).max() <= 1
    found = invert_palette(jpeg(apply_palette(grey, palette), 95), palette)
    difference = np.abs(found.astype(int) - grey)
    assert difference.mean() <= 3 and np.percentile(difference, 95) <= 8


@pytest.mark.parametrize('palette', ['white-hot', 'black-hot'])
def test_grey_palettes_are_exact_in_three_channels(palette):
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = apply_palette(ramp, palette)
    assert image.shape == (16, 16, 3)
    assert (invert_palette(image, palette) == ramp).all()


@pytest.mark.parametrize('palette', ONE_COLOUR_TWICE)
def test_palettes_that_cannot_be_inverted_are_refused(palette, grey):
    with pytest.raises(ValueError, match=f"'{palette}' shows different temp"):
        invert_palette(apply_palette(grey, palette), palette)


@pytest.mark.parametrize('quality', [None, 75, 90])
@pytest.mark.parametrize('true', ['inferno', 'plasma', 'magma', 'hot', 'jet',
                                  'turbo', 'white-hot'])
def test_another_palette_than_declared_is_named(true, quality, grey, tmp_path):
    image = apply_palette(grey, true)
    if quality:
        image = jpeg(image, quality)
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    with pytest.raises(ValueError, match=f"a.png.*'iron'.*fit '{true}'"):
        loaded(tmp_path / 'a.png', dict(palette='iron'))
    loaded(tmp_path / 'a.png', dict(palette=true))


def test_a_camera_of_similar_colours_is_accepted(grey):
    # Makers' tables of iron differ by 10 to 20 of 442.
    colours = palette_colours('iron').astype(int) + np.array([12, -8, 6])
    colours = np.clip(colours, 0, 255).astype(np.uint8)
    found = invert_palette(jpeg(colours[grey], 85), 'iron').astype(int)
    assert np.abs(found - grey).mean() < 8


def test_all_colour_maps_of_opencv_have_names(grey):
    assert {'inferno', 'plasma', 'magma', 'jet', 'hot', 'turbo', 'bone',
            'viridis'} <= set(COLOUR_MAPS)
    image = apply_palette(grey, 'turbo')
    assert (image == cv2.applyColorMap(grey, cv2.COLORMAP_TURBO)).all()


def test_iron_image_is_loaded_as_intensities(tmp_path):
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    path = tmp_path / 'iron.png'
    cv2.imwrite(str(path), apply_palette(grey, 'iron'))
    found = loaded(path, dict(palette='iron'))['img']
    assert np.abs(found.astype(int) - grey[..., None]).max() <= 2
    with pytest.raises(ValueError, match='set "palette"'):
        loaded(path)


def test_grey_black_hot_image_is_inverted(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.full((4, 4), 10, np.uint8))
    found = loaded(tmp_path / 'a.png', dict(palette='black-hot'))['img']
    assert (found == 245).all()


def test_grey_image_cannot_be_of_a_coloured_palette(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.full((4, 4), 10, np.uint8))
    with pytest.raises(ValueError, match="grey image cannot .* 'iron'"):
        loaded(tmp_path / 'a.png', dict(palette='iron'))


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
        loaded(tmp_path / 'photo.png', dict(palette='iron'))
