"""Pairs images with face boxes."""
from collections.abc import Iterable as IterableType
from collections.abc import Mapping
from typing import Iterable, Iterator, Optional, Sequence, Tuple

import numpy as np

from .inputs import Image, is_array, shown


def boxes_of_batch(boxes: Optional[Iterable], count: int) -> Optional[list]:
    """Checks that there is one list of boxes per image of a batch."""
    if boxes is None:
        return None
    if not isinstance(boxes, IterableType):
        raise ValueError(f'boxes are {boxes!r:.80}: a batch needs one list '
                         '(N, 4) per image.')
    boxes = list(boxes)
    if len(boxes) != count:
        raise ValueError(f'{count} images, but boxes for {len(boxes)}: a '
                         'batch needs one list per image.')
    return boxes


def with_boxes(images: Iterable[Image],
               boxes: Optional[Iterable]) -> Iterator[Tuple[Image, object]]:
    """Yields pairs of image and boxes.

    Args:
        images (Iterable): Images.
        boxes (Iterable, optional): One list (N, 4) for all images, or one such
            list per image; ``None`` to use the detector.
    """
    if not (boxes is None or isinstance(boxes, IterableType)):
        raise ValueError(f'boxes are {shown(boxes)}; expected (N, 4): x1, '
                         'y1, x2, y2, or one such list per image.')
    if boxes is None or _are_for_all(boxes):
        for image in images:
            yield image, boxes
        return
    given = iter(boxes)
    missing = object()
    for index, image in enumerate(images):
        own = next(given, missing)
        if own is missing:
            raise ValueError(f'boxes end after {index} images: expected one '
                             'list per image, or one list (N, 4) for all.')
        yield image, own


def _are_for_all(boxes):
    """Whether boxes are one list for all images, not one list per image."""
    if is_array(boxes):
        return len(boxes.shape) < 3
    if isinstance(boxes, (str, Mapping)):
        return True  # refused later
    if not isinstance(boxes, Sequence):
        return False  # an iterator yields one list per image
    return not boxes or any(_is_row(box) for box in boxes)


def _is_row(box):
    """Whether it is a single box or a number, not a list of boxes."""
    if box is None or not hasattr(box, '__len__'):
        return box is not None
    return isinstance(box, (str, Mapping)) or (
        len(box) > 0 and np.ndim(box[0]) == 0)
