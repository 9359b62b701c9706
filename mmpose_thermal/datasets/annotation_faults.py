"""What is wrong with an annotation file that could not be read."""
import json
from collections import Counter
from typing import Any, Callable, Dict, Iterator, Tuple

from mmengine.fileio import get_text

_Check = Tuple[Callable[[Any], bool], str]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(
        value, bool) and abs(value) < 2**53


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and _is_number(value)


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_number, value))


_WHOLE = _is_whole, 'a whole number'
_TEXT = (lambda value: isinstance(value, str) and value.isprintable(),
         'text')
_NUMBERS = _are_numbers, 'a list of numbers'
_SIZE = (lambda value: _is_number(value) and value > 0), 'a positive number'
_NUMBER = _is_number, 'a number'
_FLAG = (lambda value: value in (0, 1), '0 or 1')

# By field: what it must be. Those with a mark may be missing.
_FIELDS: Dict[str, Dict[str, _Check]] = dict(
    images={
        'id': _WHOLE, 'file_name': _TEXT, 'width': _SIZE, 'height': _SIZE,
        'rgb_file_name?': _TEXT, 'bit_depth?': _WHOLE, 'palette?': _TEXT,
        'temperature_scale?': _NUMBER, 'temperature_offset?': _NUMBER,
    },
    annotations={
        'id': _WHOLE, 'image_id': _WHOLE, 'category_id': _WHOLE,
        'bbox': _NUMBERS, 'keypoints': _NUMBERS, 'rgb_keypoints?': _NUMBERS,
        'num_keypoints?': _WHOLE, 'iscrowd?': _FLAG, 'area?': _NUMBER,
    },
    categories={'id': _WHOLE, 'name?': _TEXT})


def _record_faults(kind: str, record: Any) -> Iterator[str]:
    if not isinstance(record, dict):
        yield f'is {_short(record)}, but must be an object'
        return
    for field, (fits, wanted) in _FIELDS[kind].items():
        name = field.rstrip('?')
        if name not in record:
            if name == field:
                yield f'has no "{name}"'
        elif not fits(record[name]):
            yield f'has "{name}": {_short(record[name])}, but must have {wanted}'


def _faults(content: Any) -> Iterator[str]:
    if not isinstance(content, dict):
        yield 'it must be an object with "images", "annotations" and ' \
            '"categories"'
        return
    for kind in _FIELDS:
        records = content.get(kind)
        if not isinstance(records, list):
            yield f'"{kind}" is missing or no list'
            return
        for number, record in enumerate(records):
            for fault in _record_faults(kind, record):
                yield f'"{kind}"[{number}] {fault}'
    for kind in ('images', 'annotations'):
        (name, times), = Counter(
            record['id'] for record in content[kind]).most_common(1) or [
                (None, 1)]
        if times > 1:
            yield f'"{kind}" has the id {name} {times} times'
    known = {image['id'] for image in content['images']}
    for number, record in enumerate(content['annotations']):
        if record['image_id'] not in known:
            yield (f'"annotations"[{number}] is of the image '
                   f'{record["image_id"]}, which is not in "images"')


def find_fault(ann_file: str) -> str:
    """Looks for the first fault of a COCO file.

    Args:
        ann_file (str): In any storage that MMEngine's fileio knows.

    Returns:
        str: A sentence that names file, record and field; empty if the file
        is as it should be.
    """
    remedy = 'Correct it, or make the file anew with its converter.'
    try:
        content = json.loads(get_text(ann_file))
    except (ValueError, RecursionError) as error:
        return f'{ann_file} is no JSON ({error}). {remedy}'
    fault = next(_faults(content), None)
    return f'{ann_file}: {fault}. {remedy}' if fault else ''


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f'{text[:37]}...'
