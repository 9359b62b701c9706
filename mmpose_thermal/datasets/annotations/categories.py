"""Finds the categories of an annotation file that hold face landmarks."""
from collections import defaultdict
from typing import Any, Dict, Iterable, List, Optional, Sequence


def face_categories(categories: List[dict], annotations: Iterable[dict],
                    metainfo: Optional[dict]) -> Optional[set]:
    """Returns the ids of the face categories; None if all categories are faces.

    If the annotations use several categories, a category is a face if it lists
    as many points as the metainfo. A category that lists no points is a face
    if its annotations have that many points, or if it is called "face" and its
    annotations have any.
    """
    if metainfo is None:
        return None
    count = metainfo['num_keypoints']
    lengths: Dict[Any, set] = defaultdict(set)
    for annotation in annotations:
        points = annotation.get('keypoints')
        lengths[annotation.get('category_id')].add(
            len(points) if isinstance(points, list) else 0)
    if len(lengths) < 2:
        return None
    # Some tools write ids as text in one of the two places.
    records = {str(category['id']): category for category in categories}
    faces, named = set(), set()
    for name, here in lengths.items():
        record = records.get(str(name), {})
        listed = record.get('keypoints')
        listed = len(listed) if isinstance(listed, list) else 0
        is_named = str(record.get('name')).lower() == 'face' and any(here)
        if is_named:
            named.add(name)
        if listed == count or (not listed and (
                is_named or here & {count, 3 * count})):
            faces.add(name)
    return faces or named or None


def other_order(categories: List[dict], used: Iterable[Any],
                metainfo: Optional[dict]) -> Optional[str]:
    """Describes the problem and remedy if the file orders its points differently.

    Checks the categories in ``used``, or the file's only category.
    """
    if metainfo is None:
        return None
    ours: Sequence[str] = list(metainfo['keypoint_name2id'])
    ids = set(map(str, used))
    for category in categories:
        names = category.get('keypoints')
        if len(categories) > 1 and str(category['id']) not in ids:
            continue
        if not isinstance(names, list) or names == ours or sorted(
                map(str, names)) != sorted(ours):
            continue
        first = next(i for i, name in enumerate(ours) if names[i] != name)
        return ('it lists its points in another order than the metainfo '
                f'"{metainfo["dataset_name"]}": point {first} is '
                f'"{names[first]}" instead of "{ours[first]}". Set `metainfo` '
                'of the data set to one with this order, or convert the file.')
    return None
