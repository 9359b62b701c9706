"""Lines and areas of a face that both modalities paint: brows, beard, folds.

All are chart curves or polygons, so that a brow's strands are cold where they
are dark.
"""
import numpy as np

from .canvas import SHAPE
from .curves import open_spline, smooth_noise

EYES = (np.arange(36, 42), np.arange(42, 48))
OUTER_LIP, INNER_LIP = np.arange(48, 60), np.arange(60, 68)
_SIDES = (-1, 1)
# Chart radians a centimetre, near enough everywhere on the face.
RADIANS_PER_CM = 1 / 7.3


class Marks:
    """The marks of one person in one expression.

    Args:
        head (Head): Who.
        points (np.ndarray): Chart landmarks (68, 2).
    """

    def __init__(self, head, points):
        self.head, self.points = head, points
        rng = np.random.default_rng(head.subject.texture_seed)
        self.brow_strands = self._brow_strands(rng)
        self.vessels = self._vessels(rng)
        self.wrinkles = self._wrinkles(rng)
        self.bristle = _bristle(rng)

    def at(self, x_cm, y_cm):
        """Chart point of a place on the frontal plane."""
        return self.head.to_chart(np.array([x_cm, y_cm], float))

    def brows(self):
        """The middle lines of both brows, as curves."""
        drop = .3 * self.head.subject.brow_thickness_cm
        return [
            open_spline(self.points[brow] + [0, drop])
            for brow in (slice(17, 22), slice(22, 27))
        ]

    def _brow_strands(self, rng):
        subject = self.head.subject
        count = int(150 * subject.brow_density)
        thick = subject.brow_thickness_cm
        strands = []
        for side, curve in zip(_SIDES, self.brows()):
            if side > 0:
                curve = curve[::-1]
            # 0 at the temple, 1 at the nose, where the brow is thickest.
            t = rng.uniform(0, 1, count)
            x, y = (np.interp(t, np.linspace(0, 1, len(curve)), curve[:, i])
                    for i in (0, 1))
            y = y + rng.normal(0, .26, count) * thick * (.45 + .55 * t)
            angle = np.interp(t, [0, .6, 1], [.45, -.3, -1.15]) + rng.normal(
                0, .25, count)
            length = rng.uniform(.3, .65, count)
            end_x = x + side * np.cos(angle) * length * RADIANS_PER_CM
            strands.append(
                np.stack([np.stack([x, y], 1),
                          np.stack([end_x, y + np.sin(angle) * length], 1)],
                         1))
        return np.concatenate(strands)

    def lashes(self):
        """Upper and lower lid margins of both eyes: two lists of curves."""
        upper = [open_spline(self.points[eye[:4]]) for eye in EYES]
        lower = [open_spline(self.points[eye[[0, 5, 4, 3]]]) for eye in EYES]
        return upper, lower

    def creases(self):
        """The folds above the upper lids."""
        return [
            open_spline(self.points[eye[:4]] - [0, .38]) for eye in EYES
        ]

    def nasolabial_folds(self):
        """From the wings of the nose past the corners of the mouth."""
        folds = []
        for side, ala, corner in ((-1, 31, 48), (1, 35, 54)):
            top, bottom = self.points[ala], self.points[corner]
            folds.append(open_spline(np.array([
                top + [side * .06, -.6],
                .5 * (top + bottom) + [side * .12, -.1],
                bottom + [side * .1, -.1]])))
        return folds

    def nose_wings(self):
        """The creases round both wings."""
        return [
            open_spline(np.array([
                self.points[ala] + [side * -.015, -.95],
                self.points[ala] + [side * .035, -.4],
                self.points[ala] + [side * .005, .05]]))
            for side, ala in ((-1, 31), (1, 35))
        ]

    def nostrils(self):
        """Two small ellipses under the tip."""
        width = .3 * self.head.subject.nose_width * RADIANS_PER_CM
        return [
            ellipse(.5 * (self.points[ala] + self.points[33]) + [0, -.14],
                    width, .17) for ala in (31, 35)
        ]

    def teeth(self):
        """Outline of the upper row, or None behind closed lips."""
        points = self.points
        gap = points[66, 1] - points[62, 1]
        if gap < .3 or not self.head.view.teeth:
            return None
        upper = points[[60, 61, 62, 63, 64]]
        height = np.array([0, .6, .7, .6, 0]) * min(gap, 1.)
        return np.concatenate([
            upper, upper[::-1] + np.stack([np.zeros(5), height], 1)])

    def tooth_gaps(self):
        """Lines between the teeth."""
        left, right, top = (self.points[61, 0], self.points[63, 0],
                            self.points[62, 1])
        xs = np.linspace(1.6 * left, 1.6 * right, 8)
        return [np.array([[x, top], [x, top + .7]]) for x in xs]

    def ears(self):
        """Of both ears the helix, a curve, and the concha, a polygon."""
        helix, concha, drop = [], [], self.head.ear_drop_cm
        turn = np.linspace(-2.6, 2.3, 14)
        for side in _SIDES:
            helix.append(np.stack([
                side * np.radians(100.5 + 6.5 * np.cos(turn)),
                .9 + drop + 2.6 * np.sin(turn)], 1))
            concha.append(ellipse(
                np.array([side * np.radians(97), 1.5 + drop]), np.radians(4), .9))
        return helix, concha

    def _vessels(self, rng):
        """Veins of forehead and temples: upwards, branching."""
        curves = []
        for x in rng.uniform(-5, 5, rng.integers(2, 6)):
            start = np.array([x, rng.uniform(-3.6, -2.4)])
            heading = rng.normal(0, .4)
            for branch in range(rng.integers(1, 4)):
                turns = heading + np.cumsum(rng.normal(0, .28, 9))
                steps = np.stack([np.sin(turns), -np.cos(turns)], 1) * .6
                path = np.concatenate([start[None], start + np.cumsum(
                    steps, 0)])
                curves.append(self.head.to_chart(path))
                start, heading = path[rng.integers(2, 6)], rng.normal(0, .9)
        for side in _SIDES:
            path = np.array([[7., .5], [6.4, -1.5], [6.6, -3], [5.6, -4.5]])
            path = path + rng.normal(0, .25, path.shape)
            curves.append(open_spline(self.head.to_chart(path * [side, 1])))
        return curves

    def _wrinkles(self, rng):
        curves = []
        brow_y = self.points[17:27, 1].min()
        for row in range(3):
            y = brow_y - 1.1 - .95 * row + rng.normal(0, .1)
            half = rng.uniform(2, 4) * RADIANS_PER_CM
            x = np.linspace(-half, half, 9)
            curves.append(np.stack(
                [x, y + rng.normal(0, .07, 9) + 4 * x**2], 1))
        for side in _SIDES:
            eye = self.points[36 if side < 0 else 45]
            for tilt in (-.35, .05, .4):
                away = np.array([side * .9 * RADIANS_PER_CM, tilt])
                curves.append(np.stack([eye + .25 * away, eye + .7 * away,
                                        eye + 1.2 * away]))
        return curves

    # ---------------------------------------------------------------- beard
    def beard_areas(self):
        """Polygons that bear hair, of the beard's shape."""
        points, shape = self.points, self.head.subject.beard_shape
        jaw, nose = points[1:16], points[31:36]
        under = jaw + [0, 1.2]
        moustache = np.array([
            points[48] + [-.05, -.25], nose[0] + [.03, .3],
            nose[2] + [0, .3], nose[4] + [-.03, .3], points[54] + [.05, -.25],
            points[54] + [.05, .15], points[52], points[51], points[50],
            points[48] + [-.05, .15]])
        if shape == 'moustache':
            return [moustache]
        if shape == 'goatee':
            chin = np.array([
                points[48] + [-.04, .1], points[59] + [0, .35],
                points[57] + [0, .4], points[55] + [0, .35],
                points[54] + [.04, .1], points[10] + [0, .8],
                points[8] + [0, 1.2], points[6] + [0, .8]])
            return [moustache, chin]
        upper = np.array([
            jaw[-1] * [.93, 1], points[54] + [.12, -.9], nose[4] + [0, .4],
            nose[2] + [0, .3], nose[0] + [0, .4], points[48] + [-.12, -.9],
            jaw[0] * [.93, 1]])
        return [np.concatenate([under, upper])]


def _bristle(rng):
    """A texture of short hairs that grow downwards, 0 to 1."""
    fine = (smooth_noise(rng, SHAPE, (70, 210)) + .7 * smooth_noise(
        rng, SHAPE, (130, 330)) + .6 * smooth_noise(rng, SHAPE, 16))
    return np.clip(.5 + .3 * fine, 0, 1)


def ellipse(centre, half_width, half_height):
    """A polygon, in the units of its arguments."""
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    return centre + np.stack(
        [half_width * np.cos(angle), half_height * np.sin(angle)], 1)
