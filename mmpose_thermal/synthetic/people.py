"""Who is drawn, and how: identities, views and what makes them harder."""
from dataclasses import dataclass, replace

import numpy as np

from .curves import smoothstep

HAIR_STYLES = ('bald', 'buzz', 'short', 'thick', 'long')
_HAIR_ODDS = dict(man=[.1, .22, .4, .2, .08], woman=[.01, .04, .15, .2, .6])
_GLASSES_HABITS = ([0, .9, .3], [.64, .22, .14])
_MOODS = ('neutral', 'smile', 'frown', 'speech', 'laugh', 'surprise', 'kiss')
_MOOD_ODDS = np.array([.36, .2, .1, .16, .08, .05, .05])


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


@dataclass
class View:
    """What changes from picture to picture of one person; angles in radians.

    ``mask``, ``headwear`` ('none', 'beanie', 'cap', 'hood'), ``scarf`` and
    ``hand`` say what covers the face; ``smile`` is negative in a frown.
    """
    yaw: float
    pitch: float
    roll: float
    distance_cm: float
    face_fraction: float
    shift: np.ndarray
    mouth_open: float
    smile: float
    brow_raise: float
    eye_closure: float
    gaze: np.ndarray
    glasses: bool
    teeth: bool = False
    pucker: float = 0.
    mouth_skew: float = 0.
    sunglasses: bool = False
    mask: bool = False
    headwear: str = 'none'
    scarf: bool = False
    hand: bool = False


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
        eye_size=normal(rng, 1, .07),
        eye_opening=normal(rng, 1, .18),
        eye_slant_cm=normal(rng, .02, .15),
        brow_spacing=normal(rng, 1, .04),
        brow_height_cm=normal(rng, 0, .28),
        brow_arch_cm=normal(rng, 0, .14),
        brow_thickness_cm=float(
            rng.uniform(.45, .95) if man else rng.uniform(.25, .6)),
        brow_density=float(rng.uniform(.45, 1)),
        nose_length_cm=normal(rng, 0, .35),
        nose_width=normal(rng, 1, .13),
        nose_height_cm=normal(rng, 2.2, .35),
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
        hairline_y=float(rng.uniform(-8.6, -6.)),
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
        p=[.34, .42, .24])
    return dict(
        nose_coolness_k=float(nose),
        cheek_coolness_k=float(rng.uniform(.3, 2.2) + .14 * max(nose, 0)),
        canthus_warmth_k=float(rng.uniform(.7, 2.6)),
        forehead_warmth_k=float(clipped_normal(rng, .8, .7)),
        perioral_warmth_k=float(clipped_normal(rng, .1, .5)),
        ear_coolness_k=float(rng.uniform(-.4, 2.5) + .2 * max(nose, 0)),
        vessel_warmth_k=float(rng.uniform(.1, .9)),
        mottle_k=float(rng.uniform(.12, .45)))


def sample_view(rng, subject, max_yaw_deg=60, difficulty=.5):
    """Draws pose, camera and expression for one picture.

    Args:
        rng (np.random.Generator): Source of randomness.
        subject (Subject): Who is seen (decides on glasses).
        max_yaw_deg (float): Largest rotation to either side, degrees.
        difficulty (float): From 0, calm frontal faces without anything before
            them, to 1, extreme poses and faces that are covered often.

    Returns:
        View: The view; angles in radians.
    """
    spread = .4 + 1.2 * difficulty
    yaw = _yaw(rng, max_yaw_deg, spread)
    return View(
        yaw=float(np.radians(yaw)),
        # Cameras stand lower than the eyes more often than above them.
        pitch=float(np.radians(np.clip(rng.normal(8, 9 * spread), -28, 34))),
        roll=float(np.radians(np.clip(rng.normal(0, 7 * spread), -35, 35))),
        distance_cm=float(rng.uniform(50, 250)),
        face_fraction=float(rng.uniform(.55, .95)),
        shift=rng.uniform(-.06, .06, 2),
        gaze=rng.uniform(-.35, .35, 2) * [1, .4],
        **_expression(rng, difficulty),
        **_covers(rng, subject, difficulty))


def _yaw(rng, max_yaw_deg, spread):
    """Most faces look ahead; a quarter turns evenly up to the largest yaw."""
    if rng.random() < 1 - min(.28 * spread, .6):
        return np.clip(
            rng.normal(0, 14 * spread), -max_yaw_deg, max_yaw_deg)
    return rng.uniform(-max_yaw_deg, max_yaw_deg)


def _expression(rng, difficulty):
    odds = _MOOD_ODDS * np.r_[1, np.full(6, .3 + 1.4 * difficulty)]
    mood = rng.choice(_MOODS, p=odds / odds.sum())
    strength = rng.uniform(.35, 1)
    smile = clipped_normal(rng, 0, .15)
    opening, brow, pucker = 0., clipped_normal(rng, 0, .25), 0.
    if mood == 'smile':
        smile, opening = strength, .18 * strength * (rng.random() < .6)
    elif mood == 'laugh':
        smile, opening = strength, rng.uniform(.2, .7)
    elif mood == 'frown':
        smile, brow = -.7 * strength, -.9 * strength
    elif mood == 'speech':
        opening = rng.uniform(.08, .6)
        pucker = rng.uniform(0, .6) * (rng.random() < .4)
    elif mood == 'surprise':
        opening, brow = rng.uniform(.4, 1), strength
    elif mood == 'kiss':
        pucker = strength
    closed = rng.random() < .05 + .12 * difficulty
    return dict(
        mouth_open=float(opening),
        smile=float(np.clip(smile, -1, 1)),
        brow_raise=float(brow),
        eye_closure=1. if closed else float(
            rng.uniform(-.2, .3) - .35 * (mood == 'surprise') + .25 *
            max(smile, 0)),
        teeth=bool(rng.random() < (.85 if mood in ('smile', 'laugh') else .4)),
        pucker=float(pucker),
        mouth_skew=clipped_normal(rng, 0, .12))


def _covers(rng, subject, difficulty):
    def happens(odds):
        return bool(rng.random() < 2 * odds * difficulty)

    glasses = bool(rng.random() < subject.wears_glasses * min(
        1, .4 + 1.2 * difficulty))
    headwear = str(rng.choice(['beanie', 'cap', 'hood'])) if happens(
        .09) else 'none'
    return dict(
        glasses=glasses,
        sunglasses=bool(glasses and rng.random() < .3),
        mask=happens(.05),
        headwear=headwear,
        scarf=happens(.05),
        hand=happens(.035))


def sample_motion(rng, subject, frames, max_yaw_deg=60, difficulty=.5):
    """Draws the views of a sequence: a head that moves and speaks.

    Args:
        rng (np.random.Generator): Source of randomness.
        subject (Subject): Who is seen.
        frames (int): Length of the sequence.
        max_yaw_deg (float): Largest rotation to either side, degrees.
        difficulty (float): See :func:`sample_view`.

    Returns:
        list[View]: One a frame. The camera does not move.
    """
    # A new target about every eighth frame, reached smoothly.
    keys = [
        sample_view(rng, subject, max_yaw_deg, difficulty)
        for _ in range(2 + frames // 8)
    ]
    views = []
    for position in np.linspace(0, len(keys) - 1, frames, endpoint=False):
        before, after = keys[int(position)], keys[int(position) + 1]
        t = smoothstep(position % 1, 0, 1)
        moved = {
            name: (1 - t) * getattr(before, name) + t * getattr(after, name)
            for name in ('yaw', 'pitch', 'roll', 'shift', 'mouth_open',
                         'smile', 'brow_raise', 'eye_closure', 'gaze',
                         'pucker', 'mouth_skew')
        }
        views.append(replace(keys[0], hand=False, **moved))
    return views
