"""Recognises files that are not COCO json: other encodings, exports of other tools."""
import json
from typing import Any, Callable, Optional, Tuple

_NO_TEXT = (
    (b'\x1f\x8b', 'it is compressed with gzip: unpack it with gunzip'),
    (b'PK\x03\x04', 'it is a zip archive: unpack it'),
    (b'\xff\xfe', 'it is UTF-16 text: save it as UTF-8'),
    (b'\xfe\xff', 'it is UTF-16 text: save it as UTF-8'),
)


def parse_json(content: bytes) -> Any:
    """Reads JSON in UTF-8, with or without a byte order mark.

    Raises:
        ValueError: The content is not JSON. For known formats the message says
            what it is and what to do.
    """
    content = bytes(content)  # some storage backends return views
    for mark, reason in _NO_TEXT:
        if content.startswith(mark):
            raise ValueError(reason)
    try:
        return json.loads(content.decode('utf-8-sig'))
    except UnicodeDecodeError as error:
        raise ValueError(
            f'byte {error.start} is not UTF-8: is it Latin-1 or another '
            'encoding? Save it as UTF-8, for example with iconv -f LATIN1 -t '
            'UTF-8') from None
    except RecursionError as error:
        raise ValueError(str(error)) from None


def _is_via_export(content: dict) -> bool:
    return bool(content) and all(
        isinstance(one, dict) and 'filename' in one and 'regions' in one
        for one in content.values())


# Recognised from an object, or from the first object of a list.
_OF_AN_OBJECT: Tuple[Tuple[Callable[[dict], bool], str], ...] = (
    (lambda one: 'shapes' in one, 'from LabelMe: convert its folder with '
     'tools/dataset_converters/labelme2coco.py'),
    (lambda one: '_via_img_metadata' in one or _is_via_export(one),
     'from VGG Image Annotator: export COCO json'),
    (lambda one: 'items' in one and 'categories' in one and
     'images' not in one, 'from Datumaro: export it as coco_person_keypoints'),
)
_OF_A_LIST: Tuple[Tuple[Callable[[dict], bool], str], ...] = (
    (lambda one: 'image_id' in one, 'with the results of a detector: use it '
     'as the `bbox_file` of a test, together with an annotation file'),
    (lambda one: 'file_upload' in one or 'annotation_id' in one or
     {'data', 'annotations'} <= set(one) or {'id', 'image'} <= set(one),
     'from Label Studio: export COCO json'),
)


def made_by(content: Any) -> Optional[str]:
    """Names the tool and the remedy, as the end of a sentence; None if unknown."""
    is_list = isinstance(content, list)
    first = content[0] if is_list and content else content
    if not isinstance(first, dict):
        return None
    for fits, hint in _OF_AN_OBJECT + (_OF_A_LIST if is_list else ()):
        if fits(first):
            return hint
    return None
