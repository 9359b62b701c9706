"""What is below a rendered head: neck, clothes, arms and hands.

A detector that has seen heads alone takes a hand or a chest for a face.
Lengths are in units of the face, from brows to chin.
"""
from dataclasses import dataclass

import cv2
import numpy as np

from .curves import smooth_noise


@dataclass
class Anchor:
    """Where a body hangs.

    Attributes:
        chin (np.ndarray): Pixels, (2, ).
        length_px (float): From brows to chin.
        width_px (float): Of the face, from ear to ear.
        skin_k, ambient_k (float): Of the face and the air.
    """
    chin: np.ndarray
    length_px: float
    width_px: float
    skin_k: float
    ambient_k: float

    def at(self, across, down):
        """A place beside and below the chin, in pixels."""
        return self.chin + np.array([across, down]) * self.length_px


def draw_neck(image, anchor, rng):
    """Draws bare skin below the chin, in place; returns its mask, (H, W)."""
    mask = np.zeros(image.shape, np.uint8)
    half = rng.uniform(.32, .42) * anchor.width_px / anchor.length_px
    corners = [anchor.at(-half, -.3), anchor.at(half, -.3),
               anchor.at(half * 1.15, 1.3), anchor.at(-half * 1.15, 1.3)]
    cv2.fillPoly(mask, [np.int32(corners)], 255, cv2.LINE_AA)
    _lay(image, mask, anchor.skin_k + rng.uniform(-.8, .8))
    return mask > 127


def draw_clothes(image, anchor, rng):
    """Draws torso, legs and arms, in place; returns their mask, (H, W)."""
    shoulders = anchor.at(0, rng.uniform(.5, .85))
    half = rng.uniform(1.2, 2.1)
    torso = np.zeros(image.shape, np.uint8)
    down = (shoulders[1] - anchor.chin[1]) / anchor.length_px
    hips = half * rng.uniform(.65, .95)
    left = [(-rng.uniform(.45, .7), down - rng.uniform(.05, .3)),
            (-half, down + rng.uniform(.3, .6)), (-half * .85, down + 2.),
            (-hips, down + 4.6)]
    outline = left + [(-across, below) for across, below in left[::-1]]
    cv2.fillPoly(torso, [np.int32([anchor.at(*one) for one in outline])], 255,
                 cv2.LINE_AA)
    legs = np.zeros(image.shape, np.uint8)
    thickness = max(int(hips * .85 * anchor.length_px), 1)
    for side in (-1, 1):
        _limb(legs, [anchor.at(side * hips * .5, down + 4.5),
                     anchor.at(side * hips * rng.uniform(.3, .7), down + 10.5)],
              thickness)
    _lay(image, legs, _fabric(image.shape, anchor, rng))
    _lay(image, torso, _fabric(image.shape, anchor, rng))
    arms = _draw_arms(image, anchor, half, down, rng)
    return (torso > 127) | (legs > 127) | arms


def _draw_arms(image, anchor, half, down, rng):
    covered = np.zeros(image.shape, bool)
    raised = rng.random() < .25
    bare = rng.random() < .35
    fabric = _fabric(image.shape, anchor, rng)
    for side in (-1, 1):
        shoulder = anchor.at(side * half * .88, down + .6)
        first = rng.uniform(-.3, .5)
        second = rng.uniform(1.2, 3.3) if raised else rng.uniform(-1.6, .3)
        elbow = shoulder + 2.2 * anchor.length_px * np.array(
            [side * np.sin(first), np.cos(first)])
        wrist = elbow + 1.9 * anchor.length_px * np.array(
            [side * np.sin(second), np.cos(second)])
        hand = wrist + .4 * (wrist - elbow) / 1.9
        sleeve, forearm, palm = (np.zeros(image.shape, np.uint8)
                                 for _ in range(3))
        thick = rng.uniform(.55, .85) * anchor.length_px
        _limb(sleeve, [shoulder, elbow], thick)
        _limb(forearm, [elbow, wrist], .75 * thick)
        _limb(palm, [wrist, hand], rng.uniform(.4, .6) * anchor.length_px)
        _lay(image, sleeve, fabric)
        _lay(image, forearm,
             anchor.skin_k - rng.uniform(.3, 2.5) if bare else fabric)
        _lay(image, palm, anchor.skin_k + rng.uniform(-5, .8))
        covered |= (sleeve > 127) | (forearm > 127) | (palm > 127)
    return covered


def _limb(mask, points, thickness):
    ends = [tuple(map(int, point)) for point in points]
    cv2.line(mask, *ends, 255, max(int(thickness), 1), cv2.LINE_AA)


def _lay(image, mask, temperature_k):
    cover = mask.astype(np.float32) / 255
    image += cover * (temperature_k - image)


def _fabric(shape, anchor, rng):
    """Temperatures of cloth with folds, quilting or a print, (H, W), kelvin."""
    excess = anchor.skin_k - anchor.ambient_k
    cells = max(int(max(shape) / anchor.length_px * rng.uniform(.6, 3)), 2)
    folds = smooth_noise(rng, shape, min(cells, max(shape) // 4))
    share = rng.uniform(.1, .85)
    kind = rng.random()
    if kind < .15:  # a jacket of quilted down
        rows = np.arange(shape[0], dtype=np.float32)[:, None]
        folds = folds + 2 * np.sin(
            rows * 2 * np.pi / (rng.uniform(.35, .9) * anchor.length_px))
    elif kind < .25:  # a print
        folds = 3 * np.sign(folds)
    return anchor.ambient_k + excess * (share + rng.uniform(.02, .1) * folds)
