"""Statistics of a data set."""
from collections import defaultdict
from typing import Any, Dict, List, Sequence

import numpy as np

from ..annotations.rules import short
from .findings import Faces


def statistics_of(data: Faces, metainfo: dict) -> dict:
    """Counts and sizes of one file, ready for json."""
    sizes: Dict[str, int] = defaultdict(int)
    for image in data.images:
        sizes[f'{image["width"]}x{image["height"]}'] += 1
    statistics = dict(
        images=len(data.images), faces=len(data.points),
        unlabelled_faces=int((~data.labelled).sum()),
        subjects=len({short(image['subject_id'])
                      for image in data.images if 'subject_id' in image}),
        pairs=sum(bool(image.get('rgb_file_name')) for image in data.images),
        image_sizes=dict(sorted(sizes.items(), key=lambda item: -item[1])[:5]),
        bit_depths=sorted({image.get('bit_depth') or 8
                           for image in data.images}))
    if len(data.points):
        side = np.sqrt(data.boxes[:, 2] * data.boxes[:, 3])
        statistics['box_side_px'] = spread(side)
        if 'interocular' in metainfo:
            right, left = metainfo['interocular']
            known = (data.points[:, right + left, 2] > 0).all(1)
            distance = np.linalg.norm(
                data.points[known][:, right, :2].mean(1) -
                data.points[known][:, left, :2].mean(1), axis=1)
            if len(distance):
                statistics['interocular_px'] = spread(distance)
    return statistics


def spread(values: np.ndarray) -> dict:
    """Minimum, median and maximum of some numbers."""
    levels: Any = np.percentile(values, (0, 50, 100)).round(1)
    return dict(zip(('min', 'median', 'max'), levels.tolist()))


def normalisation_of(found: Sequence[List[dict]]) -> Dict[str, dict]:
    """``mean`` and ``std`` of the pixels in face crops, by modality."""
    normalisation: Dict[str, dict] = {}
    for modality in ('thermal', 'rgb'):
        moments = [result[modality] for results in found
                   for result in results if modality in result]
        if not moments:
            continue
        count, total, squares = np.sum(moments, 0)
        if np.min(count) == 0:
            continue
        mean = total / count
        std = np.sqrt(np.maximum(squares / count - mean**2, 0))
        repeat = 3 if len(mean) == 1 else 1
        normalisation[modality] = dict(
            mean=mean.round(2).tolist() * repeat,
            std=std.round(2).tolist() * repeat)
    return normalisation
