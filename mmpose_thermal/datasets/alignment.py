"""Maps from RGB to thermal pixels, and detection of mirrored faces."""
from dataclasses import dataclass
from typing import Dict, Hashable, List, Optional, Sequence, Tuple

import cv2
import numpy as np

MODELS = ('similarity', 'affine', 'homography')
_NEEDED = dict(similarity=2, affine=3, homography=4)
# A point is an outlier if it is further off than this share of the points' extent.
_OUTLIER_SHARE = .05


def moved(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Maps points (N, 2) by a matrix (3, 3)."""
    return cv2.perspectiveTransform(np.asarray(points, float)[:, None], matrix)[:, 0]


# --------------------------------------------------- from the annotation file
def as_homography(numbers: Sequence[float]) -> np.ndarray:
    """Converts nine numbers in row-major order, flat or nested, to a (3, 3) matrix.

    Raises:
        ValueError: The numbers do not form an invertible matrix.
    """
    try:
        matrix = np.asarray(numbers, dtype=float)
    except (TypeError, ValueError, OverflowError):  # text, ragged rows, ...
        matrix = np.empty(0)
    if matrix.size != 9 or not np.isfinite(matrix).all() or abs(
            np.linalg.det(matrix.reshape(3, 3))) < 1e-12:
        raise ValueError(f'"rgb_homography" is {numbers}, but must be the '
                         'nine numbers of an invertible matrix, row by row.')
    return matrix.reshape(3, 3)


def affine_between(rgb_keypoints: Sequence[float],
                   keypoints: Sequence[float]) -> np.ndarray:
    """Fits an affine map to one face's landmarks in both images.

    The fit uses least squares over the points, ``[x, y, v] * K``, that are
    labelled in both images. A face is not flat, so even a homography would not
    fit all points; an affine map stays stable when there are only a few.

    Returns:
        np.ndarray: Shape (3, 3), from RGB to thermal pixels.

    Raises:
        ValueError: The points do not determine the map.
    """
    source, target = (np.asarray(points, dtype=float).reshape(-1, 3)
                      for points in (rgb_keypoints, keypoints))
    if len(source) != len(target):
        raise ValueError(f'"rgb_keypoints" has {len(source)} points, '
                         f'"keypoints" {len(target)}. They must be the same '
                         'points.')
    both = (source[:, 2] > 0) & (target[:, 2] > 0)
    known = np.column_stack([source[both, :2], np.ones(both.sum())])
    if len(known) < 3 or not np.isfinite(known).all() or \
            np.linalg.matrix_rank(known) < 3:
        raise ValueError(
            f'"rgb_keypoints" and "keypoints" have {both.sum()} labelled '
            'points in common; at least three that are finite and not on one '
            'line are needed to align the images.')
    solution = np.linalg.lstsq(known, target[both, :2], rcond=None)[0]
    return np.vstack([solution.T, [0, 0, 1]])


def rgb_to_thermal(image: dict, annotation: dict) -> Optional[np.ndarray]:
    """Returns the (3, 3) map from RGB to thermal pixels; None for aligned pairs.

    A face's ``rgb_keypoints`` take precedence over its image's ``rgb_homography``.

    Raises:
        ValueError: See :func:`as_homography` and :func:`affine_between`.
    """
    if annotation.get('rgb_keypoints'):
        return affine_between(annotation['rgb_keypoints'],
                              annotation['keypoints'])
    if image.get('rgb_homography') is not None:
        return as_homography(image['rgb_homography'])
    return None


# --------------------------------------------------------- from common points
@dataclass
class Registration:
    """A map fitted to a group of pairs."""
    matrix: np.ndarray  # (3, 3), RGB to thermal pixels
    points: int  # number of correspondences
    inliers: int  # number of correspondences that fit
    residual_px: float  # median distance of the inliers, in thermal pixels


def fit_map(rgb_points: np.ndarray, thermal_points: np.ndarray,
            model: str = 'affine') -> Registration:
    """Fits a map from RGB to thermal pixels, robustly.

    Args:
        rgb_points (np.ndarray): Shape (N, 2), pixels.
        thermal_points (np.ndarray): Shape (N, 2), pixels.
        model (str): ``'similarity'`` (4 parameters), ``'affine'`` (6) or
            ``'homography'`` (8, for points all over the image).

    Raises:
        ValueError: The points are too few, collinear or inconsistent.
    """
    if model not in MODELS:
        raise ValueError(f'the model must be one of {MODELS}, got {model!r}.')
    source = np.asarray(rgb_points, np.float64)
    target = np.asarray(thermal_points, np.float64)
    # One more than the minimum: any three points fit an affine map exactly.
    if len(source) <= _NEEDED[model]:
        raise ValueError(f'{len(source)} common points are too few for '
                         f'"{model}", which needs {_NEEDED[model] + 1}.')
    threshold = max(_OUTLIER_SHARE * float(np.ptp(target, 0).max()), 1.)
    if model == 'homography':
        matrix, inliers = cv2.findHomography(source, target, cv2.RANSAC,
                                             threshold)
    else:
        fit = (cv2.estimateAffine2D
               if model == 'affine' else cv2.estimateAffinePartial2D)
        matrix, inliers = fit(source, target, ransacReprojThreshold=threshold,
                              refineIters=20)
        if matrix is not None:
            matrix = np.vstack([matrix, [0, 0, 1]])
    if matrix is None or abs(np.linalg.det(matrix)) < 1e-9 or \
            inliers.sum() < max(_NEEDED[model] + 1, .6 * len(source)):
        raise ValueError(
            f'no "{model}" fits the {len(source)} common points: they lie on '
            'one line, or many of them do not correspond. Check that '
            'both sides have the same point order.')
    distance = np.linalg.norm(moved(source, matrix) - target, axis=1)
    inside = inliers.ravel().astype(bool)
    return Registration(matrix, len(source), int(inside.sum()),
                        float(np.median(distance[inside])))


def register_groups(
        pairs: Sequence[Tuple[Hashable, np.ndarray, np.ndarray]],
        model: str = 'affine'
) -> Tuple[Dict[Hashable, Registration], List[Tuple[Hashable, str]]]:
    """Fits one map to each group of pairs (a frame, a sequence, ...).

    A pair consists of its group, the RGB points and the thermal points, (K, 3)
    each with COCO visibility. Returns the registrations by group, and the
    groups that failed with the reason.
    """
    known: Dict[Hashable, list] = {}
    for group, rgb, thermal in pairs:
        both = (rgb[:, 2] > 0) & (thermal[:, 2] > 0)
        known.setdefault(group, []).append(
            (rgb[both, :2], thermal[both, :2]))
    found, failed = {}, []
    for group, parts in known.items():
        rgb, thermal = (np.concatenate(side) for side in zip(*parts))
        try:
            found[group] = fit_map(rgb, thermal, model)
        except ValueError as error:
            failed.append((group, str(error)))
    return found, failed


def is_mirrored(right_eye: np.ndarray, left_eye: np.ndarray,
                below: np.ndarray) -> np.ndarray:
    """Whether right and left of each face are swapped, regardless of rotation.

    In an upright frontal face the subject's right is on the left of the image.
    Mirrored images, swapped right and left labels, and swapped x and y all
    reverse this; a rotation does not.

    Points are (..., 2), pixels; ``below`` is a point of the mouth or chin.
    """
    across = left_eye - right_eye
    down = below - (left_eye + right_eye) / 2
    return across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0] < 0
