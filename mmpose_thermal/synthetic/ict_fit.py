"""Draws the mean of ICT-FaceKit's heads to our mean face.

Its mean has a wider jaw and a lower mouth than the faces whose landmarks our
mean follows, and its brows' points lie above the hair of the brows. Left
alone, a model learns these offsets.
"""
from dataclasses import replace

import numpy as np

from .head import FLIP_INDICES, Head, rotation
from .people import sample_subject
from .views import View

_PEOPLE = 64
_BROWS = np.arange(17, 27)
_FITTED = np.setdiff1d(np.arange(68), _BROWS)
# Reach of a landmark's own displacement, and how closely it is followed.
_REACH_CM, _RIDGE = 1.6, .005
# Landmarks agree where they are compared: seen by the average camera.
_VIEW = View(
    yaw=0., pitch=np.radians(8), roll=0., distance_cm=120., face_fraction=.7,
    shift=np.zeros(2), mouth_open=0., smile=0., brow_raise=0., eye_closure=0.,
    gaze=np.zeros(2), glasses=False)


def fit_to_mean_face(shapes):
    """Scales the mean, then moves its vertices smoothly in the frontal plane.

    Args:
        shapes (IctShapes): The shapes as they are.

    Returns:
        tuple[IctShapes, np.ndarray]: The shapes about another mean, and where
        brows are to be painted: offsets (10, 2) from their landmarks, cm.
    """
    places = shapes.mean[shapes.landmarks].astype(float)
    source, target = _seen(places), _seen(_mean_landmarks())
    scale = (target[_FITTED].std(0) / source[_FITTED].std(0)).mean()
    source = _seen(places * scale)
    reach = places[_FITTED, :2]
    weights = np.linalg.solve(
        _kernel(reach, reach) + _RIDGE * np.eye(len(_FITTED)),
        (target - source)[_FITTED])
    moved = _kernel(shapes.mean[:, :2], reach) @ weights
    mean = shapes.mean * np.float32(scale)
    mean[:, :2] += moved
    fitted = replace(shapes, mean=mean)
    return fitted, (target - source - moved[shapes.landmarks])[_BROWS]


def _seen(points):
    """Points (N, 3) as the average camera shows them, (N, 2), cm."""
    posed = points @ rotation(_VIEW).T
    return posed[:, :2] * (
        _VIEW.distance_cm / (_VIEW.distance_cm - posed[:, 2:]))


def _kernel(a, b):
    square = ((a[:, None] - b[None])**2).sum(-1)
    return np.exp(-square / (2 * _REACH_CM**2))


def _mean_landmarks():
    """Of neutral parametric people, symmetric, (68, 3), cm."""
    rng = np.random.default_rng(0)
    points = np.mean([
        Head(sample_subject(rng), _VIEW).landmarks() for _ in range(_PEOPLE)
    ], 0)
    return .5 * (points + points[FLIP_INDICES] * [-1, 1, 1])
