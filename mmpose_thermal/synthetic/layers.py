"""What lies over the skin: hair, clothes, hats, masks and scarves.

A layer covers the places of the chart where its signed distance (cm, positive
inside) is positive. The mesh is displaced there, and both modalities paint
its material.
"""
from dataclasses import dataclass
from typing import Callable

import numpy as np

from .curves import bump, smoothstep

# The hairline by azimuth: heights that all heads share, beside the temples.
_LINE_DEG = [0, 20, 34, 46, 56, 66, 74, 82, 88, 92, 108, 114, 126, 180]
_LINE_Y = [0, .1, .5, -6.3, -5., -2.9, -.3, .3, -.3, -2., -2., 3., 6.2, 7.]
_CM_PER_RADIAN = 8.
_CM_PER_PART = 4.


@dataclass
class Layer:
    """One covering.

    Attributes:
        kind (str): 'hair', 'cloth', 'mask', 'scarf', 'beanie', 'cap' or
            'hood'.
        distance (Callable): ``(theta, y, part)`` to the signed distance, cm.
        thickness_cm (float): How far it stands off the skin.
        softness_cm (float): Width of its border.
        opacity (float): Of its middle; short hair lets skin through.
    """
    kind: str
    distance: Callable
    thickness_cm: float
    softness_cm: float = .12
    opacity: float = 1.


def layers_of(head, rng):
    """The layers of one picture, the lowest first.

    Args:
        head (Head): Who, and what covers the face.
        rng (np.random.Generator): Cut of the clothes of this moment.

    Returns:
        list[Layer]: The layers.
    """
    subject, view = head.subject, head.view
    layers = [_cloth(rng)]
    if subject.hair_style != 'bald':
        layers.append(_hair(subject, view.headwear == 'none'))
    if view.headwear != 'none':
        layers.append(
            dict(beanie=_beanie, cap=_cap, hood=_hood)[view.headwear](rng))
    # Drawn whether or not they are worn: the others do not depend on it.
    mask, scarf = _mask(head, rng), _scarf(head, rng)
    if view.mask:
        layers.append(mask)
    if view.scarf:
        layers.append(scarf)
    return layers


def hairline(subject, theta):
    """Height above which hair grows, cm."""
    turn = np.degrees(np.abs(theta))
    front = np.array([0, -.6, -1.]) * subject.receding_cm
    heights = np.array(_LINE_Y)
    heights[:3] += subject.hairline_y + front
    fringe = subject.fringe_cm * (1 - smoothstep(turn, 26, 58))
    wave = .3 * np.sin(5 * theta + subject.texture_seed % 7)
    return np.interp(turn, _LINE_DEG, heights) + fringe + wave * bump(turn, 70)


def _hair(subject, free):
    def distance(theta, y, part):
        scalp = hairline(subject, theta) - y - 9. * smoothstep(part, .999, 1.2)
        if subject.hair_length_cm == 0:
            return scalp
        opening = np.radians(subject.hair_opening_deg + np.where(
            part < 1, 0, -12)) + .06 * np.sin(.5 * y + np.sign(theta))
        curtain = np.minimum((np.abs(theta) - opening) * _CM_PER_RADIAN,
                             (1.1 + .14 * subject.hair_length_cm - part) * 3)
        return np.maximum(scalp, np.minimum(curtain, y + 5))

    buzz = subject.hair_style == 'buzz'
    return Layer(
        'hair', distance, subject.hair_thickness_cm if free else .15,
        .5 if buzz else .32, .75 if buzz else 1.)


def _cloth(rng):
    """A crew neck, a turned-up collar or an open neck."""
    height = rng.choice([rng.uniform(2.1, 2.6), rng.uniform(2.7, 3.)],
                        p=[.2, .8])
    notch = rng.uniform(.1, .45) * (rng.random() < .5)
    width = rng.uniform(.25, .6)

    def distance(theta, y, part):
        collar = height + notch * bump(theta, width)
        return (part - collar) * _CM_PER_PART

    return Layer('cloth', distance, .35, .1)


def _beanie(rng):
    brim = rng.uniform(-5.2, -2.4)

    def distance(theta, y, part):
        turn = np.degrees(np.abs(theta))
        line = np.interp(turn, [0, 45, 80, 110, 180],
                         [brim, brim + .3, .6, 2.6, 3.])
        return line - y - 20 * smoothstep(part, .999, 1.1)

    return Layer('beanie', distance, rng.uniform(.5, 1.1), .1)


def _cap(rng):
    brim = rng.uniform(-5.2, -3.)

    def distance(theta, y, part):
        turn = np.degrees(np.abs(theta))
        line = np.interp(turn, [0, 60, 90, 180],
                         [brim, brim + .2, -2.4, -.5])
        return line - y - 20 * smoothstep(part, .999, 1.1)

    return Layer('cap', distance, .6, .08)


def _hood(rng):
    opening, top = np.radians(rng.uniform(58, 85)), rng.uniform(-8, -5)

    def distance(theta, y, part):
        side = (np.abs(theta) - opening) * _CM_PER_RADIAN
        return np.maximum(np.maximum(top - y, side) *
                          (part < 1.2), np.where(part >= 1.2, side, -9.))

    return Layer('hood', distance, rng.uniform(1.2, 2.4), .12)


def _mask(head, rng):
    """A medical mask or half a balaclava, from the nose to below the chin."""
    top = head.plane[28, 1] + rng.uniform(-.1, 1.4)
    ear = np.radians(rng.uniform(60, 76))

    def distance(theta, y, part):
        turn = np.abs(theta)
        line = top + 2. * smoothstep(turn, .1, .6) + .8 * turn
        return np.minimum.reduce([
            y - line, (ear - turn) * _CM_PER_RADIAN, (1.9 - part) * 3])

    return Layer('mask', distance, .35, .08)


def _scarf(head, rng):
    top = head.chin_y - rng.choice([rng.uniform(-.8, .8),
                                    rng.uniform(.8, 6.5)])

    def distance(theta, y, part):
        line = top - .8 * np.abs(theta) + .25 * np.sin(3 * theta)
        return np.minimum(y - line, (3.2 - part) * 3)

    return Layer('scarf', distance, rng.uniform(.7, 1.4), .1)
