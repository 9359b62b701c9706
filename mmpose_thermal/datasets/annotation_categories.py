"""Which category of an annotation file is that of the landmarks."""
from typing import Any, List, Optional


def face_categories(categories: List[dict], annotations: List[Any],
                    metainfo: Optional[dict]) -> Optional[set]:
    """Tells faces from what else is annotated, as boxes or whole bodies.

    Of several categories those that list as many points as the metainfo has;
    if none does, those called "face", if any of their annotations has points.

    Args:
        categories (list[dict]): Of the file.
        annotations (list): As in the file, not checked.
        metainfo (dict, optional): Parsed, of the point set.

    Returns:
        set | None: Their ids; ``None`` for all.
    """
    if len(categories) < 2 or metainfo is None:
        return None
    listing = {
        category['id'] for category in categories
        if isinstance(category.get('keypoints'), list)
        and len(category['keypoints']) == metainfo['num_keypoints']
    }
    if listing:
        return listing
    named = [
        category['id'] for category in categories
        if str(category.get('name')).lower() == 'face'
    ]
    has_points = any(
        isinstance(one, dict) and one.get('keypoints')
        and one.get('category_id') in named for one in annotations)
    return set(named) if has_points else None


def other_order(categories: List[dict],
                metainfo: Optional[dict]) -> Optional[str]:
    """Finds points that the file itself lists in another order.

    Args:
        categories (list[dict]): Of the file.
        metainfo (dict, optional): Parsed, of the point set.

    Returns:
        str | None: What is wrong, and the remedy.
    """
    ours = list(metainfo['keypoint_name2id']) if metainfo else []
    for category in categories:
        names = category.get('keypoints')
        if not isinstance(names, list) or names == ours or sorted(
                map(str, names)) != sorted(ours) or metainfo is None:
            continue
        first = next(i for i, name in enumerate(ours) if names[i] != name)
        return ('it lists its points in another order than the metainfo '
                f'"{metainfo["dataset_name"]}": point {first} is '
                f'"{names[first]}" instead of "{ours[first]}". Set `metainfo` '
                'of the data set to one of this order, or convert the file.')
    return None
