"""Who is drawn: the identity of a person."""
from dataclasses import dataclass

import numpy as np

HAIR_STYLES = ('bald', 'buzz', 'short', 'thick', 'long')
_HAIR_ODDS = dict(man=[.1, .22, .4, .2, .08], woman=[.01, .04, .15, .2, .6])
_GLASSES_HABITS = ([0, .9, .3], [.68, .19, .13])


@dataclass
class Subject:
    """The identity: shape, colouring and habits of one person.

    Shape fields are factors around 1 or offsets in centimetres; colours are
    linear BGR reflectances in [0, 1]; thermal traits are in kelvin.
    """
    head_width: float
    head_height: float
    head_depth: float
    jaw_width: float
    jaw_square: float
    chin_length_cm: float
    chin_forward_cm: float
    neck_width: float
    eye_spacing: float
    eye_size: float
    eye_opening: float
    eye_slant_cm: float
    brow_spacing: float
    brow_height_cm: float
    brow_arch_cm: float
    brow_thickness_cm: float
    brow_density: float
    nose_length_cm: float
    nose_width: float
    nose_height_cm: float
    nose_bridge_cm: float
    nose_upturn_cm: float
    mouth_width: float
    mouth_height_cm: float
    lip_thickness: float
    lip_forward_cm: float
    cheekbone_cm: float
    cheek_fullness_cm: float
    socket_depth_cm: float
    ear_size: float
    ear_flare: float
    wrinkles: float
    # by how much the left half differs: brow, eye and mouth lower, nose aside
    asymmetry_cm: np.ndarray
    skin: np.ndarray
    lip_redness: float
    hair: np.ndarray
    hair_style: str
    iris: np.ndarray
    hairline_y: float
    receding_cm: float
    fringe_cm: float
    hair_thickness_cm: float
    hair_length_cm: float
    hair_opening_deg: float
    beard: float
    beard_shape: str
    wears_glasses: float
    cloth: np.ndarray
    texture_seed: int
    nose_coolness_k: float
    cheek_coolness_k: float
    canthus_warmth_k: float
    forehead_warmth_k: float
    perioral_warmth_k: float
    ear_coolness_k: float
    vessel_warmth_k: float
    mottle_k: float
    # of the whole skin, against a person at rest indoors
    skin_offset_k: float = 0.


def clipped_normal(rng, mean, std, width=2.5):
    """A normal number without its far tails."""
    return float(mean + std * np.clip(rng.standard_normal(), -width, width))


def sample_subject(rng):
    """Draws a person.

    Args:
        rng (np.random.Generator): Source of randomness.

    Returns:
        Subject: The identity.
    """
    man = rng.random() < .6
    age = rng.beta(1.3, 1.6)
    normal = clipped_normal
    return Subject(
        head_width=normal(rng, 1.015 if man else .985, .045),
        head_height=normal(rng, 1, .05),
        head_depth=normal(rng, 1, .05),
        jaw_width=normal(rng, 1.01 if man else .97, .06),
        jaw_square=normal(rng, .15 if man else -.15, .35),
        chin_length_cm=normal(rng, .1 if man else -.15, .4),
        chin_forward_cm=normal(rng, 0, .3),
        neck_width=normal(rng, 1.06 if man else .9, .09),
        eye_spacing=normal(rng, 1, .045),
        eye_size=normal(rng, 1, .085),
        eye_opening=normal(rng, 1, .14),
        eye_slant_cm=normal(rng, .02, .15),
        brow_spacing=normal(rng, 1, .055),
        brow_height_cm=normal(rng, 0, .28),
        brow_arch_cm=normal(rng, 0, .14),
        brow_thickness_cm=float(
            rng.uniform(.45, .95) if man else rng.uniform(.25, .6)),
        brow_density=float(rng.uniform(.45, 1)),
        nose_length_cm=normal(rng, 0, .35),
        nose_width=normal(rng, 1, .13),
        nose_height_cm=normal(rng, 2.55, .38),
        nose_bridge_cm=normal(rng, .75, .28),
        nose_upturn_cm=normal(rng, 0, .18),
        mouth_width=normal(rng, 1, .08),
        mouth_height_cm=normal(rng, .12, .22),
        lip_thickness=normal(rng, 1, .22),
        lip_forward_cm=normal(rng, .35, .18),
        cheekbone_cm=normal(rng, .35, .22),
        cheek_fullness_cm=normal(rng, .05, .25),
        socket_depth_cm=normal(rng, .62, .22),
        ear_size=normal(rng, 1, .1),
        ear_flare=normal(rng, 1, .35),
        wrinkles=float(age**1.5 * rng.uniform(.4, 1)),
        asymmetry_cm=rng.normal(0, [.12, .05, .08, .07]),
        **_colouring(rng, man, age),
        **_hair(rng, man, age),
        wears_glasses=float(
            rng.choice(_GLASSES_HABITS[0], p=_GLASSES_HABITS[1])),
        texture_seed=int(rng.integers(2**31)),
        **_thermal_traits(rng))


def _colouring(rng, man, age):
    melanin = rng.uniform(0, 1)**1.4
    light, dark = np.array([.50, .62, .86]), np.array([.075, .12, .23])
    hair_tones = np.array([[.02, .02, .025], [.03, .05, .09], [.06, .13, .25],
                           [.22, .38, .55], [.06, .14, .36], [.5, .5, .52]])
    odds = np.array([.35, .25, .15, .1, .05, .02 + .3 * age**3])
    iris_tones = np.array([[.04, .07, .13], [.06, .12, .22], [.4, .3, .2],
                           [.2, .3, .2]])
    skin = light**(1 - melanin) * dark**melanin
    return dict(
        skin=skin * rng.uniform(.92, 1.08, 3),
        lip_redness=float(rng.uniform(.45, .75) if man else
                          rng.uniform(.55, 1.1)),
        hair=hair_tones[rng.choice(6, p=odds / odds.sum())] *
        rng.uniform(.8, 1.2),
        iris=iris_tones[rng.integers(4)],
        cloth=rng.uniform(.03, .7, 3))


def _hair(rng, man, age):
    style = str(
        rng.choice(HAIR_STYLES, p=_HAIR_ODDS['man' if man else 'woman']))
    thickness = dict(
        bald=0., buzz=.12, short=rng.uniform(.4, 1.1),
        thick=rng.uniform(1.1, 2.4), long=rng.uniform(.5, 1.3))[style]
    beard = man and rng.random() < .55
    return dict(
        hair_style=style,
        hairline_y=float(rng.uniform(-9.6, -6.8)),
        receding_cm=float(rng.uniform(0, 3) * age if man else 0),
        fringe_cm=float(rng.uniform(.8, 3.2) * (rng.random() < .16) *
                        (style in ('short', 'thick', 'long'))),
        hair_thickness_cm=float(thickness),
        hair_length_cm=float(rng.uniform(8, 18)) if style == 'long' else 0.,
        hair_opening_deg=float(rng.uniform(58, 100)),
        # from the faintest stubble to a full beard
        beard=float(rng.uniform(.12, 1)) if beard else 0.,
        beard_shape=str(
            rng.choice(['full', 'goatee', 'moustache'], p=[.62, .22, .16])))


def _thermal_traits(rng):
    nose = rng.choice(
        [rng.uniform(-.2, 1), rng.uniform(1, 3.5), rng.uniform(3.5, 7.5)],
        p=[.28, .46, .26])
    return dict(
        nose_coolness_k=float(nose),
        cheek_coolness_k=float(rng.uniform(.4, 2.4) + .14 * max(nose, 0)),
        canthus_warmth_k=float(rng.uniform(.8, 2.7)),
        forehead_warmth_k=float(clipped_normal(rng, .65, .7)),
        perioral_warmth_k=float(clipped_normal(rng, .1, .5)),
        ear_coolness_k=float(rng.uniform(-.4, 2.5) + .2 * max(nose, 0)),
        vessel_warmth_k=float(rng.uniform(.05, .65)),
        mottle_k=float(rng.uniform(.07, .36)))
