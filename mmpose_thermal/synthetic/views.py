"""What changes from picture to picture of one person, and how hard it is."""
from dataclasses import dataclass, replace

import numpy as np

from .curves import smoothstep
from .people import clipped_normal

_MOODS = ('neutral', 'smile', 'frown', 'speech', 'laugh', 'surprise', 'kiss')
_MOOD_ODDS = np.array([.36, .2, .1, .16, .08, .05, .05])


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
        face_fraction=float(rng.uniform(.55, .9)),
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
        .08) else 'none'
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
