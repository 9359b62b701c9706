"""A parametric 3-D head with 68 iBUG landmarks.

The head is one closed sheet over a chart ``(theta, y)``: the azimuth around
the vertical axis (0 is the face's midline, positive towards image right, that
is the subject's left) and the height in centimetres (0 at the eyes, positive
downwards). Landmarks, painted features and temperatures all live in this
chart, so they stay attached to the surface under any pose. 3-D coordinates
are ``x`` right, ``y`` down, ``z`` towards the camera, in centimetres.
"""
from functools import lru_cache

import numpy as np

from .curves import bump, smoothstep
from .face_plan import FLIP_INDICES, jaw_drop_cm, place_features

__all__ = ['CROWN_Y', 'FLIP_INDICES', 'ChartHead', 'Head', 'rotation']

CROWN_Y = -12.5
_CHIN_Y = 10.85
# How far a feature may sit from the silhouette ellipse before arcsin breaks.
_MAX_SINE = .999

# Where the jaw's points lie: azimuth, and height of those before the ear.
_JAW_THETA_DEG = [81, 77, 72, 67, 59.5, 48, 34, 17.5, 0]
_JAW_SIDE_Y = [-.65, 1.25, 3.17, 5.]
# How much higher the jaw line lies than the chin, by azimuth.
_JAW_RISE_DEG = [0, 10, 18, 35, 50, 63, 74, 80, 90, 110, 180]
_JAW_RISE_CM = [0, .06, .2, 1.05, 2.6, 4.75, 5.9, 6.5, 7.1, 7.4, 7.3]

# Half axes of the head's horizontal cross-sections below the temples.
_PROFILE_Y = np.array([-5, -2.5, 0, 2, 4, 5.5, 7, 9, 11, 14.])
_HALF_WIDTH = np.array([7.1, 7.02, 6.76, 6.7, 6.55, 6.35, 6.1, 5.8, 5.5, 5.2])
_FRONT_DEPTH = np.array([8.9, 8.95, 8.5, 8.4, 8.6, 8.7, 8.7, 8.6, 8.4, 7.8])
_BACK_DEPTH = np.array([10.4, 10.3, 9.7, 9., 8., 7.2, 6.6, 6., 5.6, 5.4])


@lru_cache(maxsize=None)
def _profile_table():
    """Smoothed half axes on a fine grid of heights."""
    y = np.linspace(CROWN_Y, 20, 651)
    table = np.stack([
        np.interp(y, _PROFILE_Y, axis)
        for axis in (_HALF_WIDTH, _FRONT_DEPTH, _BACK_DEPTH)
    ])
    kernel = np.hanning(41)[1:-1]
    kernel /= kernel.sum()
    padded = np.pad(table, ((0, 0), (19, 19)), mode='edge')
    table = np.stack([np.convolve(row, kernel, 'valid') for row in padded])
    dome = np.clip((-2.5 - y) / (-2.5 - CROWN_Y), 0, 1)
    table *= (1 - dome**2.5)**.5
    return y, table


@lru_cache(maxsize=None)
def _jaw_rise_table():
    """The jaw's rise over its chin, smoothed: azimuths and cm."""
    theta = np.radians(np.arange(0, 181.))
    rise = np.interp(theta, np.radians(_JAW_RISE_DEG), _JAW_RISE_CM)
    kernel = np.hanning(17)[1:-1]
    padded = np.pad(rise, 7, mode='reflect')
    return theta, np.convolve(padded, kernel / kernel.sum(), 'valid')


class ChartHead:
    """What heads share whose surface and landmarks lie on the chart."""
    # By how much the ears sit lower than the parametric head's.
    ear_drop_cm = 0.

    def landmarks(self):
        """The 68 iBUG landmarks in head space, shape (68, 3), cm."""
        return self.surface(*self.landmarks_chart().T)

    def contour_candidates(self, steps=20):
        """Where the jaw's points may slide to when the head turns.

        Each slides from its place on the jaw towards the midline, on the
        surface, as an annotator moves it to the outline that is seen.

        Returns:
            np.ndarray: Shape (17, steps, 3), cm; the first is the jaw itself.
        """
        theta, y = self.landmarks_chart()[:17].T
        mix = np.linspace(0, 1, steps)
        inner = .15 * theta
        return self.surface(
            theta[:, None] + (inner - theta)[:, None] * mix,
            np.repeat(y[:, None], steps, 1))


class Head(ChartHead):
    """One person in one expression: geometry and landmarks.

    Args:
        subject (Subject): The identity.
        view (View): Supplies the expression.
    """

    def __init__(self, subject, view):
        self.subject, self.view = subject, view
        self.chin_y = (_CHIN_Y + subject.chin_length_cm
                       ) * subject.head_height + jaw_drop_cm(view)
        self.plane = place_features(subject, view)

    # ---------------------------------------------------------------- chart
    def jaw_line_y(self, theta):
        """Height of the jaw line, the lower border of the face."""
        angles, rise = _jaw_rise_table()
        turn = np.abs(theta)
        # A square jaw stays low until its angle.
        square = 1 - .35 * self.subject.jaw_square * bump(
            turn - np.radians(45), np.radians(25))
        rise = np.interp(turn, angles, rise) * square
        stretch = self.chin_y / _CHIN_Y
        return np.maximum(self.chin_y - rise * stretch, 2.5)

    def _half_axes(self, y):
        grid, table = _profile_table()
        half_width, front, back = (np.interp(y, grid, row) for row in table)
        jaw = smoothstep(y, 0, 9)
        width = 1 + jaw * (self.subject.jaw_width - 1)
        width = width + .03 * self.subject.cheek_fullness_cm * bump(y - 5, 3)
        depth = self.subject.head_depth
        return (half_width * self.subject.head_width * width,
                front * (1 + (depth - 1) * .5), back * depth)

    def to_chart(self, plane):
        """Frontal-plane points (x, y) to chart points (theta, y)."""
        half_width, _, _ = self._half_axes(plane[..., 1])
        sine = np.clip(plane[..., 0] / np.maximum(half_width, 1e-6), -_MAX_SINE,
                       _MAX_SINE)
        return np.stack([np.arcsin(sine), plane[..., 1]], -1)

    def surface(self, theta, y):
        """3-D points of the bare face.

        Args:
            theta (np.ndarray): Azimuth in radians, any shape.
            y (np.ndarray): Height in cm, the same shape.

        Returns:
            np.ndarray: Shape (..., 3), cm.
        """
        half_width, front, back = self._half_axes(y)
        sine, cosine = np.sin(theta), np.cos(theta)
        x = half_width * sine
        z = np.where(cosine > 0, front, back) * cosine
        near = smoothstep(cosine, .02, .4)
        forward = (self._nose(x, y) + self._eyes(x, y) + self._cheeks(x, y) +
                   self._mouth(x, y) + self._chin(x, y)) * near
        sideways, backward = self._ear(theta, y)
        return np.stack([x + sideways * np.sign(theta), y + np.zeros_like(x),
                         z + forward - backward], -1)

    # --------------------------------------------------------------- relief
    # Each part returns by how many cm the face stands out from the ellipse.
    def _nose(self, x, y):
        subject, plane, side = self.subject, self.plane, np.abs(x)
        bridge_y, tip_y, base_y = plane[27, 1], plane[30, 1], plane[33, 1]
        along = (y - bridge_y) / (tip_y - bridge_y)
        rise = np.clip(along, 0, 1)**1.35
        height = subject.nose_bridge_cm * (1 - rise) + (
            subject.nose_height_cm) * rise + .12 * bump(along - .45, .25)
        # The underside falls from the tip to the lip within a centimetre.
        height = height * smoothstep(along, -.55, .12) * (
            1 - smoothstep(y, tip_y + .1, base_y + .2))
        width = subject.nose_width * (.6 + .28 * np.clip(along, 0, 1.2)**2)
        relief = height * np.exp(-(side / width)**2.3)
        ala_x, ala_y = plane[35]
        relief = relief + 1.05 * bump(side - ala_x * .72, .5) * bump(
            y - ala_y + .42, .62)
        # The crease round the wing, and the nostril below the tip.
        relief -= .3 * bump(side - ala_x * 1.25, .3) * bump(
            y - ala_y + .3, .7)
        relief -= .35 * bump(side - ala_x * .42, .3) * bump(
            y - base_y + .12, .25)
        return relief

    def _eyes(self, x, y):
        subject, plane, side = self.subject, self.plane, np.abs(x)
        eye, brow = plane[42:48].mean(0), plane[22:27].mean(0)
        relief = -subject.socket_depth_cm * bump(
            side - eye[0] * .95, 1.9) * bump(y - eye[1] + .2, 1.05)
        relief -= .45 * bump(side - 1.45, .6) * bump(y - .2, .9)
        relief += .55 * bump(side - eye[0], 1.15) * bump(y - eye[1], .8)
        relief += .4 * bump(side - brow[0], 2.3) * bump(y - brow[1], .75)
        return relief + .25 * bump(side, 1.4) * bump(y - brow[1], .8)

    def _cheeks(self, x, y):
        subject, side = self.subject, np.abs(x)
        smile = max(self.view.smile, 0)
        relief = subject.cheekbone_cm * bump(side - 4.7, 1.8) * bump(
            y - 2.6, 1.5)
        relief += subject.cheek_fullness_cm * bump(side - 4.2, 2.2) * bump(
            y - 6, 2.4)
        # A smile lifts the cheeks and deepens the naso-labial fold.
        relief += .45 * smile * bump(side - 3.7, 1.2) * bump(y - 3.9, 1.3)
        ala, corner = self.plane[35], self.plane[54]
        t = np.clip((y - ala[1] + .4) / (corner[1] - ala[1] + .4), 0, 1)
        fold_x = ala[0] + .2 + (corner[0] + .5 - ala[0]) * t
        depth = .1 + .15 * smile + .1 * self.subject.wrinkles
        return relief - depth * bump(side - fold_x, .3) * bump(t - .5, .6)

    def _mouth(self, x, y):
        plane, subject = self.plane, self.subject
        top, bottom = plane[51, 1], plane[57, 1]
        seam = .5 * (plane[62, 1] + plane[66, 1])
        half = max(plane[54, 0], 1.)
        lips = subject.lip_forward_cm * (1 + 1.2 * self.view.pucker)
        relief = .4 * bump(x, 2.6) * bump(
            y - seam, max(bottom - top, 1.4) * .8)
        for lip_y, amount in ((.5 * (top + plane[62, 1]), .9),
                              (.5 * (bottom + plane[66, 1]), 1.)):
            relief += amount * lips * bump(x, half * .75) * bump(
                y - lip_y, .42)
        gap = plane[66, 1] - plane[62, 1]
        relief -= (.3 + .9 * np.clip(gap, 0, 1)) * bump(x, half * .8) * bump(
            y - seam, .18 + .42 * gap)
        # The philtrum, between nose and lip.
        return relief - .12 * bump(x, .35) * bump(y - top + .5, .5)

    def _chin(self, x, y):
        bottom = self.plane[57, 1]
        forward = .5 + self.subject.chin_forward_cm
        relief = forward * bump(x, 1.9) * bump(y - self.chin_y + 1.2, 1.2)
        return relief - .35 * bump(x, 1.9) * bump(y - bottom - .55, .5)

    def _ear(self, theta, y):
        """The auricle as a fin: (sideways, backward), cm."""
        subject = self.subject
        turn = np.abs(theta)
        centre, half = 1.1, 3.1 * subject.ear_size
        height = (y - centre) / half
        profile = np.clip(1 - np.abs(height)**2.6, 0, 1)**.5 * (
            1 - .25 * np.clip(height, 0, 1))
        start, rim = np.radians(91), np.radians(103)
        fin = smoothstep(turn, start, rim) * (
            1 - smoothstep(turn, rim, np.radians(112)))
        fin = fin * profile
        return (.25 + 1.15 * subject.ear_flare) * fin, .9 * fin

    # ------------------------------------------------------------ landmarks
    def landmarks_chart(self):
        """The 68 iBUG landmarks in the chart, shape (68, 2)."""
        chart = np.empty((68, 2))
        theta = np.radians(_JAW_THETA_DEG)
        y = self.jaw_line_y(theta)
        y[:4] = np.minimum(
            np.array(_JAW_SIDE_Y) * self.subject.head_height, y[:4])
        chart[:9] = np.stack([-theta, y], 1)
        chart[9:17] = np.stack([theta[-2::-1], y[-2::-1]], 1)
        chart[17:] = self.to_chart(self.plane[17:])
        return chart


def rotation(view):
    """Head rotation matrix of a view: pitch, then yaw, then roll."""
    cx, sx = np.cos(view.pitch), np.sin(view.pitch)
    cy, sy = np.cos(view.yaw), np.sin(view.yaw)
    cz, sz = np.cos(view.roll), np.sin(view.roll)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return about_z @ about_y @ about_x
