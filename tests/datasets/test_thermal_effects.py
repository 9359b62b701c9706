import numpy as np
import pytest
from mmpose.registry import TRANSFORMS
from set_on_disk import build

from mmpose_thermal.datasets.transforms import EFFECTS

NAMES = [effect.__name__ for effect in EFFECTS]
KELVIN_PER_LEVEL = .05
NOSE, EYES = [(32., 36.), (32., 40.)], [(20., 24.), (26., 24.), (38., 26.),
                                        (44., 26.)]


SAMPLE = dict(keypoints=np.array([NOSE + EYES]),
              keypoints_visible=np.ones((1, 6)),
              regions=dict(nose=[0, 1], eyes=[2, 3, 4, 5]))


def apply(name, grey, prob=1., **arguments):
    effect = TRANSFORMS.build(dict(type=name, prob=prob, **arguments))
    image = np.repeat(grey[..., None], 3, -1)
    results = effect(
        dict(SAMPLE, img=image, kelvin_per_level=KELVIN_PER_LEVEL))
    assert results['img'].shape == image.shape
    assert results['img'].dtype == np.uint8
    assert (results['img'] == results['img'][..., :1]).all()
    return results['img'][..., 0].astype(float)


@pytest.fixture
def face():
    """Skin of level 150 in a room of level 50: five kelvin."""
    grey = np.full((64, 64), 50, np.uint8)
    grey[10:54, 12:52] = 150
    return grey


@pytest.mark.parametrize('name', NAMES)
def test_effect_is_random_but_reproducible(name, face):
    def draw(seed, **arguments):
        np.random.seed(seed)
        return apply(name, face, **arguments)

    assert (draw(1) == draw(1)).all()
    assert (draw(1, prob=0.) == face).all()
    # Contrast reversal has two ways to turn out.
    assert any((draw(1) != draw(seed)).any() for seed in range(2, 8))


@pytest.mark.parametrize('name', NAMES)
def test_effect_takes_one_channel_and_refuses_a_pair(name, face):
    effect = TRANSFORMS.build(dict(type=name, prob=1.))
    assert effect(dict(SAMPLE, img=face))['img'].shape == face.shape
    with pytest.raises(ValueError, match='ModalityTransform'):
        effect(dict(SAMPLE, img=[face, face]))
    with pytest.raises(ValueError, match='`prob`'):
        TRANSFORMS.build(dict(type=name, prob=2.))


def test_noise_has_the_temperature_it_says():
    grey = np.full((256, 256), 128, np.uint8)
    noisy = apply('NETDNoise', grey, netd_mk=(400, 400))
    # Rounding to levels adds a twelfth.
    assert np.var(noisy) == pytest.approx((.4 / KELVIN_PER_LEVEL)**2 + 1 / 12,
                                          rel=.03)
    striped = apply('FixedPatternNoise', grey, column_mk=(400, 400))
    assert (striped == striped[:1]).all()
    assert np.std(striped[0]) == pytest.approx(8, rel=.2)


def test_unknown_temperatures_are_taken_from_the_span():
    effect = TRANSFORMS.build(
        dict(type='GainLevelDrift', prob=1., gain=(1, 1), level_k=(1, 1),
             span_k=25.5))
    grey = effect(dict(img=np.full((8, 8), 100, np.uint8)))['img']
    assert (grey == 110).all()


def test_gain_changes_what_a_level_is_worth(face):
    effect = TRANSFORMS.build(
        dict(type='GainLevelDrift', prob=1., gain=(2, 2), level_k=(0, 0)))
    results = effect(dict(img=face, kelvin_per_level=.1))
    assert results['kelvin_per_level'] == .05


def test_drift_gradient_and_cold_nose_in_kelvin(face):
    shifted = apply('GainLevelDrift', face, gain=(1, 1), level_k=(-2, -2))
    assert (shifted == face - 40.).all()
    tilted = apply('TemperatureGradient', np.full((64, 64), 128, np.uint8),
                   gradient_k=(3, 3))
    corners = tilted[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert 60 <= np.ptp(corners) <= 60 * 1.42 + 1
    cold = apply('ColdNose', face, drop_k=(4, 4))
    assert face[38, 32] - cold[38, 32] == pytest.approx(80, abs=2)
    assert cold[12, 14] == 150


def test_blur_and_resolution_take_detail_away(face):
    face[::2, ::2] += 20
    for name in ('OpticalBlur', 'LowerResolution'):
        changed = apply(name, face)
        assert np.abs(np.diff(changed)).sum() < .9 * np.abs(
            np.diff(face.astype(float))).sum()
        assert changed.mean() == pytest.approx(face.mean(), abs=3)


def test_reversal_turns_the_contrast_round(face):
    reversed_ = apply('ContrastReversal', face, background_share=0.)
    assert (reversed_ == 255. - face).all()
    sunny = apply('ContrastReversal', face, background_share=1.,
                  excess_k=(3, 3))
    assert sunny[32, 32] == 150
    assert sunny[2, 2] == pytest.approx(150 + 60, abs=1)
    face[38, 32] = 60  # a cold nose, among the landmarks, stays one
    assert apply('ContrastReversal', face, background_share=1.)[38, 32] < 100
    flat = np.full((64, 64), 100, np.uint8)
    assert (apply('ContrastReversal', flat, background_share=1.) == flat).all()


def test_glasses_cover_the_eyes_at_room_temperature(face):
    worn = apply('OpaqueGlasses', face, above_ambient_k=(1, 1))
    for x, y in EYES:
        assert worn[int(y), int(x)] == pytest.approx(50 + 20, abs=2)
    assert worn[45, 32] == 150


def test_local_contrast_brings_out_faint_detail(face):
    face[20:40:2, 16:48] += 3
    detail = np.abs(np.diff(apply('LocalContrast', face)[20:40, 32])).mean()
    assert detail > 5


def test_a_tight_frame_ends_near_the_points(face):
    # The points span x 20 to 44 and y 24 to 40; a quarter of 24 is 6.
    framed = apply('TightFrame', face, margin=(.25, .25))
    assert (framed[18:46, 14:50] == face[18:46, 14:50]).all()
    framed[18:46, 14:50] = 0
    assert (framed == 0).all()


@pytest.mark.parametrize('name, region', [('ColdNose', 'nose'),
                                          ('OpaqueGlasses', 'eyes')])
def test_face_effects_need_labelled_points_of_a_region(name, region, face):
    effect = TRANSFORMS.build(dict(type=name, prob=1.))
    with pytest.raises(KeyError, match=f'{name} needs the region "{region}"'):
        effect(dict(img=face, dataset_name='coco'))
    results = effect(dict(SAMPLE, img=face.copy(),
                          keypoints_visible=np.zeros((1, 6))))
    assert (results['img'] == face).all()


def test_a_pair_keeps_its_rgb_image(pairs_root):
    """As the configs use it, on real samples with their regions."""
    plain = build(pairs_root, with_rgb=True, pipeline=[
        dict(type='LoadThermalImage'), dict(type='LoadRGBPartner')])[0]
    effects = TRANSFORMS.build(
        dict(type='ModalityTransform', modality='thermal',
             transforms=[dict(type=name, prob=1.) for name in NAMES]))
    changed = effects(dict(plain, img=[i.copy() for i in plain['img']]))
    assert (changed['img'][1] == plain['img'][1]).all()
    assert (changed['img'][0] != plain['img'][0]).any()
    assert (changed['keypoints'] == plain['keypoints']).all()
