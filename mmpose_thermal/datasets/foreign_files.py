"""Files of other tools that are brought as annotation files."""
from typing import Any, Callable, Optional, Tuple

_LABEL_STUDIO = 'of Label Studio: export COCO json'
_VIA = 'of VGG Image Annotator: export COCO json'


def _is_via_export(content: dict) -> bool:
    return bool(content) and all(
        isinstance(one, dict) and 'filename' in one and 'regions' in one
        for one in content.values())


# Told by an object, or by the first of a list.
_OF_AN_OBJECT: Tuple[Tuple[Callable[[dict], bool], str], ...] = (
    (lambda one: 'shapes' in one, 'of LabelMe: convert its folder by '
     'tools/dataset_converters/labelme2coco.py'),
    (lambda one: '_via_img_metadata' in one or _is_via_export(one), _VIA),
    (lambda one: 'items' in one and 'categories' in one and
     'images' not in one, 'of Datumaro: export it as coco_person_keypoints'),
)
_OF_A_LIST: Tuple[Tuple[Callable[[dict], bool], str], ...] = (
    (lambda one: 'image_id' in one, 'with the results of a detector: it can '
     'be the `bbox_file` of a test, beside an annotation file'),
    (lambda one: 'file_upload' in one or 'annotation_id' in one or
     {'data', 'annotations'} <= set(one) or {'id', 'image'} <= set(one),
     _LABEL_STUDIO),
)


def made_by(content: Any) -> Optional[str]:
    """Recognises what other tools write.

    Args:
        content: Of a json file.

    Returns:
        str | None: Whose file it is and what to do, as the end of a sentence;
        ``None`` if it is not known.
    """
    is_list = isinstance(content, list)
    first = content[0] if is_list and content else content
    if not isinstance(first, dict):
        return None
    for fits, hint in _OF_AN_OBJECT + (_OF_A_LIST if is_list else ()):
        if fits(first):
            return hint
    return None
