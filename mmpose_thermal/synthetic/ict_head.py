"""A head whose shape comes from ICT-FaceKit, on the chart of our own head.

The deformed mesh is resampled: for every azimuth and height of the chart, how
far from the vertical axis the skin lies. Painting, layers and landmarks then
work as on the parametric head.
"""
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np

from .canvas import look_up
from .curves import open_spline
from .head import CROWN_Y, ChartHead, Head
from .ict_fit import fit_to_mean_face
from .ict_shapes import EXPRESSIONS, MODES, load_ict_shapes
from .rasterizer import rasterize

# Half axes of the ellipse to which radii are relative, as of our own head.
_HALF_WIDTH, _HALF_DEPTH = 7.6, 8.5
# Grid of the radii. The back of the head is round: what lies beyond the last
# azimuth, where triangles would wrap around, is like what lies before it.
_THETA_LIMIT, _COLUMNS = np.radians(165), 276
_Y_LIMITS, _ROWS = (-13., 15.5), 286
_LARGEST_TURN = .3
# Below the crown by so much, a dome replaces radii too close to the axis.
_DOME_CM = 2.
# Above this height the chart is stretched until its crown is at CROWN_Y.
_STRETCHED_Y = -6.
# The jaw line behind the landmarks that lie on it: azimuths, and how far it
# has sunk from below the ear to the first of them.
_RAMUS_DEG, _RAMUS_SUNK = [180, 130, 95, 80, 70], [0, 0, 0, .12, .5]
_NAPE_Y, _JAW_EDGE_CM = 6.3, .1
_FAR = 10.
# Of the parametric head, at the eyes and at the wings of the nose.
_OWN_HALF_WIDTH_CM, _OWN_ALA_CM = 6.76, 1.45
_IDENTITY_SPREAD, _IDENTITY_LIMIT = .95, 2.3


class IctHead(ChartHead):
    """One person in one expression, of ICT-FaceKit's shape.

    Args:
        subject (Subject): The identity; its ``texture_seed`` decides on the
            shape.
        view (View): Supplies the expression.
        shapes (IctShapes): The shape model.
        brow_offsets (np.ndarray): Of :func:`.fit_to_mean_face`, (10, 2), cm.
    """
    ear_drop_cm = 1.5

    def __init__(self, subject, view, shapes, brow_offsets):
        self.view = view
        vertices = _deformed(shapes, subject, view)
        self.crown_y = float(vertices[:, 1].min())
        self.radii = _radii(vertices, shapes.triangles)
        points = vertices[shapes.landmarks].astype(float)
        self.plane = points[:, :2]
        self.plane[17:27] += brow_offsets - [0, subject.brow_height_cm]
        self._landmarks = np.stack(
            [_azimuth(points), self._to_chart_y(points[:, 1])], 1)
        self._landmarks[17:27] = self.to_chart(self.plane[17:27])
        self.chin_y = self.plane[8, 1]
        half_width = self.surface(np.radians([90.]), np.zeros(1))[0, 0]
        ala = .5 * (self.plane[35, 0] - self.plane[31, 0])
        # What is worn and painted keeps to the proportions of the shape.
        self.subject = replace(
            subject,
            head_width=half_width / _OWN_HALF_WIDTH_CM,
            nose_width=ala / _OWN_ALA_CM)

    # ---------------------------------------------------------------- chart
    def _to_chart_y(self, y_cm):
        stretch = (CROWN_Y - _STRETCHED_Y) / (self.crown_y - _STRETCHED_Y)
        above = np.minimum(y_cm - _STRETCHED_Y, 0)
        return y_cm + above * (stretch - 1)

    def _to_cm(self, y):
        shrink = (self.crown_y - _STRETCHED_Y) / (CROWN_Y - _STRETCHED_Y)
        return y + np.minimum(y - _STRETCHED_Y, 0) * (shrink - 1)

    def _radius(self, theta, y_cm):
        """How far the skin lies from the axis, relative to the ellipse."""
        dome_y = self.crown_y + _DOME_CM
        places = np.stack(np.broadcast_arrays(
            _column(theta), _row(np.maximum(y_cm, dome_y))), -1)
        radius = look_up(self.radii, places.reshape(-1, 2)).reshape(
            places.shape[:-1])
        near_crown = np.clip((y_cm - self.crown_y) / _DOME_CM, 0, 1)
        return radius * np.sqrt(near_crown)

    def surface(self, theta, y):
        """See :meth:`.Head.surface`."""
        y_cm = self._to_cm(y)
        radius = self._radius(theta, y_cm)
        return np.stack([
            _HALF_WIDTH * radius * np.sin(theta), y_cm + np.zeros_like(radius),
            _HALF_DEPTH * radius * np.cos(theta)], -1)

    def to_chart(self, plane):
        """See :meth:`.Head.to_chart`."""
        x, y_cm = plane[..., 0], plane[..., 1]
        theta = np.zeros_like(x)
        for _ in range(4):  # the radius changes little with the azimuth
            reach = _HALF_WIDTH * self._radius(theta, y_cm)
            theta = np.arcsin(np.clip(x / np.maximum(reach, .1), -.999, .999))
        return np.stack([theta, self._to_chart_y(y_cm)], -1)

    def jaw_line_y(self, theta):
        """See :meth:`.Head.jaw_line_y`."""
        jaw = self._landmarks[4:13] + [0, _JAW_EDGE_CM]
        left, right = (np.stack(
            [side * np.radians(_RAMUS_DEG),
             np.interp(_RAMUS_SUNK, [0, 1], [_NAPE_Y, end_y])], 1)
                       for side, end_y in ((-1, jaw[0, 1]), (1, jaw[-1, 1])))
        line = open_spline(np.concatenate([left, jaw, right[::-1]]))
        return np.interp(theta, line[:, 0], line[:, 1])

    def landmarks_chart(self):
        """See :meth:`.Head.landmarks_chart`."""
        return self._landmarks.copy()


def _azimuth(points):
    return np.arctan2(points[..., 0] / _HALF_WIDTH,
                      points[..., 2] / _HALF_DEPTH)


def _column(theta):
    inside = np.clip(theta, -_THETA_LIMIT, _THETA_LIMIT)
    return (inside / _THETA_LIMIT + 1) * .5 * (_COLUMNS - 1)


def _row(y_cm):
    low, high = _Y_LIMITS
    return (y_cm - low) / (high - low) * (_ROWS - 1)


def _radii(vertices, triangles):
    """The outermost radius at each place of the grid, (_ROWS, _COLUMNS)."""
    theta = _azimuth(vertices)
    narrow = np.ptp(theta[triangles], axis=1) < _LARGEST_TURN
    radius = np.hypot(vertices[:, 0] / _HALF_WIDTH,
                      vertices[:, 2] / _HALF_DEPTH)
    pixels = np.stack([(theta / _THETA_LIMIT + 1) * .5 * (_COLUMNS - 1),
                       _row(vertices[:, 1])], 1)
    depth = rasterize(pixels, _FAR - radius, triangles[narrow], _ROWS,
                      _COLUMNS).depth
    # Between parted lips, and wherever the mesh is open, a curtain hangs
    # from the upper border to the lower one.
    column_wise = (_FAR - depth).T.ravel()
    known = np.isfinite(column_wise)
    places = np.arange(len(column_wise))
    filled = np.interp(places, places[known], column_wise[known])
    return np.ascontiguousarray(
        filled.reshape(_COLUMNS, _ROWS).T, np.float32)


# ---------------------------------------------------------------- deformation
def _deformed(shapes, subject, view):
    """Vertices of one person in one expression, (V, 3), cm."""
    rng = np.random.default_rng([subject.texture_seed, MODES])
    modes = np.clip(rng.normal(0, _IDENTITY_SPREAD, MODES), -_IDENTITY_LIMIT,
                    _IDENTITY_LIMIT)
    # No face is quite even: each side of it moves by its own measure.
    uneven = 1 + np.clip(rng.normal(0, .1, 2), -.25, .25)
    weights = _weights(view)
    amounts = np.array([
        weights.get(name, 0) if name in weights else
        weights.get(name[:-2], 0) * uneven['LR'.index(name[-1])]
        for name in EXPRESSIONS])
    used = np.flatnonzero(amounts)
    offsets = np.tensordot(modes.astype(np.float32), shapes.identity, 1)
    offsets += np.tensordot(amounts[used].astype(np.float32),
                            shapes.expression[used], 1)
    return shapes.mean + offsets


def _weights(view):
    """Weight of each expression that a view asks for, both sides alike."""
    smile, frown = max(view.smile, 0), max(-view.smile, 0)
    raised, drawn = max(view.brow_raise, 0), max(-view.brow_raise, 0)
    closed, wide = max(view.eye_closure, 0), max(-view.eye_closure, 0)
    grin = smile * view.teeth
    return dict(
        jawOpen=.74 * view.mouth_open,
        mouthPucker=view.pucker,
        mouthLeft=max(view.mouth_skew, 0),
        mouthRight=max(-view.mouth_skew, 0),
        mouthSmile=.9 * smile,
        mouthFrown=frown,
        mouthUpperUp=.3 * grin,
        mouthLowerDown=.6 * grin,
        browDown=drawn,
        browInnerUp=.6 * raised,
        browOuterUp=.6 * raised,
        eyeBlink=closed,
        eyeSquint=.5 * smile * (1 - closed),
        eyeWide=2.5 * wide)


def head_maker(head, ict_dir=None):
    """What builds the heads of a data set.

    Args:
        head (str): 'parametric' or 'ict'.
        ict_dir (str, optional): See :func:`.load_ict_shapes`.

    Returns:
        Callable: From a subject and a view to their head.

    Raises:
        ValueError: The folder of the shapes is not named, or not needed.
        FileNotFoundError: It does not hold them.
    """
    if head == 'parametric':
        if ict_dir is not None:
            raise ValueError('--ict-dir is for --head ict only: leave it out, '
                             'or add --head ict.')
        return Head
    if ict_dir is None:
        raise ValueError(
            '--head ict takes its shapes from --ict-dir: run "git clone '
            'https://github.com/ICT-VGL/ICT-FaceKit" and name the folder '
            'that it makes.')
    shapes, brow_offsets = _fitted(ict_dir)
    return partial(IctHead, shapes=shapes, brow_offsets=brow_offsets)


@lru_cache(maxsize=1)
def _fitted(ict_dir):
    return fit_to_mean_face(load_ict_shapes(ict_dir))
