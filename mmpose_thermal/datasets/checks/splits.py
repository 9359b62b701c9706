"""Finds subjects, files and images that splits must not share."""
from collections import defaultdict
from typing import Any, Dict, List, Sequence, Tuple

import cv2
import numpy as np

from ..annotations.rules import short
from .findings import Add, Faces

_FINGERPRINT = 16  # side, in coefficients
_NEAR_BITS = 24  # largest difference between near-duplicates, of 256 bits
_COMPARED_AT_ONCE = 2**25  # pairs of fingerprints; 128 MiB
_MAX_PAIRS = 4  # shown as examples


def fingerprint(grey: np.ndarray) -> np.ndarray:
    """Computes a 256-bit perceptual hash; similar images differ in few bits.

    Each bit tells whether a low-frequency cosine coefficient exceeds the median.

    Args:
        grey (np.ndarray): Shape (H, W), uint8.

    Returns:
        np.ndarray: Shape (32, ), uint8.
    """
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small.astype(np.float32))[:_FINGERPRINT, :_FINGERPRINT]
    return np.packbits(low > np.median(low))


def check_splits(files: Sequence[Faces], add: Add):
    """Finds subjects and files in more than one split."""
    for name, what, remedy in (
        ('subject_id', 'subjects', 'The test would reward memorised people: '
         'split by subject.'),
        ('file_name', 'files', 'Keep each in one split.')):
        where: Dict[Any, set] = defaultdict(set)
        for data in files:
            for i, image in enumerate(data.images):
                if image.get(name) is not None:
                    # Values may be of any type, including unhashable lists.
                    where[short(image[name])].add(data.name)
        shared = [value for value, names in where.items() if len(names) > 1]
        if shared:
            add('error', f'shared {what}',
                f'{len(shared)} {what} occur in more than one of the files, '
                f'first {shared[0]}. {remedy}')


def check_duplicates(files: Sequence[Faces], found: Sequence[List[dict]],
                     add: Add):
    """Finds equal images within and across splits, and similar ones across."""
    seen: Dict[str, Tuple[str, int]] = {}
    within: List[tuple] = []
    across: List[tuple] = []
    for data, results in zip(files, found):
        for i, result in enumerate(results):
            if 'sha1' not in result:
                continue
            first = seen.setdefault(result['sha1'], (data.name, i))
            if first != (data.name, i):
                (within if first[0] == data.name else across).append(
                    (first, (data.name, i)))
    for level, what, pairs in (('error', 'across splits', across),
                               ('warning', 'within a split', within)):
        if pairs:
            add(level, f'duplicates {what}',
                f'{len(pairs)} images have exactly the same pixels as another '
                f'{what}. Keep one of each.',
                [place for pair in pairs[:_MAX_PAIRS]
                 for place in pair])
    exact = {place for pair in across for place in pair}
    near = [
        pair for one in range(len(files)) for other in range(one + 1, len(files))
        for pair in _near_pairs(files[one].name, found[one], files[other].name,
                                found[other]) if pair[1] not in exact
    ]
    if near:
        add('warning', 'near-duplicates across splits',
            f'{len(near)} images look nearly the same as an image of another '
            'split. Check whether they show the same moment.',
            [place for pair in near[:_MAX_PAIRS] for place in pair])


def _near_pairs(name, results, other_name, others):
    """Pairs each image of the other file with its nearest here, if near enough."""
    def signs(found):
        known = [i for i, r in enumerate(found) if 'fingerprint' in r]
        if not known:
            return known, np.empty((0, 256), np.float32)
        bits = np.unpackbits(
            np.array([found[i]['fingerprint'] for i in known], np.uint8),
            axis=1)
        return known, bits.astype(np.float32) * 2 - 1

    known, ours = signs(results)
    other_known, theirs = signs(others)
    pairs = []
    if not len(ours) or not len(theirs):
        return pairs
    chunk = max(_COMPARED_AT_ONCE // len(ours), 1)
    for start in range(0, len(theirs), chunk):
        agreement = theirs[start:start + chunk] @ ours.T
        nearest = agreement.argmax(1)
        best = agreement[np.arange(len(nearest)), nearest]
        for row in np.flatnonzero(best >= 256 - 2 * _NEAR_BITS):
            pairs.append(((name, known[nearest[row]]),
                          (other_name, other_known[start + row])))
    return pairs
