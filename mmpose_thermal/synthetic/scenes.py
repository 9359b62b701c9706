"""What real recordings have beyond one aligned face: a second camera that
stands elsewhere, people out of the cold, and groups.
"""
from dataclasses import replace

import cv2
import numpy as np

from .backgrounds import thermal_background, visible_background
from .curves import at_points
from .head import Head
from .render import RenderedPair, render_pair

#: State of a person's skin: offset of the whole skin, kelvin, factor of the
#: nose's coolness, and kelvin by which the nose is cooler still.
CONDITIONS = dict(
    mixed=(0., 1., 0.), warm=(1., .3, 0.), cold=(-3., 1., 2.5))
_RGB_SIZE = (1.45, 1.2)  # of the second camera's image, in thermal sizes
_MIN_FACE_PX = 40


def in_condition(subject, condition):
    """A person who is warm, cold or as drawn.

    Args:
        subject (Subject): Who.
        condition (str): 'mixed' (as drawn), 'warm' or 'cold'.

    Returns:
        Subject: The same person.
    """
    offset_k, factor, drop_k = CONDITIONS[condition]
    return replace(
        subject,
        skin_offset_k=offset_k,
        nose_coolness_k=factor * subject.nose_coolness_k + drop_k)


def sample_rig(rng, size):
    """Draws where an RGB camera stands that is not the thermal one.

    Args:
        rng (np.random.Generator): Source of randomness.
        size (int): Side of the thermal image, pixels.

    Returns:
        tuple: Matrix (3, 3) from thermal to RGB pixels, and the RGB image's
        width and height.
    """
    width, height = (round(size * factor) for factor in _RGB_SIZE)
    angle, scale = rng.uniform(-.06, .06), rng.uniform(1., 1.15)
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    matrix = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    # Thermal centre to the RGB centre, and some pixels off.
    offset = rng.uniform(-.06, .06, 2) * size
    centre = np.full(2, (size - 1) / 2)
    matrix[:2, 2] = (np.array([width, height]) -
                     1) / 2 + offset - matrix[:2, :2] @ centre
    return matrix, (width, height)


def seen_by(matrix, rgb_size, pair):
    """The RGB image and landmarks that a second camera takes.

    Args:
        matrix (np.ndarray): Of :func:`sample_rig`.
        rgb_size (tuple[int, int]): Likewise.
        pair (RenderedPair): As seen from the thermal camera.

    Returns:
        tuple: The image (H, W, 3), uint8, and the points (68, 2).
    """
    image = cv2.warpAffine(
        pair.rgb, matrix[:2], rgb_size, borderMode=cv2.BORDER_REFLECT)
    return image, pair.keypoints @ matrix[:2, :2].T + matrix[:2, 2]


def render_group(people, rng, size=256, difficulty=.5, make_head=Head):
    """Renders several people side by side before one background.

    Args:
        people (list[tuple]): Subject and view of each.
        rng (np.random.Generator): Lighting, background, size and place.
        size (int): Side of the square image, pixels.
        difficulty, make_head: See :func:`render_pair`.

    Returns:
        list[RenderedPair]: One a person: the same two images, and the points
        of the one.
    """
    column = size / len(people)
    rgb = 255 * np.sqrt(visible_background(rng, size))
    temperature = thermal_background(rng, size, 273.15 + rng.uniform(16, 28))
    found = []
    for number, (subject, view) in enumerate(people):
        side = int(max(column * rng.uniform(.75, 1.1), _MIN_FACE_PX))
        pair = render_pair(
            subject, view, rng, side, difficulty=difficulty,
            make_head=make_head)
        left = int(number * column + (column - side) / 2)
        top = int(rng.uniform(.05, .95) * (size - side))
        x, y = max(left, 0), max(top, 0)
        right, bottom = min(left + side, size), min(top + side, size)
        inside = (slice(y - top, bottom - top), slice(x - left, right - left))
        place = (slice(y, bottom), slice(x, right))
        cover = cv2.GaussianBlur(
            pair.person.astype(np.float32), (0, 0), .7)[inside]
        rgb[place] += cover[..., None] * (pair.rgb[inside] - rgb[place])
        temperature[place] += cover * (
            pair.temperature_k[inside] - temperature[place])
        points = pair.keypoints + (left, top)
        seen = pair.visible & ((points >= 0) & (points < size)).all(1)
        found.append((points, seen, place, pair.person[inside], pair))
    image = np.clip(np.rint(rgb), 0, 255).astype(np.uint8)
    pairs = []
    sensor = found[0][-1].sensor
    for points, seen, place, person, pair in found:
        mask = np.zeros((size, size), bool)
        mask[place] = person
        pairs.append(
            RenderedPair(image, temperature, points, seen, mask, sensor,
                         pair.attributes))
    # Who stands further to the right stands in front.
    for number, pair in enumerate(pairs):
        for other in pairs[number + 1:]:
            pair.visible &= ~at_points(other.person, pair.keypoints)
    return pairs
