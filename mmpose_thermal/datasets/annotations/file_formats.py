"""Files that people bring as COCO json: other encodings, files of other tools."""
import json
from typing import Any, Callable, Optional, Tuple

_NO_TEXT = (
    (b'\x1f\x8b', 'it is compressed by gzip: unpack it by gunzip'),
    (b'PK\x03\x04', 'it is a zip archive: unpack it'),
    (b'\xff\xfe', 'it is UTF-16 text: save it as UTF-8'),
    (b'\xfe\xff', 'it is UTF-16 text: save it as UTF-8'),
)


def parse_json(content: bytes) -> Any:
    """Reads JSON in UTF-8, with or without a byte order mark.

    Raises:
        ValueError: It is no JSON; the message says what it is, and what to
            do, where that can be told.
    """
    content = bytes(content)  # some storages give views
    for mark, reason in _NO_TEXT:
        if content.startswith(mark):
            raise ValueError(reason)
    try:
        return json.loads(content.decode('utf-8-sig'))
    except UnicodeDecodeError as error:
        raise ValueError(
            f'byte {error.start} is no UTF-8: is it Latin-1, or of another '
            'encoding? Save it as UTF-8, for example by iconv -f LATIN1 -t '
            'UTF-8') from None
    except RecursionError as error:
        raise ValueError(str(error)) from None


def _is_via_export(content: dict) -> bool:
    return bool(content) and all(
        isinstance(one, dict) and 'filename' in one and 'regions' in one
        for one in content.values())


# Told by an object, or by the first of a list.
_OF_AN_OBJECT: Tuple[Tuple[Callable[[dict], bool], str], ...] = (
    (lambda one: 'shapes' in one, 'of LabelMe: convert its folder by '
     'tools/dataset_converters/labelme2coco.py'),
    (lambda one: '_via_img_metadata' in one or _is_via_export(one),
     'of VGG Image Annotator: export COCO json'),
    (lambda one: 'items' in one and 'categories' in one and
     'images' not in one, 'of Datumaro: export it as coco_person_keypoints'),
)
_OF_A_LIST: Tuple[Tuple[Callable[[dict], bool], str], ...] = (
    (lambda one: 'image_id' in one, 'with the results of a detector: it can '
     'be the `bbox_file` of a test, beside an annotation file'),
    (lambda one: 'file_upload' in one or 'annotation_id' in one or
     {'data', 'annotations'} <= set(one) or {'id', 'image'} <= set(one),
     'of Label Studio: export COCO json'),
)


def made_by(content: Any) -> Optional[str]:
    """Whose file it is and what to do, as the end of a sentence; None if unknown."""
    is_list = isinstance(content, list)
    first = content[0] if is_list and content else content
    if not isinstance(first, dict):
        return None
    for fits, hint in _OF_AN_OBJECT + (_OF_A_LIST if is_list else ()):
        if fits(first):
            return hint
    return None
