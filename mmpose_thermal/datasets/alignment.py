"""How points lie: in an image and its partner, and in the mirror."""
from typing import Optional, Sequence

import numpy as np


def as_homography(numbers: Sequence[float]) -> np.ndarray:
    """Checks a homography of an annotation file.

    Args:
        numbers (Sequence[float]): The nine numbers of the matrix, row by row,
            flat or nested.

    Returns:
        np.ndarray: Shape (3, 3), from RGB to thermal pixels.

    Raises:
        ValueError: It is none.
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

    By least squares over the points that are labelled in both. A face is not
    flat, so that no homography fits all of its points either; the affine map
    cannot run away where they are few.

    Args:
        rgb_keypoints (Sequence[float]): ``[x, y, v] * K`` in RGB pixels.
        keypoints (Sequence[float]): ``[x, y, v] * K`` in thermal pixels.

    Returns:
        np.ndarray: Shape (3, 3), from RGB to thermal pixels.

    Raises:
        ValueError: The points do not determine it.
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
    """Tells where the RGB partner of an annotated image lies.

    Args:
        image (dict): Of the annotation file; may have ``rgb_homography``.
        annotation (dict): Of a face in it; its ``rgb_keypoints`` go before.

    Returns:
        np.ndarray | None: Shape (3, 3), from RGB to thermal pixels; ``None``
        for aligned pairs.

    Raises:
        ValueError: See :func:`as_homography` and :func:`affine_between`.
    """
    if annotation.get('rgb_keypoints'):
        return affine_between(annotation['rgb_keypoints'],
                              annotation['keypoints'])
    if image.get('rgb_homography') is not None:
        return as_homography(image['rgb_homography'])
    return None


def is_mirrored(right_eye: np.ndarray, left_eye: np.ndarray,
                below: np.ndarray) -> np.ndarray:
    """Whether a face's right and left are exchanged, however it is turned.

    Seen from the front, the subject's right is on the left of the image when
    the chin is down. Mirrored images, labels of right and left exchanged, and
    x and y exchanged all turn this round; a rotation does not.

    Args:
        right_eye, left_eye (np.ndarray): Pixels, (..., 2).
        below (np.ndarray): A point of mouth or chin, likewise.

    Returns:
        np.ndarray: Bool, (...).
    """
    across = left_eye - right_eye
    down = below - (left_eye + right_eye) / 2
    return across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0] < 0
