"""Rules for the records of annotation files."""
import math
import os
import re
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

_FURTHEST_PX = 1e6  # larger than any image: coordinates beyond it are invalid
_VISIBILITIES = {0, 1, 2}
_NO_TEXT = re.compile('[\x00-\x1f\x7f-\x9f\ud800-\udfff]')
_DEPTHS = (8, 16, 32)

#: Descriptions of boxes and annotations in other formats, with the remedy.
LIKE_CORNERS = ('look like [left, top, right, bottom], but must be [x, y, width, '
                'height]: subtract the first two numbers from the last two.')
LIKE_SINGLE_POINTS = ('looks like one annotation per point: join the points of '
                      'a face into one with "keypoints": [x, y, v]')
#: Short name of the broken rule, the reason for counting (as in 'N annotations
#: REASON'), and the problem and remedy of this record.
Breach = Tuple[str, str, str]
_Check = Tuple[Callable[[Any], bool], str]


def short(value: Any) -> str:
    """Formats a value for a message in at most 40 characters."""
    text = repr(value)
    return text if len(text) <= 40 else f'{text[:37]}...'


def is_number(value: Any) -> bool:
    """Whether a value is a finite number below 2**53, the limit of exact floats."""
    return isinstance(value, (int, float)) and not isinstance(
        value, bool) and abs(value) < 2**53


def in_quotes(value: Any) -> str:
    """A hint if the value is a number written as text; otherwise empty."""
    if isinstance(value, str) and re.fullmatch(r'[-+.\deE]+', value.strip()):
        return ' It is text: write numbers without quotation marks.'
    return ''


def plain_id(value: Any) -> Any:
    """Converts ids that are whole floats to int, for comparison across tools."""
    return int(value) if isinstance(value, float) and value.is_integer() \
        else value


def _is_id(value: Any) -> bool:
    value = plain_id(value)
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, str) and value.strip() != '')


def _is_text(value: Any) -> bool:
    # File names may contain any kind of space, but no control characters.
    return isinstance(value, str) and value != '' and not _NO_TEXT.search(
        value)


_ID = _is_id, 'a whole number or text'
_TEXT = _is_text, 'text without control characters'
_NUMBER = is_number, 'a number'
_SIZE = (lambda value: is_number(value) and value > 0), 'a positive number'
_FLAG = (lambda value: value in (0, 1)), '0 or 1'
_DEPTH = (lambda value: value in _DEPTHS), '8, 16, or 32 for floats'

# The check of each field. Fields marked "?" are optional. Landmarks and boxes
# have separate rules below.
_FIELDS: Dict[str, Dict[str, _Check]] = dict(
    images={
        'id': _ID, 'file_name': _TEXT, 'width': _SIZE, 'height': _SIZE,
        'rgb_file_name?': _TEXT, 'bit_depth?': _DEPTH, 'palette?': _TEXT,
        'temperature_scale?': _NUMBER, 'temperature_offset?': _NUMBER,
    },
    annotations={
        'id': _ID, 'image_id': _ID, 'category_id?': _ID, 'iscrowd?': _FLAG,
    },
    categories={'id': _ID, 'name?': _TEXT})

KINDS = tuple(_FIELDS)


def record_faults(kind: str, record: Any) -> Iterator[str]:
    """Yields the faults of a record's simple fields, as ends of sentences."""
    if not isinstance(record, dict):
        yield f'is {short(record)}, but must be an object'
        return
    for field, (fits, wanted) in _FIELDS[kind].items():
        name = field.rstrip('?')
        if name != field and record.get(name) in (None, ''):
            continue
        if name not in record:
            yield f'has no "{name}"'
        elif not fits(record[name]):
            hint = in_quotes(record[name])
            yield (f'has "{name}": {short(record[name])}, but must have '
                   f'{wanted}{"." if hint else ""}{hint.rstrip(".")}')


def portable_name(name: str) -> str:
    """Converts backslashes to slashes; raises ValueError for a Windows drive."""
    slashed = name.replace('\\', '/')
    if os.name != 'nt' and re.match('[A-Za-z]:/', slashed):
        raise ValueError(
            f'"{name}", a path on another computer. Write it relative to the '
            'data folder, with slashes')
    return slashed


def _triples(values: Any) -> Optional[list]:
    """Converts flat or nested landmarks to a list of [x, y, v]; None if malformed."""
    if not isinstance(values, list):
        return None
    if values and all(isinstance(point, list) for point in values):
        nested = values
    elif len(values) % 3 or any(isinstance(v, (list, dict)) for v in values):
        return None
    else:
        nested = [values[i:i + 3] for i in range(0, len(values), 3)]
    return nested if all(len(point) == 3 for point in nested) else None


def _is_clean(values: Any, count: int) -> bool:
    """Whether landmarks are valid as they are; a fast check."""
    return (type(values) is list and len(values) == 3 * count
            and set(map(type, values)) <= {int, float}
            and _VISIBILITIES.issuperset(values[2::3])
            and max(values) < _FURTHEST_PX and min(values) > -_FURTHEST_PX
            and math.isfinite(sum(values)))


def _form_of(values: Any, count: int) -> str:
    """A hint about the format of malformed landmarks."""
    flat = values if isinstance(values, list) else []
    size = sum(len(v) if isinstance(v, list) else 1 for v in flat)
    if size == 2 * count:
        return (f' It looks like [x, y] * {count} without visibility: add 2 '
                'after each labelled point, and write 0, 0, 0 for the others.')
    if size in (2, 3) and count > 1:
        return f' It {LIKE_SINGLE_POINTS} * {count}.'
    if size == 4 * count:
        return (' It looks like [x, y, z, v]: remove z.')
    return ''


def _amount(values: Any, points: Optional[list], field: str) -> str:
    if points is not None:
        return f'{len(points)} {field}'
    if isinstance(values, list) and all(map(is_number, values)):
        return f'{len(values)} numbers in "{field}"'
    return f'"{field}": {short(values)}'


def landmarks(values: Any, count: int, name: str, metainfo: str,
              field: str = 'keypoints') -> Tuple[List[float], Optional[Breach]]:
    """Normalises the landmarks of one face.

    Args:
        values: ``[x, y, v] * K``, flat or nested. A v of 0 or below means not
            labelled; the coordinates are then ignored.
        count (int): K, from the metainfo.
        name (str): Name of the annotation in messages.
        metainfo (str): Name of the point set.
        field (str): Name of the field.

    Returns:
        tuple: Flat, finite landmarks with v of 0, 1 or 2; and the broken rule,
        if any.
    """
    if _is_clean(values, count):
        return values, None
    points = _triples(values)
    if points is None or len(points) != count:
        remedy = ('Set `metainfo` of the data set (--points of the doctor) to '
                  'the point set of the file, or convert the file.'
                  if field == 'keypoints' else
                  f'Correct "{field}", or remove it from the file.')
        found = _amount(values, points, field)
        return [], (
            field, f'with other than {count} points [x, y, v]',
            f'{name} has {found}, but the metainfo "{metainfo}" defines '
            f'{count}, each [x, y, v].{_form_of(values, count)} {remedy}')
    flat: List[float] = []
    for number, (x, y, v) in enumerate(points):
        if isinstance(v, bool):
            v = int(v)
        if not is_number(v) or v > 2 or (v > 0 and v not in _VISIBILITIES):
            return [], (
                field, 'with a visibility that COCO does not define',
                f'{name} has {field} with visibility {short(v)} (point {number}).'
                ' It must be 0 (not labelled), 1 (hidden) or 2 (visible).'
                f'{in_quotes(v)}')
        if v <= 0:
            flat += (0, 0, 0)
        elif all(is_number(p) and abs(p) < _FURTHEST_PX for p in (x, y)):
            flat += (x, y, v)
        else:
            return [], (
                field, 'with a keypoint that is not finite',
                f'{name} has {field} with a non-finite point {number}: '
                f'[{short(x)}, {short(y)}, {v}].'
                f'{in_quotes(x) or " Mark unknown points as 0, 0, 0."}')
    return flat, None


def box_breach(box: Any, width: float, height: float,
               name: str) -> Optional[Breach]:
    """The rule that a face's box breaks in an image of this size, if any."""
    remedy = 'Correct it, for example from the landmarks with a margin.'
    if box is None:
        return 'bbox', 'without a box', f'{name} has no "bbox". {remedy}'
    if not isinstance(box, list) or len(box) != 4 or not all(
            map(is_number, box)) or box[2] <= 0 or box[3] <= 0:
        hint = in_quotes(box[0]) if isinstance(box, list) and box else ''
        return ('bbox', 'without a box that has an area',
                f'{name} has the bbox {short(box)}, which is not a box '
                f'[x, y, width, height] with an area.{hint or f" {remedy}"}')
    x, y, w, h = box
    if min(x + w, width) - max(x, 0) > 1 and min(y + h, height) - max(
            y, 0) > 1:
        return None
    hint = (' It looks like fractions of the image: multiply by its width and '
            'height.' if max(map(abs, box)) <= 1.5 else f' {remedy}')
    return ('bbox', 'with a box outside the image',
            f'{name} has the bbox {short(box)}, which is outside the '
            f'{width}x{height} image or overlaps it by at most one pixel.{hint}')


def outside_image(points: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Mask of the points, (..., 2), outside images of these widths and heights."""
    return ((points < -.5) | (points > size - .5)).any(-1)


def systematic_breach(points: Sequence[Sequence[float]],
                      boxes: Sequence[Sequence[float]],
                      sizes: Sequence[Sequence[float]]) -> Optional[Breach]:
    """Recognises files that use another format for all their numbers.

    Args:
        points (Sequence): Landmarks of some faces, ``[x, y, v] * K`` each.
        boxes (Sequence): Boxes of the same faces, four numbers each.
        sizes (Sequence): Width and height of their images.
    """
    xyv = np.array(points, float).reshape(len(points), -1, 3)
    box, size = np.array(boxes, float), np.array(sizes, float)
    labelled = xyv[..., 2:] > 0
    low = np.where(labelled, xyv[..., :2], np.inf).min(1)
    high = np.where(labelled, xyv[..., :2], -np.inf).max(1)
    if (low >= 0).all() and (high <= 1).all() and size.min() > 8:
        return ('keypoints', 'with fractions of the image',
                'all landmarks lie between 0 and 1. They look like fractions of '
                'the image: multiply x by its width and y by its height.')
    # Two corners, read as a corner and a size, make a box that is far too
    # large and leaves the image.
    first, second = box[:, :2], box[:, 2:]
    slack = .1 * (second - first)
    corners = ((second > first) & (first >= 0) & (second <= size + 1)
               & (low >= first - slack) & (high <= second + slack)).all(1)
    leaves = (first + second > size + 1).any(1)
    too_large = second.prod(1) > 1.3 * (second - first).prod(1)
    if corners.mean() > .9 and (corners & leaves & too_large).mean() > .5:
        return ('bbox', 'with two corners instead of a box',
                f'boxes such as {boxes[0]} {LIKE_CORNERS}')
    return None
