"""Faces in json files of LabelMe and of tools that write its format.

Shapes are read by their type, as LabelMe and X-AnyLabeling write it: points,
circles (whose first point is the centre), lines and polygons (as points in
order) are landmarks; a shape labelled 'face' is the box.
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
_FROM_0 = 'Numbers of points begin with 0: subtract 1 from each label'
_TWO_FACES = ('two faces without group ids: give the shapes of each face a '
              'group id of its own')


def labelme_content(path: Path) -> dict:
    """A LabelMe file; raises LeaveOut if its shapes lack ``label`` or ``points``."""
    try:
        content = parse_json(Path(path).read_bytes())
    except ValueError as error:
        raise LeaveOut('json file that cannot be read', str(error))
    shapes = content.get('shapes') if isinstance(content, dict) else None
    wrong = [shape for shape in shapes if not _is_shape(shape)] if isinstance(
        shapes, list) else [shapes]
    if wrong:
        raise LeaveOut('json file that is not LabelMe\'s', short(wrong[0]))
    return content


def labelled_size(content: dict) -> Optional[Tuple[float, float]]:
    """Width and height of the image as it was labelled, if the file tells."""
    size: List[Any] = [content.get('imageWidth'), content.get('imageHeight')]
    known = all(is_number(side) and side > 0 for side in size)
    return (size[0], size[1]) if known else None


def _is_shape(shape: Any) -> bool:
    # A point that is not finite is not labelled.
    return (isinstance(shape, dict) and 'label' in shape
            and isinstance(shape.get('points'), list) and all(
                isinstance(point, list) and len(point) == 2 and all(
                    is_number(value) or value in (math.inf, -math.inf)
                    or value != value for value in point)
                for point in shape['points']))


def _plain(name: str) -> str:
    """Names differ neither by capitals nor by spaces and hyphens."""
    return re.sub(r'[\s-]+', '_', name.strip().casefold())


def _label(shape: dict) -> str:
    return str(shape['label']).strip()


def _type(shape: dict) -> str:
    """Old files have no types: then the number of points tells."""
    return shape.get('shape_type') or (
        'point' if len(shape['points']) == 1 else 'polygon')


def _is_box(shape: dict) -> bool:
    # Somebody may call each landmark 'face'.
    return _label(shape).lower() == _BOX_LABEL and _type(shape) != 'point'


def _box(shape: dict) -> List[float]:
    """Of two corners, or of the corners or outline of a face."""
    if _type(shape) not in _BOXES or len(shape['points']) < 2:
        raise LeaveOut(f'face box drawn as {_type(shape)} of '
                       f'{len(shape["points"])} points: draw a rectangle')
    corners = np.asarray(shape['points'], float)
    low, high = corners.min(0), corners.max(0)
    return np.concatenate([low, high - low]).tolist()


def _landmarks_of(shape: dict) -> Optional[list]:
    """The landmarks that a shape shows; None if it is of no such type."""
    if _type(shape) == 'circle':
        return shape['points'][:1]
    return shape['points'] if _type(shape) in _IN_ORDER else None


def faces_of_shapes(shapes: Sequence[dict],
                    names: Sequence[str] = ()) -> Tuple[List[Face], List[str]]:
    """Makes a face of each group id of an image; also returns what was ignored."""
    groups: Dict[Any, List[dict]] = defaultdict(list)
    for shape in shapes:
        groups[shape.get('group_id')].append(shape)
    with_points = [name for name, group in groups.items()
                   if any(not _is_box(shape) for shape in group)]
    if len(with_points) == 1 and sum(map(_is_box, shapes)) == 1:
        groups = {None: list(shapes)}  # only the box has a group id, or only
        with_points = [None]           # the points have one
    ignored: List[str] = []
    faces = [face_of_shapes(groups[name], names, ignored)
             for name in with_points]
    ignored += ['box "face" without points' for name, group in groups.items()
                if name not in with_points for _ in group]
    return [face for face in faces if len(face.keypoints)], ignored


def face_of_shapes(shapes: Sequence[dict],
                   names: Sequence[str] = (),
                   ignored: Optional[List[str]] = None) -> Face:
    """Makes one face of its shapes.

    A shape labelled 'face' is the box. The others are the landmarks: by name
    if most of them are labelled by one of ``names`` (those that do not occur
    are not labelled; capitals, spaces and hyphens do not matter), else by
    number if most are, else in the order of the file, one or several a shape.

    ``ignored`` is extended by what is no landmark: shapes of other labels
    beside named or numbered points, and of types that show no point.

    Raises:
        ConversionError: A number is too large: probably all numbers of the
            folder begin with 1.
        LeaveOut: There are two boxes, the box or a point is drawn in a way
            that cannot be read, a name or number occurs twice, or each point
            has a label of its own that is no name of a point.
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
    """How labels tell which point is meant; None if the order does."""
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
    # Labels that tell the points apart, but not as the names do.
    if len(set(labels)) == len(labels) > 1 and all(
            len(_landmarks_of(shape) or ()) == 1 for shape in landmarks):
        unknown = [label for label in labels
                   if by_name(label) is None and _number(label) is None]
        if len(unknown) < len(labels) or not _are_running(labels):
            raise LeaveOut('labels that are no names of points',
                           f'"{unknown[0]}" is one of {len(unknown)}')
    return None


def _landmark_shapes(shapes: Sequence[dict]) -> List[dict]:
    return [shape for shape in shapes
            if not _is_box(shape) and _landmarks_of(shape)]


def _number(label: str) -> Optional[int]:
    return int(label) if re.fullmatch(r'\d{1,9}', label) else None


def _are_running(labels: Sequence[str]) -> bool:
    """Whether they are one word and numbers, in the order of the file."""
    found = [re.fullmatch(r'(.*?)(\d{1,9})', label) for label in labels]
    parts = [(one.group(1), int(one.group(2))) for one in found if one]
    return len(parts) == len(labels) and parts == sorted(parts) and len(
        {word for word, _ in parts}) == 1


def numbers_of(shapes: Sequence[dict], names: Sequence[str]) -> Set[int]:
    """The numbers that label the points of an image; empty if something else does."""
    if _order(shapes, names) is not _number:
        return set()
    found = {_number(_label(shape)) for shape in _landmark_shapes(shapes)}
    return {number for number in found if number is not None}


def refuse_numbers_from_1(numbers: Iterable[int]) -> None:
    """Raises ConversionError if a folder's points are 1, 2, 3, ... without a gap."""
    seen = set(numbers)
    if len(seen) > 1 and seen == set(range(1, len(seen) + 1)):
        raise ConversionError(
            f'the points of all images are labelled 1 to {max(seen)}, and '
            f'none 0. {_FROM_0}; if point 0 is not to be seen in any image, '
            'label by the names of the points.')


def _sparse(places: List[int], points: np.ndarray, count: int) -> np.ndarray:
    if max(places) >= count:
        raise ConversionError(
            f'a point has the number {max(places)}, but the {count} points '
            f'are 0 to {count - 1}. {_FROM_0}, or choose another point set by '
            '--points.')
    times = set(Counter(places).values())
    if times != {1}:
        raise LeaveOut('the same point twice' if 1 in times else _TWO_FACES)
    sparse = np.full((count, 2), np.nan)
    sparse[places] = points
    return sparse
