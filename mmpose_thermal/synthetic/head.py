"""A parametric 3-D head with 68 iBUG landmarks.

The head is one closed sheet over a chart ``(theta, y)``: the azimuth around
the vertical axis (0 is the face's midline, positive towards image right, that
is the subject's left) and the height in centimetres (0 at the eyes, positive
downwards). Landmarks, painted features and temperatures all live in this
chart, so they stay attached to the surface under any pose. 3-D coordinates
are ``x`` right, ``y`` down, ``z`` towards the camera, in centimetres.
"""
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

CROWN_Y = -12.5
# How far a feature may sit from the silhouette ellipse before arcsin breaks.
_MAX_SINE = 0.999

# One side of the mean face, (x, y) in cm on the frontal plane, x < 0 is the
# subject's right. Brow, eye, nose and mouth proportions are anthropometric
# averages of an adult; jaw points are given in the chart further down.
_RIGHT_BROW = [(-5.6, -1.6), (-4.9, -2.4), (-3.9, -2.75), (-2.8, -2.55),
               (-1.5, -2.0)]
_NOSE_BRIDGE = [(0, -0.1), (0, 1.3), (0, 2.6), (0, 3.9)]
_RIGHT_NOSE_BASE = [(-1.75, 4.75), (-0.9, 5.1)]
_SUBNASALE = (0, 5.3)
_RIGHT_EYE = [(-4.5, 0.05), (-3.7, -0.55), (-2.55, -0.55), (-1.7, 0.2),
              (-2.55, 0.5), (-3.7, 0.5)]
_RIGHT_OUTER_LIP = [(-2.6, 7.5), (-1.6, 6.95), (-0.6, 6.65)]
_RIGHT_LOWER_LIP = [(-1.6, 8.2), (-0.6, 8.55)]
_RIGHT_INNER_LIP = [(-2.2, 7.5), (-0.8, 7.4)]
_JAW_THETA_DEG = [84, 84, 82.5, 78, 66, 50, 34, 17, 0]
# Height of the first jaw points; the others lie on the jaw line itself.
_JAW_SIDE_Y = [0.2, 2.3, 4.3, 6.2]

# Left-right partners of the 68 points, for mirroring the half face.
FLIP_INDICES = np.array(
    list(range(16, -1, -1)) + list(range(26, 16, -1)) + [27, 28, 29, 30] +
    [35, 34, 33, 32, 31] + [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40] +
    [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55] +
    [64, 63, 62, 61, 60, 67, 66, 65])


@lru_cache(maxsize=None)
def _mean_face():
    """Mean inner-face points 17-67 on the frontal plane, shape (68, 2)."""
    points = np.full((68, 2), np.nan)
    points[17:22] = _RIGHT_BROW
    points[27:31] = _NOSE_BRIDGE
    points[31:33] = _RIGHT_NOSE_BASE
    points[33] = _SUBNASALE
    points[36:42] = _RIGHT_EYE
    points[48:51] = _RIGHT_OUTER_LIP
    points[51] = (0, 6.8)
    points[57] = (0, 8.65)
    points[[59, 58]] = _RIGHT_LOWER_LIP
    points[60:62] = _RIGHT_INNER_LIP
    points[62] = (0, 7.45)
    points[66] = (0, 7.62)
    points[67] = (-0.8, 7.58)
    mirrored = points[FLIP_INDICES] * [-1, 1]
    return np.where(np.isnan(points), mirrored, points)


@dataclass
class Subject:
    """The identity: shape, colouring and habits of one person.

    Shape fields are factors around 1 or offsets in centimetres; colours are
    linear BGR reflectances in [0, 1].
    """
    head_width: float
    head_height: float
    head_depth: float
    jaw_width: float
    chin_length_cm: float
    eye_spacing: float
    eye_size: float
    eye_slant_cm: float
    brow_height_cm: float
    brow_thickness_cm: float
    nose_length_cm: float
    nose_width: float
    nose_height_cm: float
    nose_bridge_cm: float
    mouth_width: float
    mouth_height_cm: float
    lip_thickness: float
    cheekbone_cm: float
    socket_depth_cm: float
    skin: np.ndarray
    lip_redness: float
    hair: np.ndarray
    iris: np.ndarray
    hairline_y: float
    hair_thickness_cm: float
    hair_length_cm: float
    beard: float
    wears_glasses: float
    cloth: np.ndarray
    texture_seed: int
    # thermal traits, kelvin relative to the mean of the skin
    nose_coolness_k: float
    cheek_coolness_k: float
    canthus_warmth_k: float
    forehead_warmth_k: float
    # of the whole skin, against a person at rest indoors
    skin_offset_k: float = 0.


@dataclass
class View:
    """What changes from picture to picture of one person."""
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


def _clipped_normal(rng, mean, std, width=2.2):
    return float(mean + std * np.clip(rng.standard_normal(), -width, width))


def sample_subject(rng):
    """Draws a person.

    Args:
        rng (np.random.Generator): Source of randomness.

    Returns:
        Subject: The identity.
    """
    melanin = rng.uniform(0, 1)**1.4
    light = np.array([0.50, 0.62, 0.86])
    dark = np.array([0.075, 0.12, 0.23])
    skin = light**(1 - melanin) * dark**melanin
    skin = skin * rng.uniform(0.92, 1.08, 3)
    hair_tones = np.array([[.02, .02, .025], [.03, .05, .09], [.06, .13, .25],
                           [.22, .38, .55], [.06, .14, .36], [.5, .5, .52]])
    hair = hair_tones[rng.choice(6, p=[.35, .25, .15, .1, .05, .1])]
    iris_tones = np.array([[.04, .07, .13], [.06, .12, .22], [.4, .3, .2],
                           [.2, .3, .2]])
    bald = rng.random() < 0.12
    long_hair = rng.random() < 0.4
    return Subject(
        head_width=_clipped_normal(rng, 1, .045),
        head_height=_clipped_normal(rng, 1, .04),
        head_depth=_clipped_normal(rng, 1, .04),
        jaw_width=_clipped_normal(rng, 1, .06),
        chin_length_cm=_clipped_normal(rng, 0, .5),
        eye_spacing=_clipped_normal(rng, 1, .05),
        eye_size=_clipped_normal(rng, 1, .08),
        eye_slant_cm=_clipped_normal(rng, 0, .12),
        brow_height_cm=_clipped_normal(rng, 0, .25),
        brow_thickness_cm=float(rng.uniform(.28, .62)),
        nose_length_cm=_clipped_normal(rng, 0, .35),
        nose_width=_clipped_normal(rng, 1, .12),
        nose_height_cm=_clipped_normal(rng, 2.3, .35),
        nose_bridge_cm=_clipped_normal(rng, .9, .25),
        mouth_width=_clipped_normal(rng, 1, .08),
        mouth_height_cm=_clipped_normal(rng, 0, .25),
        lip_thickness=_clipped_normal(rng, 1, .2),
        cheekbone_cm=_clipped_normal(rng, .35, .2),
        socket_depth_cm=_clipped_normal(rng, .7, .2),
        skin=skin,
        lip_redness=float(rng.uniform(.55, .95)),
        hair=hair * rng.uniform(.8, 1.2),
        iris=iris_tones[rng.integers(4)],
        hairline_y=float(rng.uniform(-9.3, -6.2)),
        hair_thickness_cm=0.05 if bald else float(rng.uniform(.4, 1.8)),
        hair_length_cm=float(rng.uniform(9, 14)) if long_hair and not bald
        else 0.,
        beard=float(rng.uniform(.3, 1)) if rng.random() < .22 else 0.,
        wears_glasses=float(rng.choice([0, .9, .3], p=[.7, .2, .1])),
        cloth=rng.uniform(.03, .7, 3),
        texture_seed=int(rng.integers(2**31)),
        nose_coolness_k=float(rng.uniform(.2, 3.5)),
        cheek_coolness_k=float(rng.uniform(.1, 1.2)),
        canthus_warmth_k=float(rng.uniform(.5, 1.5)),
        forehead_warmth_k=float(rng.uniform(.0, .9)))


def sample_view(rng, subject, max_yaw_deg=60):
    """Draws pose, camera and expression for one picture.

    Args:
        rng (np.random.Generator): Source of randomness.
        subject (Subject): Who is seen (decides on glasses).
        max_yaw_deg (float): Largest rotation to either side, degrees.

    Returns:
        View: The view; angles in radians.
    """
    # Mostly near-frontal, with a uniform tail up to the largest yaw.
    if rng.random() < .65:
        yaw = rng.normal(0, max_yaw_deg / 4)
    else:
        yaw = rng.uniform(-max_yaw_deg, max_yaw_deg)
    yaw = np.clip(yaw, -max_yaw_deg, max_yaw_deg)
    speaking = rng.random() < .35
    return View(
        yaw=float(np.radians(yaw)),
        pitch=float(np.radians(np.clip(rng.normal(0, 9), -25, 25))),
        roll=float(np.radians(np.clip(rng.normal(0, 7), -25, 25))),
        distance_cm=float(rng.uniform(50, 160)),
        face_fraction=float(rng.uniform(.5, .72)),
        shift=rng.uniform(-.06, .06, 2),
        mouth_open=float(rng.beta(1.2, 2.5)) if speaking else 0.,
        smile=float(np.clip(rng.normal(.1, .4), -.5, 1)),
        brow_raise=float(np.clip(rng.normal(0, .4), -.8, 1)),
        eye_closure=1. if rng.random() < .05 else float(
            rng.uniform(-.15, .35)),
        gaze=rng.uniform(-.35, .35, 2) * [1, .4],
        glasses=bool(rng.random() < subject.wears_glasses))


def sample_motion(rng, subject, frames, max_yaw_deg=60):
    """Draws the views of a sequence: a head that moves and speaks.

    Args:
        rng (np.random.Generator): Source of randomness.
        subject (Subject): Who is seen.
        frames (int): Length of the sequence.
        max_yaw_deg (float): Largest rotation to either side, degrees.

    Returns:
        list[View]: One a frame. The camera does not move.
    """
    # A new target about every eighth frame, reached smoothly.
    keys = [
        sample_view(rng, subject, max_yaw_deg)
        for _ in range(2 + frames // 8)
    ]
    views = []
    for position in np.linspace(0, len(keys) - 1, frames, endpoint=False):
        before, after = keys[int(position)], keys[int(position) + 1]
        t = _smooth(position % 1, 0, 1)
        moved = {
            name: (1 - t) * getattr(before, name) + t * getattr(after, name)
            for name in ('yaw', 'pitch', 'roll', 'shift', 'mouth_open',
                         'smile', 'brow_raise', 'eye_closure', 'gaze')
        }
        views.append(replace(keys[0], **moved))
    return views


def _smooth(x, low, high):
    """Smoothstep from 0 at ``low`` to 1 at ``high``."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _bump(x, width):
    return np.exp(-(x / width)**2)


# Half axes of the head's horizontal cross-sections below the temples.
_PROFILE_Y = np.array([-4, -2.5, 0, 2.5, 5, 7, 9, 11, 14.])
_HALF_WIDTH = np.array([7.55, 7.6, 7.25, 6.95, 6.6, 6.35, 6.05, 5.55, 5.0])
_FRONT_DEPTH = np.array([8.75, 8.75, 8.5, 8.4, 8.5, 8.6, 8.5, 8.3, 7.8])
_BACK_DEPTH = np.array([10.3, 10.2, 9.6, 8.6, 7.4, 6.4, 5.6, 5.2, 5.])


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


class Head:
    """One person in one expression: geometry, landmarks and mesh.

    Args:
        subject (Subject): The identity.
        view (View): Supplies the expression.
    """

    def __init__(self, subject, view):
        self.subject, self.view = subject, view
        self.chin_y = (11.3 + subject.chin_length_cm) * subject.head_height \
            + 1.5 * view.mouth_open
        self.plane = self._place_features()

    # ---------------------------------------------------------------- chart
    def jaw_line_y(self, theta):
        """Height of the jaw line, the lower border of the face."""
        drop = 5.2 * (1 - np.cos(theta))
        return np.maximum(self.chin_y - drop, 3.)

    def _half_axes(self, y):
        grid, table = _profile_table()
        half_width, front, back = (np.interp(y, grid, row) for row in table)
        jaw = _smooth(y, 0, 9)
        half_width = half_width * self.subject.head_width * (
            1 + jaw * (self.subject.jaw_width - 1))
        depth = self.subject.head_depth
        return half_width, front * (1 + (depth - 1) * .5), back * depth

    def to_chart(self, plane):
        """Frontal-plane points (x, y) to chart points (theta, y)."""
        half_width, _, _ = self._half_axes(plane[..., 1])
        sine = np.clip(plane[..., 0] / half_width, -_MAX_SINE, _MAX_SINE)
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
        forward, sideways = self._relief(theta, x, y)
        return np.stack([x + sideways, y + np.zeros_like(x), z + forward], -1)

    def _relief(self, theta, x, y):
        """Displacement of nose, eyes, lips, ... in cm: (forward, sideways)."""
        subject, plane = self.subject, self.plane
        front = _smooth(np.cos(theta), .05, .4)
        side = np.abs(x)

        bridge_y, tip_y, base_y = plane[27, 1], plane[30, 1], plane[33, 1]
        along = (y - bridge_y) / (tip_y - bridge_y)
        height = (subject.nose_bridge_cm + (subject.nose_height_cm -
                  subject.nose_bridge_cm) * np.clip(along, 0, 1)**1.5)
        height = height * _smooth(along, -.45, .15) * (
            1 - _smooth(y, tip_y - .1, base_y + .35))
        width = subject.nose_width * (.62 + .5 * np.clip(along, 0, 1.3)**2)
        relief = height * _bump(side, width)
        ala_x, ala_y = plane[35]
        relief += 1.0 * _bump(side - ala_x * .86, .55) * _bump(
            y - ala_y + .25, .65)

        eye = plane[42:48].mean(0)
        relief -= subject.socket_depth_cm * _bump(side - eye[0] * .95, 1.7) \
            * _bump(y - eye[1] + .15, 1.0)
        relief += .4 * _bump(side - eye[0], 1.1) * _bump(y - eye[1], .75)
        brow = plane[22:27].mean(0)
        relief += .35 * _bump(side - brow[0], 2.2) * _bump(y - brow[1], .7)
        relief += subject.cheekbone_cm * _bump(side - 4.6, 1.7) * _bump(
            y - 2.9, 1.6)
        # A smile lifts the cheeks and deepens the naso-labial fold.
        smile = max(self.view.smile, 0)
        relief += .35 * smile * _bump(side - 3.6, 1.2) * _bump(y - 4.6, 1.3)

        mouth_y = .5 * (plane[51, 1] + plane[57, 1])
        lips = np.maximum(plane[57, 1] - plane[51, 1], 1.) * .62
        relief += .5 * _bump(x, 2.4) * _bump(y - mouth_y, lips)
        line_y = .5 * (plane[62, 1] + plane[66, 1])
        relief -= .22 * _bump(x, 2.3) * _bump(y - line_y, .22)
        relief -= .35 * _bump(x, 2.2) * _bump(y - plane[57, 1] - .75, .5)
        relief += .55 * _bump(x, 1.7) * _bump(y - self.chin_y + 1.0, .9)

        ear = _bump(np.abs(theta) - np.radians(97), np.radians(9)) * np.exp(
            -((y - .9) / 2.3)**4)
        return relief * front, 1.5 * ear * np.sign(x)

    # ------------------------------------------------------------ landmarks
    def _place_features(self):
        """Points 17-67 on the frontal plane for this face and expression."""
        subject, view = self.subject, self.view
        points = _mean_face().copy()
        mirror = np.where(points[:, 0] < 0, -1., 1.)
        eyes, brows = slice(36, 48), slice(17, 27)
        nose, mouth = slice(27, 36), slice(48, 68)

        points[eyes, 0] *= subject.eye_spacing
        for eye in (slice(36, 42), slice(42, 48)):
            centre = points[eye].mean(0)
            points[eye] = centre + (points[eye] - centre) * subject.eye_size
            tilt = (points[eye, 0] - centre[0]) * mirror[eye]
            points[eye, 1] -= subject.eye_slant_cm * tilt / 1.4
        lids = np.array([37, 38, 43, 44])
        lower = np.array([41, 40, 47, 46])
        shut = .93 * view.eye_closure
        points[lids, 1] += (points[lower, 1] - points[lids, 1]) * shut

        points[brows, 0] *= subject.eye_spacing
        points[brows, 1] -= subject.brow_height_cm + .55 * view.brow_raise

        stretch = 1 + subject.nose_length_cm / 5.3
        points[nose, 1] *= stretch
        points[31:36, 0] *= subject.nose_width * (1 + .08 * view.smile)

        centre_y = 7.5
        offset = points[mouth] - [0, centre_y]
        offset[:, 0] *= subject.mouth_width * (1 + .18 * view.smile -
                                               .12 * view.mouth_open)
        offset[:, 1] *= subject.lip_thickness
        # The corners of the mouth rise in a smile, fall in a frown.
        corner = np.clip(np.abs(offset[:, 0]) / 2.6, 0, 1.3)**2
        offset[:, 1] -= .55 * view.smile * corner
        below = np.array([55, 56, 57, 58, 59, 65, 66, 67]) - 48
        middle = 1 - np.clip(np.abs(offset[below, 0]) / 3.1, 0, 1)**2
        offset[below, 1] += 1.9 * view.mouth_open * middle
        points[mouth] = offset + [
            0, centre_y + subject.mouth_height_cm +
            .55 * subject.nose_length_cm + .15 * view.mouth_open
        ]
        points[17:] *= [subject.head_width, subject.head_height]
        return points

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

    def landmarks(self):
        """The 68 iBUG landmarks in head space, shape (68, 3), cm."""
        return self.surface(*self.landmarks_chart().T)

    # ----------------------------------------------------------------- mesh
    def hairline(self, theta):
        """Chart height above which hair grows."""
        turn = np.abs(theta)
        temple = _smooth(turn, np.radians(35), np.radians(72))
        behind = _smooth(turn, np.radians(86), np.radians(112))
        return (self.subject.hairline_y + 4.2 * temple + 8.5 * behind +
                .35 * np.sin(5 * turn + self.subject.texture_seed % 7))

    def mesh(self):
        """Vertices over the chart grid: face, under-jaw, neck, shoulders.

        Returns:
            tuple: vertices (R, C, 3) in cm; chart (R, C, 3) holding theta, y
            and the body part (up to 1 head, 2 neck, 3 shoulders); hair (R, C)
            in [0, 1], where hair covers the surface; follow (R, 1), how far
            each row follows the head's rotation.
        """
        theta, rows, below, follow = _grid()
        theta_grid = np.broadcast_to(theta, (len(rows), len(theta)))
        jaw_y = self.jaw_line_y(theta)
        # The crown must close whatever the head's height.
        y = CROWN_Y + (jaw_y - CROWN_Y) * rows[:, None]
        head = self.surface(theta_grid, y)

        sine, cosine = np.sin(theta), np.cos(theta)
        width = self.subject.head_width
        chin = max(self.chin_y, 10.5)
        neck_top = np.stack([
            5.2 * width * sine, np.full_like(sine, chin + .6),
            5.0 * cosine - 2.2
        ], 1)
        neck_base = neck_top * [1.12, 1, 1.1] + [0, 5.2, -.6]
        shoulder = np.stack(
            [22 * sine, neck_base[:, 1] + 6 + 2.5 * np.abs(sine),
             9 * cosine - 3], 1)
        hem = shoulder * [1.05, 1, 1.1] + [0, 22, 0]
        stations = np.stack([head[-1], neck_top, neck_base, shoulder, hem])
        index = below[:, None, None]
        low = np.clip(np.floor(below).astype(int), 0, len(stations) - 2)
        mix = index - low[:, None, None]
        mix = mix * mix * (3 - 2 * mix)
        body = stations[low] * (1 - mix) + stations[low + 1] * mix

        vertices = np.concatenate([head, body])
        chart_y = np.concatenate([y, jaw_y[None] + 3 * below[:, None]])
        part = np.concatenate(
            [np.broadcast_to(rows[:, None], y.shape) * .999,
             np.broadcast_to(1 + below[:, None], body.shape[:2])])
        turn = np.broadcast_to(theta, chart_y.shape)

        hair = self._hair(turn, chart_y, part)
        vertices = vertices + self._hair_offset(turn, chart_y, part, hair)
        return vertices, np.stack([turn, chart_y, part], -1), hair, follow

    def _hair(self, theta, y, part):
        scalp = _smooth(self.hairline(theta) - y, -.25, .45) * (part < 1)
        length = self.subject.hair_length_cm
        if length == 0:
            return scalp
        # Behind the ears on the head, down both sides of the neck below it.
        border = np.radians(np.where(part < 1, 98, 66))
        curtain = _smooth(np.abs(theta), border - .08, border + .08)
        reach = 1 - _smooth(y, 2 + length - 1, 2 + length + 1)
        hem = 1 - _smooth(part, 2.5, 3)
        return np.maximum(scalp, curtain * reach * hem)

    def _hair_offset(self, theta, y, part, hair):
        thickness = self.subject.hair_thickness_cm * hair
        if self.subject.hair_length_cm > 0:
            thickness = thickness + hair * (
                1.2 * _smooth(y, -2, 5) + 2.6 * _smooth(part, .9, 1.6))
        waves = 1 + .08 * np.sin(7 * theta + y) * np.sin(1.3 * y)
        crown = np.clip((y - CROWN_Y) / 10, 0, 1)
        outward = np.stack([
            np.sin(theta) * crown, crown - 1,
            np.cos(theta) * crown * np.where(np.cos(theta) > 0, .8, 1)
        ], -1)
        return outward * (thickness * waves)[..., None]


@lru_cache(maxsize=None)
def _grid():
    """Columns (theta) and rows of the mesh, and how each row is posed."""
    front = np.radians(np.arange(-66, 66.1, 2.1))
    flank = np.radians(np.arange(69, 118, 3.2))
    back = np.radians(np.linspace(123, 180, 7))
    theta = np.concatenate(
        [-back[::-1], -flank[::-1], front, flank, back])
    # Rows crowd towards the crown, where the dome closes steeply.
    crown = (1 - np.cos(np.linspace(0, np.pi / 2, 15)))[:-1] * .4
    face = np.linspace(.4, 1, 50)
    rows = np.concatenate([crown, face])
    below = np.concatenate([np.linspace(0, 1, 7)[1:],
                            np.linspace(1, 4, 13)[1:]])
    follow = np.concatenate(
        [np.ones(len(rows)), 1 - .8 * _smooth(below, 0, 2.2)])[:, None]
    return theta, rows, below, follow


@lru_cache(maxsize=None)
def grid_triangles():
    """Triangles of the mesh grid, clockwise from outside, (T, 3)."""
    theta, rows, below, _ = _grid()
    columns, lines = len(theta), len(rows) + len(below)
    index = np.arange(columns * lines).reshape(lines, columns)
    a, b = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
    c, d = index[1:, 1:].ravel(), index[1:, :-1].ravel()
    return np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])


def rotation(view):
    """Head rotation matrix of a view: pitch, then yaw, then roll."""
    cx, sx = np.cos(view.pitch), np.sin(view.pitch)
    cy, sy = np.cos(view.yaw), np.sin(view.yaw)
    cz, sz = np.cos(view.roll), np.sin(view.roll)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


@dataclass
class Camera:
    """A pinhole camera on the z axis, looking at the head's centre."""
    focal_px: float
    distance_cm: float
    centre_px: np.ndarray

    @classmethod
    def framing(cls, view, size):
        """The camera that shows the face as large as the view says."""
        head_height_cm = 24.
        focal_px = view.face_fraction * size * view.distance_cm / \
            head_height_cm
        return cls(focal_px, view.distance_cm,
                   (np.array([.5, .5]) + view.shift) * size - .5)

    def project(self, points):
        """Head-space points (N, 3) to pixels (N, 2) and depth in cm (N, )."""
        depth = self.distance_cm - points[:, 2]
        pixels = points[:, :2] * (self.focal_px / depth)[:, None]
        return pixels + self.centre_px, depth
