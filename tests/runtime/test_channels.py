import re
import warnings

import cv2
import numpy as np
import pytest

from mmpose_thermal.runtime import grey_levels


@pytest.fixture
def grey():
    scene = np.full((96, 128), 60, np.uint8)
    cv2.circle(scene, (64, 48), 30, 200, -1)
    noise = np.random.default_rng(0).integers(0, 20, scene.shape)
    return (cv2.GaussianBlur(scene, (0, 0), 2) + noise).astype(np.uint8)


def levels(image, **options):
    return grey_levels(image, 'a.png', **options)[0].astype(int)


def test_equal_channels_are_taken_exactly(grey):
    for image in (grey, grey.astype(np.uint16) * 100,
                  grey.astype(np.float32) / 7):
        assert (levels(cv2.merge([image] * 3)) == levels(image)).all()


@pytest.mark.parametrize('quality', [30, 75, 95])
def test_grey_through_a_lossy_codec_is_grey(grey, quality):
    content = cv2.imencode('.jpg', cv2.merge([grey] * 3),
                           [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    image = cv2.imdecode(content, cv2.IMREAD_COLOR).astype(int)
    # Video's colour channels are rounded, and shifted as a whole.
    image += np.array([3, 0, -2]) + np.random.default_rng(1).integers(
        -1, 2, image.shape)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        found = levels(np.clip(image, 0, 255).astype(np.uint8))
    assert np.abs(found - cv2.imdecode(content, 0)).max() <= 4


@pytest.mark.parametrize('dtype', [np.uint16, np.float32, np.int16])
def test_one_level_of_tint_in_more_bits(grey, dtype):
    counts = (grey.astype(np.int32) * 10 + 2000).astype(dtype)
    tinted = cv2.merge([counts, counts, counts + 1])
    assert np.abs(levels(tinted) - levels(counts)).max() <= 2
    with pytest.raises(ValueError, match='a.png has 3 different channels'):
        levels(cv2.merge([counts, counts // 2, counts]))


def test_one_level_of_tint_in_an_even_image():
    even = np.full((32, 32), 29_000, np.uint16)
    assert np.ptp(levels(cv2.merge([even, even, even + 1]))) == 0


def test_a_logo_in_colour_is_said_once(grey):
    image = cv2.merge([grey] * 3)
    image[2:10, 2:40] = (0, 120, 255)  # 2.5 % of the picture
    with pytest.warns(UserWarning, match='a.png is grey except for 2.47%') as said:
        found = levels(image)
        levels(image)
    assert len(said) == 1
    assert (found[10:] == grey[10:]).all()
    image[:20] = (0, 120, 255)
    with pytest.raises(ValueError, match='21% of its pixels are in colour'):
        levels(image)


def test_visible_light_is_no_thermal_image(grey):
    # Pale colours, as of a grey room.
    photo = cv2.merge([grey, (grey * .9).astype(np.uint8), grey])
    with pytest.raises(ValueError, match='visible-light image'):
        levels(photo)


def test_the_error_names_the_palette_that_fits(grey):
    image = cv2.applyColorMap(grey, cv2.COLORMAP_PLASMA)
    with pytest.raises(ValueError, match=r'palette \("plasma"\?\).*set '
                       '"palette"'):
        levels(image)


@pytest.mark.parametrize('quality', [60, 95, None])
def test_an_overlay_does_not_make_an_image_coloured(grey, quality):
    grey = cv2.resize(grey, (512, 384))
    image = cv2.merge([grey] * 3)
    bar = np.repeat(np.linspace(255, 0, 384).astype(np.uint8)[:, None], 41, 1)
    image[:, -41:] = cv2.applyColorMap(bar, cv2.COLORMAP_JET)  # 8 %
    cv2.rectangle(image, (160, 80), (360, 320), (0, 255, 0), 2)
    if quality:
        image = cv2.imdecode(cv2.imencode(
            '.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1)
    with pytest.warns(UserWarning, match='grey except for'):
        found = levels(image)
    assert np.abs(found - grey)[:60, :400].mean() < 4


@pytest.mark.parametrize('radius', [17, 24])
def test_palettes_on_dark_scenes_are_no_overlays(radius):
    dark = np.random.default_rng(0).normal(4, 1, (96, 128))
    y, x = np.mgrid[:96, :128]
    far = np.hypot(x - 64, y - 48) / radius
    scene = np.clip(np.where(far < 1, 230 - 110 * far, dark),
                    0, 255).astype(np.uint8)
    for name in filter(re.compile('COLORMAP_').match, dir(cv2)):
        with pytest.raises(ValueError, match='crop it off'):
            levels(cv2.applyColorMap(scene, getattr(cv2, name)))


def test_pale_photographs_are_no_overlays(grey):
    photo = cv2.merge([grey] * 3)
    photo[:, :16] = np.clip(photo[:, :16] * np.array([.8, .9, 1.1]), 0, 255)
    with pytest.raises(ValueError, match='visible-light image'):
        levels(photo)
