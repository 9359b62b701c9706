"""Reads faces from json files of LabelMe and tools that write its format.

Points, circles (their centre), lines and polygons (their points in order) are
landmarks; a shape labelled 'face' is the box. Shape types are those written by
LabelMe and X-AnyLabeling.
"""
import math
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Sequence, Set, Tuple

import numpy as np

from ..annotations.file_formats import parse_json
from ..annotations.rules import is_number, short
from .records import ConversionError, Face, LeaveOut

_BOX_LABEL = 'face'
_IN_ORDER = ('point', 'points', 'line', 'linestrip', 'polygon')
_BOXES = ('rectangle', 'rotation', 'quadrilateral', 'polygon', 'mask')
_FROM_0 = 'Point numbers start at 0: subtract 1 from each label'
_TWO_FACES = ('two faces without group ids: give the shapes of each face their '
              'own group id')


def labelme_content(path: Path) -> dict:
    """Reads a LabelMe file; raises LeaveOut if it is malformed."""
    try:
        content = parse_json(Path(path).read_bytes())
    except ValueError as error:
        raise LeaveOut('json file that cannot be read', str(error))
    shapes = content.get('shapes') if isinstance(content, dict) else None
    wrong = [shape for shape in shapes if not _is_shape(shape)] if isinstance(
        shapes, list) else [shapes]
    if wrong:
        raise LeaveOut('json file that is not from LabelMe', short(wrong[0]))
    return content


def labelled_size(content: dict) -> Optional[Tuple[float, float]]:
    """Width and height of the image when it was labelled, if the file has them."""
    size: List[Any] = [content.get('imageWidth'), content.get('imageHeight')]
    known = all(is_number(side) and side > 0 for side in size)
    return (size[0], size[1]) if known else None


def _is_shape(shape: Any) -> bool:
    # Non-finite points are valid: they count as not labelled.
    return (isinstance(shape, dict) and 'label' in shape
            and isinstance(shape.get('points'), list) and all(
                isinstance(point, list) and len(point) == 2 and all(
                    is_number(value) or value in (math.inf, -math.inf)
                    or value != value for value in point)
                for point in shape['points']))


def _plain(name: str) -> str:
    """Normalises case, spaces and hyphens of a name."""
    return re.sub(r'[\s-]+', '_', name.strip().casefold())


def _label(shape: dict) -> str:
    return str(shape['label']).strip()


def _type(shape: dict) -> str:
    """The shape type, guessed from the number of points in old files."""
    return shape.get('shape_type') or (
        'point' if len(shape['points']) == 1 else 'polygon')


def _is_box(shape: dict) -> bool:
    # Points labelled 'face' are landmarks, not boxes.
    return _label(shape).lower() == _BOX_LABEL and _type(shape) != 'point'


def _box(shape: dict) -> List[float]:
    """The bounding box of a shape, x, y, width, height."""
    if _type(shape) not in _BOXES or len(shape['points']) < 2:
        raise LeaveOut(f'face box drawn as {_type(shape)} with '
                       f'{len(shape["points"])} points: draw a rectangle')
    corners = np.asarray(shape['points'], float)
    low, high = corners.min(0), corners.max(0)
    return np.concatenate([low, high - low]).tolist()


def _landmarks_of(shape: dict) -> Optional[list]:
    """The landmarks of a shape; None if its type has none."""
    if _type(shape) == 'circle':
        return shape['points'][:1]
    return shape['points'] if _type(shape) in _IN_ORDER else None


def faces_of_shapes(shapes: Sequence[dict],
                    names: Sequence[str] = ()) -> Tuple[List[Face], List[str]]:
    """Makes one face per group id of an image; also returns the ignored shapes.

    A box without points is an unlabelled face, unless it holds points of another.
    """
    groups: Dict[Any, List[dict]] = defaultdict(list)
    for shape in shapes:
        groups[shape.get('group_id')].append(shape)
    with_points = [name for name, group in groups.items()
                   if any(not _is_box(shape) for shape in group)]
    if len(with_points) == 1 and sum(map(_is_box, shapes)) == 1:
        groups = {None: list(shapes)}  # only the box or only the points have
        with_points = [None]           # a group id
    ignored: List[str] = []
    faces = [face_of_shapes(groups[name], names, ignored)
             for name in with_points]
    bare = [_box(shape) for name, group in groups.items()
            if name not in with_points for shape in group]
    of_others = [box for box in bare
                 if any(_holds(box, face.keypoints) for face in faces)]
    ignored += ['box "face" without points'] * len(of_others)
    faces += [Face(np.empty((0, 2)), box) for box in bare if box not in of_others]
    return [face for face in faces if len(face.keypoints) or face.bbox], ignored


def _holds(box: Sequence[float], points: np.ndarray) -> bool:
    """Whether any of the points (N, 2) lies in a box x, y, width, height."""
    low = np.array(box[:2])
    return bool(((points >= low) & (points <= low + box[2:])).all(1).any())


def face_of_shapes(shapes: Sequence[dict],
                   names: Sequence[str] = (),
                   ignored: Optional[List[str]] = None) -> Face:
    """Makes one face from its shapes.

    A shape labelled 'face' is the box. The others are landmarks, identified by
    name if most of their labels are in ``names`` (ignoring case, spaces and
    hyphens), else by number if most labels are numbers, else by their order in
    the file. Names or numbers that do not occur are not labelled.

    Shapes that are not landmarks are appended to ``ignored``: shapes with other
    labels among named or numbered points, and shapes of types without points.

    Raises:
        ConversionError: A number is too large; the folder's numbers probably
            start at 1.
        LeaveOut: There are two boxes, the box or a point has an unsupported
            shape type, a name or number occurs twice, or the labels are unique
            but are not names of points.
    """
    boxes = [shape for shape in shapes if _is_box(shape)]
    if len(boxes) > 1:
        raise LeaveOut(_TWO_FACES)
    order_of = _order(shapes, names)
    places, keypoints = [], []
    for shape in shapes:
        if _is_box(shape):
            continue
        points = _landmarks_of(shape)
        place = order_of and order_of(_label(shape))
        if points is None and place is not None:
            raise LeaveOut(f'point drawn as {_type(shape)}',
                           f'"{_label(shape)}"')
        if points is None or (order_of and place is None):
            if ignored is not None:
                ignored.append(f'{_type(shape)} "{_label(shape)}"')
            continue
        places += [place] * len(points)
        keypoints += points
    found = np.array(keypoints, float).reshape(-1, 2)
    if order_of and places:
        found = _sparse(places, found, len(names))
    return Face(found, _box(boxes[0]) if boxes else None)


def _order(shapes: Sequence[dict], names: Sequence[str]):
    """The function that maps labels to point indices; None to use the file order."""
    landmarks = _landmark_shapes(shapes)
    labels = [_label(shape) for shape in landmarks]
    exact = {name: place for place, name in enumerate(names)}
    alike = {_plain(name): place for name, place in exact.items()}

    def by_name(label):
        return exact.get(label, alike.get(_plain(label)))

    if not names:
        return None
    for order_of in by_name, _number:
        if sum(order_of(label) is not None for label in labels) > len(
                labels) / 2:
            return order_of
    # Labels that are unique but are not the names of points.
    if len(set(labels)) == len(labels) > 1 and all(
            len(_landmarks_of(shape) or ()) == 1 for shape in landmarks):
        unknown = [label for label in labels
                   if by_name(label) is None and _number(label) is None]
        if len(unknown) < len(labels) or not _are_running(labels):
            raise LeaveOut('labels that are not names of points',
                           f'"{unknown[0]}" is one of {len(unknown)}')
    return None


def _landmark_shapes(shapes: Sequence[dict]) -> List[dict]:
    return [shape for shape in shapes
            if not _is_box(shape) and _landmarks_of(shape)]


def _number(label: str) -> Optional[int]:
    return int(label) if re.fullmatch(r'\d{1,9}', label) else None


def _are_running(labels: Sequence[str]) -> bool:
    """Whether labels are one word with increasing numbers, such as p1, p2, ..."""
    found = [re.fullmatch(r'(.*?)(\d{1,9})', label) for label in labels]
    parts = [(one.group(1), int(one.group(2))) for one in found if one]
    return len(parts) == len(labels) and parts == sorted(parts) and len(
        {word for word, _ in parts}) == 1


def numbers_of(shapes: Sequence[dict], names: Sequence[str]) -> Set[int]:
    """The numbers that label an image's points; empty if labels are not numbers."""
    if _order(shapes, names) is not _number:
        return set()
    found = {_number(_label(shape)) for shape in _landmark_shapes(shapes)}
    return {number for number in found if number is not None}


def refuse_numbers_from_1(numbers: Iterable[int]) -> None:
    """Raises ConversionError if a folder's points are numbered 1, 2, 3, ..., N."""
    seen = set(numbers)
    if len(seen) > 1 and seen == set(range(1, len(seen) + 1)):
        raise ConversionError(
            f'the points of all images are labelled 1 to {max(seen)}, and '
            f'none 0. {_FROM_0}; if point 0 is not visible in any image, '
            'label the points by name.')


def _sparse(places: List[int], points: np.ndarray, count: int) -> np.ndarray:
    if max(places) >= count:
        raise ConversionError(
            f'a point has the number {max(places)}, but the {count} points '
            f'are 0 to {count - 1}. {_FROM_0}, or choose another point set '
            'with --points.')
    times = set(Counter(places).values())
    if times != {1}:
        raise LeaveOut('the same point twice' if 1 in times else _TWO_FACES)
    sparse = np.full((count, 2), np.nan)
    sparse[places] = points
    return sparse
