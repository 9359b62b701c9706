"""Where brows, nose, eyes and mouth of a person lie, seen from the front.

Points 17-67 of iBUG's 68 on the frontal plane, in centimetres: x to image
right, y down, the origin between the eyes.
"""
from functools import lru_cache

import numpy as np

# One side of the mean face, x < 0 is the subject's right: anthropometric
# averages of an adult with 9 cm between the outer corners of the eyes, adjusted
# until the mean frontal view agrees with labels of real thermal faces.
_RIGHT_BROW = [(-5.25, -1.4), (-4.45, -1.85), (-3.4, -1.9), (-2.35, -1.8),
               (-1.35, -1.45)]
_NOSE_BRIDGE = [(0, -.25), (0, .85), (0, 2.), (0, 3.2)]
_RIGHT_NOSE_BASE = [(-1.45, 3.92), (-.75, 4.15)]
_SUBNASALE = (0, 4.3)
_RIGHT_EYE = [(-4.5, 0), (-3.65, -.56), (-2.65, -.6), (-1.68, .12),
              (-2.6, .36), (-3.6, .33)]
_RIGHT_OUTER_LIP = [(-2.45, 6.1), (-1.55, 5.65), (-.65, 5.4)]
_RIGHT_LOWER_LIP = [(-1.65, 6.6), (-.85, 6.88)]
_RIGHT_INNER_LIP = [(-2.1, 6.1), (-.87, 6.04)]

# Left-right partners of the 68 points, for mirroring the half face.
FLIP_INDICES = np.array(
    list(range(16, -1, -1)) + list(range(26, 16, -1)) + [27, 28, 29, 30] +
    [35, 34, 33, 32, 31] + [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40] +
    [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55] +
    [64, 63, 62, 61, 60, 67, 66, 65])

_EYES, _BROWS, _NOSE, _MOUTH = (slice(36, 48), slice(17, 27), slice(27, 36),
                                slice(48, 68))
_UPPER_LIDS, _LOWER_LIDS = np.array([37, 38, 43, 44]), np.array(
    [41, 40, 47, 46])
_LOWER_LIP = np.array([55, 56, 57, 58, 59, 65, 66, 67]) - 48
_MOUTH_Y = 6.1
_JAW_DROP_CM = 2.7


@lru_cache(maxsize=None)
def _mean_face():
    points = np.full((68, 2), np.nan)
    points[17:22] = _RIGHT_BROW
    points[27:31] = _NOSE_BRIDGE
    points[31:33] = _RIGHT_NOSE_BASE
    points[33] = _SUBNASALE
    points[36:42] = _RIGHT_EYE
    points[48:51] = _RIGHT_OUTER_LIP
    points[51] = (0, 5.5)
    points[57] = (0, 6.98)
    points[[59, 58]] = _RIGHT_LOWER_LIP
    points[60:62] = _RIGHT_INNER_LIP
    points[62] = (0, 6.06)
    points[66] = (0, 6.2)
    points[67] = (-.87, 6.18)
    mirrored = points[FLIP_INDICES] * [-1, 1]
    return np.where(np.isnan(points), mirrored, points)


def jaw_drop_cm(view):
    """By how much an open mouth lowers the chin."""
    return .75 * _JAW_DROP_CM * view.mouth_open


def place_features(subject, view):
    """Points 17-67 for one person and expression.

    Args:
        subject (Subject): The identity.
        view (View): The expression.

    Returns:
        np.ndarray: Shape (68, 2), cm; the jaw's rows are NaN.
    """
    points = _mean_face().copy()
    mirror = np.where(points[:, 0] < 0, -1., 1.)
    points[_EYES] = _eyes(points, mirror, subject, view)
    points[_BROWS] = _brows(points[_BROWS], mirror[_BROWS], subject, view)
    points[_NOSE, 1] *= 1 + subject.nose_length_cm / 4.3
    points[[30, 31, 32, 34, 35], 1] -= subject.nose_upturn_cm * np.array(
        [1, .3, .5, .5, .3])
    points[31:36, 0] *= subject.nose_width * (1 + .1 * max(view.smile, 0))
    points[_MOUTH] = _mouth(points[_MOUTH], subject, view)
    brow, eye, mouth, nose = subject.asymmetry_cm
    for part, drop in ((_BROWS, brow), (_EYES, eye), (_MOUTH, mouth)):
        points[part, 1] += drop * np.clip(points[part, 0] / 2.5, -1, 1)
    points[[30, 31, 32, 33, 34, 35], 0] += nose
    points[17:] *= [subject.head_width, subject.head_height]
    return points


def _eyes(points, mirror, subject, view):
    points = points.copy()
    points[_EYES, 0] *= subject.eye_spacing
    for eye in (slice(36, 42), slice(42, 48)):
        centre = points[eye].mean(0)
        offset = (points[eye] - centre) * [
            subject.eye_size, subject.eye_size * subject.eye_opening]
        tilt = offset[:, 0] * mirror[eye]
        offset[:, 1] -= subject.eye_slant_cm * tilt / 1.4
        points[eye] = centre + offset
    gap = points[_LOWER_LIDS, 1] - points[_UPPER_LIDS, 1]
    points[_UPPER_LIDS, 1] += .86 * gap * view.eye_closure
    points[_LOWER_LIDS, 1] -= .07 * gap * max(view.eye_closure, 0)
    return points[_EYES]


def _brows(points, mirror, subject, view):
    points = points.copy()
    outwards = (points[:, 0] * mirror - 1.35) / 3.9
    points[:, 0] *= subject.brow_spacing * (.4 + .6 * subject.eye_spacing)
    points[:, 1] -= subject.brow_height_cm + subject.brow_arch_cm * np.sin(
        np.pi * np.clip(outwards, 0, 1))
    # Raised brows rise as a whole; drawn ones sink near the nose.
    lift = np.where(view.brow_raise > 0, .75, 1 - .7 * outwards)
    points[:, 1] -= .7 * lift * view.brow_raise
    points[:, 0] += mirror * .25 * min(view.brow_raise, 0) * (1 - outwards)
    return points


def _mouth(points, subject, view):
    offset = points - [0, _MOUTH_Y]
    width = subject.mouth_width * (1 + .2 * max(view.smile, 0) - .1 *
                                   view.mouth_open - .36 * view.pucker)
    offset[:, 0] *= width
    offset[:, 1] *= subject.lip_thickness * (
        1 - .22 * max(view.smile, 0) + .3 * view.pucker)
    # The corners of the mouth rise in a smile, fall in a frown.
    corner = np.clip(np.abs(offset[:, 0]) / 2.5, 0, 1.3)**2
    offset[:, 1] -= (.5 * view.smile + view.mouth_skew * np.sign(
        offset[:, 0])) * corner
    middle = 1 - np.clip(np.abs(offset[_LOWER_LIP, 0]) / (2.9 * width), 0,
                         1)**2.5
    offset[_LOWER_LIP, 1] += _JAW_DROP_CM * view.mouth_open * middle
    # A grin shows teeth without a lowered jaw: the lips part.
    grin = .35 * max(view.smile, 0) * view.teeth
    offset[_LOWER_LIP, 1] += grin * middle
    offset[[1, 2, 3, 4, 5, 13, 14, 15], 1] -= .4 * grin
    offset[:, 1] += .22 * view.mouth_open * _JAW_DROP_CM * np.clip(
        np.abs(offset[:, 0]) / 2.5, 0, 1)
    return offset + [
        0, _MOUTH_Y + subject.mouth_height_cm + .6 * subject.nose_length_cm]
