"""Systematic offsets of predicted points, in the direction of the face."""
from typing import Dict, List, Sequence

import numpy as np

from .face_errors import FaceErrors


def region_offsets(
        faces: FaceErrors,
        eyes: Sequence[List[int]]) -> Dict[str, np.ndarray]:
    """Mean offset of predicted from true points, by region.

    A mean of signed offsets shows what a model gets wrong on all faces alike;
    random errors cancel.

    Args:
        faces (FaceErrors): Errors of a model on N faces.
        eyes (Sequence[list[int]]): The points to average at the outer corners of
            the eyes on the left and on the right of the image.

    Returns:
        dict[str, np.ndarray]: Offsets of each face by region, (N, 2): away from
        the middle of the face along the line of the eyes, and down across it;
        fractions of the first normaliser. NaN where no point is labelled.
    """
    one, other = (faces.truth[:, list(end)].mean(1) for end in eyes)
    across = other - one
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    down = np.stack([-across[:, 1], across[:, 0]], 1)
    length = next(iter(faces.lengths_px.values()))
    middle = ((one + other) / 2)[:, None]
    side = np.sign(np.einsum('nkd,nd->nk', faces.truth - middle, across))
    shift = (faces.predicted - faces.truth) / length[:, None, None]
    offsets = np.stack([
        side * np.einsum('nkd,nd->nk', shift, across),
        np.einsum('nkd,nd->nk', shift, down)
    ], -1)
    return {
        name: _labelled_mean(offsets[:, points], faces.labelled[:, points])
        for name, points in faces.regions.items()
    }


def _labelled_mean(offsets, labelled):
    count = labelled.sum(1)[:, None]
    total = np.where(labelled[..., None], offsets, 0).sum(1)
    return np.divide(total, count, where=count > 0,
                     out=np.full(total.shape, np.nan))
