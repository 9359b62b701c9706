"""Where an unaligned RGB camera looks: homographies from corresponding points.
"""
from dataclasses import dataclass
from typing import Dict, Hashable, List, Sequence, Tuple

import cv2
import numpy as np

MODELS = ('similarity', 'affine', 'homography')
_NEEDED = dict(similarity=2, affine=3, homography=4)
# Points further off than this share of the points' extent are outliers.
_OUTLIER_SHARE = .05


@dataclass
class Registration:
    """A fitted map of one group of pairs.

    Attributes:
        matrix (np.ndarray): Shape (3, 3), RGB to thermal pixels.
        points (int): How many correspondences there were.
        inliers (int): How many fit.
        residual_px (float): Their median distance in thermal pixels.
    """
    matrix: np.ndarray
    points: int
    inliers: int
    residual_px: float


def fit_map(rgb_points: np.ndarray, thermal_points: np.ndarray,
            model: str = 'affine') -> Registration:
    """Fits a map from RGB to thermal pixels, robustly.

    Args:
        rgb_points (np.ndarray): Shape (N, 2), pixels.
        thermal_points (np.ndarray): Shape (N, 2), pixels.
        model (str): ``'similarity'`` (4 parameters), ``'affine'`` (6) or
            ``'homography'`` (8, for points all over the image).

    Returns:
        Registration: The map.

    Raises:
        ValueError: Too few points, on one line, or they do not fit together.
    """
    if model not in MODELS:
        raise ValueError(f'the model must be one of {MODELS}, got {model!r}.')
    source = np.asarray(rgb_points, np.float64)
    target = np.asarray(thermal_points, np.float64)
    # One more than determine it: any three points fit an affine map.
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
        matrix, inliers = fit(
            source, target, ransacReprojThreshold=threshold,
            refineIters=20)
        if matrix is not None:
            matrix = np.vstack([matrix, [0, 0, 1]])
    if matrix is None or abs(np.linalg.det(matrix)) < 1e-9 or \
            inliers.sum() < max(_NEEDED[model] + 1, .6 * len(source)):
        raise ValueError(
            f'no "{model}" fits the {len(source)} common points: they lie on '
            'one line, or many of them do not correspond. Check that '
            'both sides have the same point order.')
    moved = cv2.perspectiveTransform(source[:, None], matrix)[:, 0]
    distance = np.linalg.norm(moved - target, axis=1)
    inside = inliers.ravel().astype(bool)
    return Registration(matrix, len(source), int(inside.sum()),
                        float(np.median(distance[inside])))


def register_groups(
        pairs: Sequence[Tuple[Hashable, np.ndarray, np.ndarray]],
        model: str = 'affine'
) -> Tuple[Dict[Hashable, Registration], List[Tuple[Hashable, str]]]:
    """Fits one map a group of pairs.

    Args:
        pairs (Sequence[tuple]): A group (a frame, a sequence, ...), and points
            of RGB and thermal image, (K, 3) each with COCO's visibility.
        model (str): See :func:`fit_map`.

    Returns:
        tuple: Registrations by group, and the groups that have none with the
        reason.
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
