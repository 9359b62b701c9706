import warnings

import cv2
import numpy as np
import pytest

from mmpose_thermal.runtime import grey_levels
from mmpose_thermal.runtime.warned_once import _GIVEN


@pytest.fixture(autouse=True)
def nothing_said():
    _GIVEN.clear()


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
    with pytest.warns(UserWarning, match='a.png is grey but for 2.47%') as said:
        found = levels(image)
        levels(image)
    assert len(said) == 1
    assert (found[10:] == grey[10:]).all()
    image[:10] = (0, 120, 255)
    with pytest.raises(ValueError, match='10% of its pixels are in colour'):
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
