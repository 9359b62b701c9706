"""Scenes for face detectors: people near and far with bodies, or nobody.

Heads are rendered once and used in many scenes, mirrored and at other sizes:
a scene costs a tenth of a head.
"""
from dataclasses import dataclass, replace
from typing import List

import cv2
import numpy as np

from .backgrounds import thermal_background
from .bodies import Anchor, draw_clothes, draw_neck
from .cameras import automatic_gain, choose_gain, choose_sensor, expose, sense
from .people import sample_subject
from .render import RenderedPair, render_pair
from .views import sample_view

CANVAS_PX = 256
_HEAD_PX = 160
_MAX_YAW_DEG = 80
_PEOPLE_ODDS = (.08, .5, .17, .1, .08, .07)  # nobody, one person, two, ...
_ROWS, _ROWS_ODDS = (192, 205, 256), (.6, .25, .15)
_FACE_PX = (9., 180.)  # from brows to chin
_CUT_OUT_ODDS, _CUT_OUT_PX = .12, 32  # segmented faces are large
_PLATEAU_ODDS = .3  # in rooms; sensors' own gains are for portraits
_MIN_VISIBLE_SHARE = .4
# A face's box reaches this far beyond its points: hand-drawn boxes hold the
# forehead, which has none.
_JAW_POINTS, _CHEEK_SHARE = 17, .5
_SIDE_MARGIN, _TOP_MARGIN, _BOTTOM_MARGIN = .04, .22, .04


@dataclass
class Crowd:
    """One scene.

    Attributes:
        grey (np.ndarray): What the camera shows, (H, W), uint8.
        boxes (np.ndarray): Left, top, right and bottom of each face, (N, 4).
    """
    grey: np.ndarray
    boxes: np.ndarray


def render_head(seed: int, index: int, difficulty: float = .6) -> RenderedPair:
    """Renders the head of one more person, to be placed in scenes."""
    rng = np.random.default_rng([seed, index])
    subject = sample_subject(rng)
    view = sample_view(rng, subject, _MAX_YAW_DEG, difficulty)
    pair = render_pair(subject, view, rng, _HEAD_PX, difficulty=0.)
    return replace(pair, rgb=None)


def render_crowd(heads: List[RenderedPair],
                 rng: np.random.Generator,
                 difficulty: float = .6) -> Crowd:
    """Places some of the heads in a scene, with bodies, and photographs it.

    Args:
        heads (list[RenderedPair]): Of :func:`render_head`, at least one.
        rng (np.random.Generator): Who, where, how, and with which camera.
        difficulty (float): Of the sensor's blur and noise, 0 to 1.

    Returns:
        Crowd: The scene.
    """
    count = rng.choice(len(_PEOPLE_ODDS), p=_PEOPLE_ODDS)
    rows = int(rng.choice(_ROWS, p=_ROWS_ODDS))
    people = [heads[one] for one in rng.integers(len(heads), size=count)]
    ambient_k = (_ambient_k(people[0]) + rng.normal(0, 1.5)
                 if count else 273.15 + rng.uniform(15, 28))
    scene = thermal_background(rng, CANVAS_PX, ambient_k)
    for _ in range(rng.integers(3)):
        _add_hot_object(scene, rng)
    places = list(_places(count, rows, rng))
    cut_out = (count == 1 and places[0][1] > _CUT_OUT_PX and
               rng.random() < _CUT_OUT_ODDS)
    outlines, persons = [], []
    for head, place in zip(people, places):
        points, person = _add_person(
            scene, head, place, ambient_k, rng, body=not cut_out)
        outlines.append(points)
        persons.append(person)
    grey = _photograph(scene, outlines, persons, cut_out, rng, difficulty)
    return Crowd(grey[:rows], _boxes(outlines, persons, rows))


def _places(count, rows, rng):
    """Centre of each face, pixels, and its length; who is far comes first."""
    low, high = np.log(_FACE_PX)
    base = np.exp(rng.uniform(low, high)) / max(count, 1)**.6
    lengths = np.sort(base * np.exp(rng.normal(0, .2, count)))
    lengths = np.maximum(lengths, _FACE_PX[0])
    order = rng.permutation(count)
    level = rng.uniform(.12, .6)
    for rank, length in zip(order, lengths):
        x = (rank + rng.uniform(.15, .85)) / count if count > 1 else np.clip(
            rng.normal(.5, .22), .05, .95)
        y = level + rng.normal(0, .06) if count > 1 else rng.uniform(.08, .7)
        near = min(length / rows, 1.)  # near faces are in the middle
        y = (1 - near) * y + near * .5
        yield np.array([x * CANVAS_PX, y * rows]), length


def _add_person(scene, head, place, ambient_k, rng, body):
    """Adds head and body, in place; returns landmarks and mask, (H, W)."""
    centre, length = place
    low, high = head.keypoints.min(0), head.keypoints.max(0)
    scale = length / (high[1] - low[1])
    mirror = -1 if rng.random() < .5 else 1
    middle = (low + high) / 2
    matrix = np.float32([[mirror * scale, 0, centre[0] - mirror * scale * middle[0]],
                         [0, scale, centre[1] - scale * middle[1]]])
    points = head.keypoints @ matrix[:, :2].T + matrix[:, 2]
    size = (CANVAS_PX, CANVAS_PX)
    source = head.temperature_k
    if scale < .7:  # or warping would skip pixels
        source = cv2.GaussianBlur(source, (0, 0), .45 / scale)
    warped = cv2.warpAffine(
        source, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    mask = cv2.warpAffine(
        cv2.GaussianBlur(head.person.astype(np.float32), (0, 0),
                         max(.5, .4 / scale)), matrix, size)
    anchor = Anchor(
        np.array([_neck_x(mask, points), points[8, 1]]), length,
        np.ptp(points[:, 0]), _skin_k(head), ambient_k)
    person = mask > .5
    if body:
        person |= draw_neck(scene, anchor, rng)
    scene += mask * (warped - scene)
    if body:
        person |= draw_clothes(scene, anchor, rng)
    return points, person


def _neck_x(mask, points):
    """Where the neck is, pixels: in profile it is behind the chin."""
    chin = int(np.clip(points[8, 1], 0, len(mask) - 1))
    columns = np.flatnonzero(mask[chin] > .5)
    return columns.mean() if len(columns) else points[8, 0]


def _photograph(scene, outlines, persons, cut_out, rng, difficulty):
    sensor = choose_sensor(rng)
    measured = sense(scene, sensor, rng, difficulty)
    if not outlines:
        return automatic_gain(measured, rng)
    gain = choose_gain(rng, sensor, 2)
    if cut_out:
        gain = 'cutout'
    elif rng.random() < _PLATEAU_ODDS:
        gain = 'plateau'
    return expose(measured, np.any(persons, 0), outlines[-1], sensor, gain,
                  rng)


def _add_hot_object(scene, rng):
    """A lamp, a cup, a pet or a hand that comes from outside, in place."""
    mask = np.zeros(scene.shape, np.uint8)
    axes = np.exp(rng.uniform(np.log(3), np.log(40), 2))
    centre = rng.uniform(0, CANVAS_PX, 2)
    if rng.random() < .5:
        cv2.ellipse(mask, (tuple(map(float, centre)), tuple(map(float, axes)),
                           float(rng.uniform(0, 180))), 255, -1, cv2.LINE_AA)
    else:
        cv2.rectangle(mask, tuple(map(int, centre - axes / 2)),
                      tuple(map(int, centre + axes / 2)), 255, -1)
    cover = cv2.GaussianBlur(mask, (0, 0), rng.uniform(.5, 3)) / np.float32(255)
    scene += cover * (273.15 + rng.uniform(28, 42) - scene)


def _boxes(outlines, persons, rows):
    """Boxes of the faces that can be seen, (N, 4)."""
    found = []
    for index, points in enumerate(outlines):
        inside, area = _inside(points, persons[index].shape)
        for nearer in persons[index + 1:]:
            inside[nearer] = 0
        if inside[:rows].sum() < _MIN_VISIBLE_SHARE * max(area, 1.):
            continue
        low, high = _extent(points)
        width, height = high - low
        box = [low[0] - _SIDE_MARGIN * width, low[1] - _TOP_MARGIN * height,
               high[0] + _SIDE_MARGIN * width,
               high[1] + _BOTTOM_MARGIN * height]
        found.append(np.clip(box, 0, [CANVAS_PX, rows] * 2))
    return np.reshape(found, (-1, 4)).round(2)


def _extent(points):
    """Corners of a face; in profile without what is behind the cheek."""
    low, high = points.min(0), points.max(0)
    inner = points[_JAW_POINTS:, 0]
    reach = _CHEEK_SHARE * np.ptp(inner)
    low[0] = max(low[0], inner.min() - reach)
    high[0] = min(high[0], inner.max() + reach)
    return low, high


def _inside(points, shape):
    """Mask (H, W) of what the outermost points enclose, and its area."""
    hull = cv2.convexHull(points.astype(np.float32))
    mask = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(mask, hull.astype(np.int32), 1)
    return mask, cv2.contourArea(hull)


def _skin_k(head):
    inside, _ = _inside(head.keypoints, head.person.shape)
    skin = head.temperature_k[inside > 0]
    return float(np.median(skin)) if skin.size else 306.


def _ambient_k(head):
    around = head.temperature_k[~head.person]
    air = float(np.median(around)) if around.size > 100 else 295.
    return float(np.clip(air, 283, 305))
