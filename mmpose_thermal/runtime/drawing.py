"""Draws faces on images."""
from typing import Sequence, Tuple

import cv2
import numpy as np

from .model_info import ModelInfo
from .palettes import palette_colours
from .results import FaceLandmarks
from .temperature import landmark_extent_px, skin_regions

_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates
_FONT, _FONT_SIZE = cv2.FONT_HERSHEY_SIMPLEX, .42
_WHITE, _BLACK, _BOX = (255, 255, 255), (0, 0, 0), (180, 180, 180)
_OUTLINED = ((_BLACK, 3), (_WHITE, 1))  # visible on any background
_MIN_SIDE = 480  # smaller images are enlarged to make room for text
#: Pixels that a temperature scale adds to the width of a picture.
SCALE_WIDTH = 80
_SCALE_MARGIN, _BAR_WIDTH = 12, 14
_TICKS = 5
_SHOWN, _MIN_RANGE_K = (1, 99.8), .1  # percentiles of a picture's temperatures
_SHORT = {
    'right_inner_eye_corner': 'R eye',
    'left_inner_eye_corner': 'L eye',
    'nose_tip': 'nose',
    'right_cheek': 'R cheek',
    'left_cheek': 'L cheek'
}


def draw_faces(image: np.ndarray,
               faces: Sequence[FaceLandmarks],
               info: ModelInfo,
               regions: bool = False) -> np.ndarray:
    """Draws landmarks, their links, boxes and temperatures.

    A question mark follows temperatures that are not to be trusted.

    Args:
        image (np.ndarray): Grey (H, W) or BGR (H, W, 3), uint8.
        faces (Sequence[FaceLandmarks]): Faces to draw.
        info (ModelInfo): Colours and links of the landmarks.
        regions (bool): Whether to outline the skin regions that have a
            temperature.

    Returns:
        np.ndarray: BGR picture, enlarged by a whole factor if the image is
        small.
    """
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    scale = max(1, -(-_MIN_SIDE // max(min(image.shape[:2]), 1)))
    canvas = image.copy() if scale == 1 else cv2.resize(
        image, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    for face in faces:
        # Pixel centres have integer coordinates in both images.
        points = (face.keypoints + .5) * scale - .5
        box = np.round(face.box * scale).astype(int)
        side = np.sqrt(np.prod(np.maximum(np.ptp(points, axis=0), 1)))
        cv2.rectangle(canvas, tuple(map(int, box[:2])),
                      tuple(map(int, box[2:])), _BOX, 1)
        _draw_points(canvas, points, info, side)
        if regions:
            _draw_regions(canvas, points, info, face.skin_celsius or {})
        _draw_texts(canvas, face, box, alone=len(faces) == 1)
    return canvas


def write_rate(picture: np.ndarray, fps: float) -> None:
    """Writes a frame rate into the corner of a BGR picture."""
    _write(picture, f'{fps:.1f} FPS', (6, 18))


def _draw_points(canvas, points, info, side):
    fixed = np.round(np.clip(points, -1e4, 1e4) * 2**_SHIFT).astype(int)
    fixed = [tuple(map(int, point)) for point in fixed]
    for link, (one, other) in enumerate(info.links):
        colour = info.link_colours[link] if link < len(
            info.link_colours) else _WHITE
        cv2.line(canvas, fixed[one], fixed[other], colour[::-1], 1,
                 cv2.LINE_AA, _SHIFT)
    radius = round(float(np.clip(.008 * side, 1, 4)) * 2**_SHIFT)
    for point, colour in zip(fixed, info.colours):
        cv2.circle(canvas, point, radius, colour[::-1], -1, cv2.LINE_AA,
                   _SHIFT)


def _draw_regions(canvas, points, info, celsius):
    extent = landmark_extent_px(points)
    for measured, region in skin_regions(info.keypoints).items():
        if not np.isfinite(celsius.get(measured, np.nan)):
            continue
        centre = sum(weight * points[info.keypoints.index(name)]
                     for name, weight in region.points.items())
        fixed = np.round(np.clip(centre, -1e4, 1e4) * 2**_SHIFT).astype(int)
        for colour, width in _OUTLINED:
            cv2.circle(canvas, tuple(map(int, fixed)),
                       round(region.radius * extent * 2**_SHIFT), colour,
                       width, cv2.LINE_AA, _SHIFT)


def shown_range(celsius: np.ndarray) -> Tuple[float, float]:
    """Temperatures that the coldest and the hottest colour should stand for.

    A few extreme pixels are left out; a small face is not.
    """
    low, high = (float(np.percentile(celsius, share)) for share in _SHOWN)
    return low, max(high, low + _MIN_RANGE_K)


def add_temperature_scale(picture: np.ndarray, low: float, high: float,
                          palette: str) -> np.ndarray:
    """Adds a temperature scale to the right of a picture.

    Args:
        picture (np.ndarray): BGR picture, (H, W, 3).
        low, high (float): Temperatures of the palette's ends, degrees Celsius.
        palette (str): See :func:`palette_colours`.

    Returns:
        np.ndarray: Wider picture; the left part is unchanged.
    """
    height = len(picture)
    strip = np.zeros((height, SCALE_WIDTH, 3), np.uint8)
    length = height - 2 * _SCALE_MARGIN
    levels = np.linspace(255, 0, length).round().astype(int)
    strip[_SCALE_MARGIN:height - _SCALE_MARGIN, 4:4 + _BAR_WIDTH] = \
        palette_colours(palette)[levels][:, None]
    for share in np.linspace(0, 1, _TICKS):
        y = _SCALE_MARGIN + (1 - share) * (length - 1)
        _write(strip, f'{low + share * (high - low):.1f} C',
               (_BAR_WIDTH + 8, int(y) + 4))
    return np.hstack([picture, strip])


def _draw_texts(canvas, face, box, alone):
    head = [] if face.track_id is None else [f'#{face.track_id}']
    head.append(f'{face.face_score:.2f}')
    skin = {
        name: value
        for name, value in (face.skin_celsius or {}).items()
        if np.isfinite(value)
    }
    if skin and not alone:
        # Only one value fits; the result files hold all of them.
        head.append(_shown(face, max(skin, key=skin.__getitem__)))
    _write(canvas, ' '.join(head), (int(box[0]), int(box[1]) - 5))
    if not alone:
        return
    # Next to the face, on the side that has room.
    lines = [f'{_SHORT.get(name, name)} {_shown(face, name)}' for name in skin]
    width = max(map(_width, lines), default=0)
    right = int(box[2]) + 4
    x = right if right + width < canvas.shape[1] else max(
        int(box[0]) - 4 - width, 0)
    for number, line in enumerate(lines):
        _write(canvas, line, (x, max(int(box[1]), 8) + 20 + 15 * number))


def _shown(face, region):
    """A temperature as text, with a question mark if it is not trusted."""
    reading = (face.skin_readings or {}).get(region)
    doubt = ' ?' if reading is not None and reading.problem else ''
    return f'{face.skin_celsius[region]:.1f} C{doubt}'


def _width(text):
    return cv2.getTextSize(text, _FONT, _FONT_SIZE, 1)[0][0]


def _write(canvas, text, where):
    x, y = where
    y = int(np.clip(y, 12, canvas.shape[0] - 4))
    for colour, width in _OUTLINED:
        cv2.putText(canvas, text, (x, y), _FONT, _FONT_SIZE, colour, width,
                    cv2.LINE_AA)
