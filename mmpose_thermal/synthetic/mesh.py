"""The triangle mesh of a head, with neck, shoulders and what covers them."""
from functools import lru_cache

import numpy as np

from .curves import smoothstep
from .head import CROWN_Y

_NECK_CM, _NECK_DEPTH_CM = 5.1, 5.1


def build_mesh(head, layers):
    """Vertices over the chart grid: face, under-jaw, neck, shoulders.

    Args:
        head (Head): The bare head.
        layers (list[Layer]): What it wears.

    Returns:
        tuple: vertices (R, C, 3) in cm; chart (R, C, 3) holding theta, y and
        the body part (up to 1 head, 2 neck, 3 shoulders); follow (R, 1), how
        far each row follows the head's rotation.
    """
    theta, rows, below, follow = _grid()
    # The crown must close whatever the head's height.
    jaw_y = head.jaw_line_y(theta)
    y = CROWN_Y + (jaw_y - CROWN_Y) * rows[:, None]
    skin = head.surface(np.broadcast_to(theta, y.shape), y)
    body = _body(skin[-1], theta, below, head)

    vertices = np.concatenate([skin, body])
    chart_y = np.concatenate([y, jaw_y[None] + 3 * below[:, None]])
    part = np.concatenate(
        [np.broadcast_to(rows[:, None], y.shape) * .999,
         np.broadcast_to(1 + below[:, None], body.shape[:2])])
    turn = np.broadcast_to(theta, chart_y.shape)
    for layer in layers:
        inside = layer.distance(turn, chart_y, part)
        if layer.kind == 'mask':
            vertices = _bridge(vertices, turn, chart_y, inside, head)
        vertices = vertices + _offset(layer, inside, turn, chart_y, part,
                                      head.subject)
    return vertices, np.stack([turn, chart_y, part], -1), follow


def _body(jaw, theta, below, head):
    """Rows from the jaw line over neck and shoulders to the hem."""
    sine, cosine = np.sin(theta), np.cos(theta)
    width = head.subject.head_width * head.subject.neck_width
    chin = max(head.chin_y, 10.5)
    neck_top = np.stack([
        _NECK_CM * width * sine, np.full_like(sine, chin + .6),
        _NECK_DEPTH_CM * width * cosine - 2.2
    ], 1)
    neck_base = neck_top * [1.12, 1, 1.1] + [0, 4.6, -.6]
    shoulder = np.stack(
        [22 * sine, neck_base[:, 1] + 6 + 2.5 * np.abs(sine),
         9 * cosine - 3], 1)
    hem = shoulder * [1.05, 1, 1.1] + [0, 22, 0]
    stations = np.stack([jaw, neck_top, neck_base, shoulder, hem])
    low = np.clip(np.floor(below).astype(int), 0, len(stations) - 2)
    mix = below[:, None, None] - low[:, None, None]
    mix = mix * mix * (3 - 2 * mix)
    return stations[low] * (1 - mix) + stations[low + 1] * mix


def _bridge(vertices, theta, y, inside, head):
    """Stretches a mask from the nose over the hollows beside the mouth."""
    tip_y, chin_y = head.plane[30, 1], head.chin_y
    along = np.clip((y - tip_y) / (chin_y - tip_y), 0, 1)
    x = vertices[..., 0]
    tent = (11.1 - 1.2 * along) * np.sqrt(
        np.clip(1 - (x / 8.2)**2, 0, 1)) - .05 * x**2
    cover = smoothstep(inside, 0, 1.2)
    moved = vertices.copy()
    moved[..., 2] += cover * np.maximum(tent - vertices[..., 2], 0)
    return moved


def _offset(layer, inside, theta, y, part, subject):
    """Displacement of every vertex by one layer, (R, C, 3), cm."""
    cover = smoothstep(inside, -.15, 2. if layer.kind == 'hair' else 1.2)
    thickness = layer.thickness_cm * cover
    if layer.kind == 'hair' and subject.hair_length_cm > 0:
        # Long hair hangs from the widest part of the head.
        thickness = thickness + cover * (
            .8 * smoothstep(y, -2, 5) + 1.4 * smoothstep(part, .9, 1.6))
    phase = subject.texture_seed % 11
    waves = .1 if subject.hair_length_cm == 0 else .03
    thickness = thickness * (1 + waves * np.sin(7 * theta + y + phase) *
                             np.sin(1.3 * y + phase))
    crown = np.clip((y - CROWN_Y) / 10, 0, 1)
    outward = np.stack([
        np.sin(theta) * crown, np.minimum(crown - 1, 0),
        np.cos(theta) * crown * np.where(np.cos(theta) > 0, .8, 1)
    ], -1)
    return outward * thickness[..., None]


@lru_cache(maxsize=None)
def _grid():
    """Columns (theta) and rows of the mesh, and how each row is posed."""
    middle = np.arange(-31.5, 31.6, 1.4)
    cheek = np.arange(33.2, 88, 2.)
    ear = np.arange(89, 116, 2.2)
    back = np.linspace(120, 180, 7)
    side = np.concatenate([cheek, ear, back])
    theta = np.radians(np.concatenate([-side[::-1], middle, side]))
    # Rows crowd towards the crown, where the dome closes steeply.
    crown = (1 - np.cos(np.linspace(0, np.pi / 2, 15)))[:-1] * .4
    rows = np.concatenate([crown, np.linspace(.4, 1, 50)])
    below = np.concatenate([np.linspace(0, 1, 7)[1:],
                            np.linspace(1, 4, 13)[1:]])
    follow = np.concatenate(
        [np.ones(len(rows)), 1 - .8 * smoothstep(below, 0, 2.2)])[:, None]
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


def grid_normals(vertices):
    """Unit normals of a grid of vertices, (R, C, 3)."""
    across = np.gradient(vertices, axis=1)
    down = np.gradient(vertices, axis=0)
    normals = np.cross(down, across)
    return normals / np.maximum(
        np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)


def openness(vertices, normals):
    """Roughly how much of its surroundings each vertex sees, 0 to 1.

    Hollows, where the surface lies below its neighbourhood, see less.
    """
    depth = (vertices * normals).sum(-1)
    hollow = np.zeros(depth.shape)
    for reach in (2, 5):
        for axis in (0, 1):
            around = .5 * (np.roll(vertices, reach, axis) +
                           np.roll(vertices, -reach, axis))
            hollow += (around * normals).sum(-1) - depth
    hollow[:6] = hollow[-6:] = 0
    return np.exp(-np.clip(hollow, 0, 1.2))
