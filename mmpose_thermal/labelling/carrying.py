"""Carries faces from RGB images to their thermal partners."""
from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

import numpy as np

from mmpose_thermal.datasets.alignment import moved, register_groups
from mmpose_thermal.datasets.annotations.rules import box_breach, outside_image
from mmpose_thermal.datasets.converter_tools.records import (box_around, box_fields,
                                                             listed)
from mmpose_thermal.datasets.pair_registration import group_of

from .looking import Face, Seen, Unsure

_MARGIN = .1
_MODEL = 'similarity'
#: Largest distance of RGB points from thermal ones, in sides of the face.
MAX_RESIDUAL = .1
_MIN_INSIDE = .5


@dataclass
class Labelled:
    """A pair with the faces that are labelled, and their annotations."""
    seen: Seen
    faces: List[Face]
    annotations: List[Dict[str, Any]]

    def record(self) -> Dict[str, Any]:
        """The image's record, with the map from RGB pixels unless they coincide."""
        matrix = self.seen.to_thermal
        if matrix is None or np.allclose(matrix, np.eye(3)):
            return self.seen.image
        return dict(self.seen.image, rgb_homography=matrix.round(8).ravel().tolist())


def fit_maps(seen: List[Seen], per: str,
             min_point_score: float) -> List[Tuple[Any, str]]:
    """Sets ``to_thermal`` of pairs without, from the points of both images.

    Args:
        seen (list[Seen]): Pairs; those with a map stay as they are.
        per (str): See :func:`.label_pairs`.
        min_point_score (float): Points in RGB images with a lower score are not used.

    Returns:
        list[tuple]: Groups for which no map fits, and why.

    Raises:
        ValueError: An image has no such field.
    """
    unknown = [one for one in seen if one.to_thermal is None]
    common = []
    for one in unknown:
        if one.thermal is not None:
            assert one.faces[0].points is not None
            rgb = _visible(one.faces[0].points, min_point_score)
            common.append((group_of(one.image, per), rgb, one.thermal))
    found, no_map = register_groups(common, _MODEL)
    failed = dict(no_map)
    for one in unknown:
        group = group_of(one.image, per)
        if group in found:
            one.to_thermal = found[group].matrix
        else:
            failed.setdefault(group, 'no face was found in its thermal images.')
    return list(failed.items())


class Carrier:
    """Makes annotations of thermal images from faces in RGB images.

    Args:
        min_score (float): Of a face with points.
        min_point_score (float): Of a point.
        boxes_only (bool): Whether to leave the points out.
    """

    def __init__(self, min_score: float, min_point_score: float,
                 boxes_only: bool) -> None:
        self._min_score, self._min_point_score = min_score, min_point_score
        self._boxes_only = boxes_only

    def __call__(self, face: Face, seen: Seen) -> Dict[str, Any]:
        """The annotation of a face, without ids.

        Raises:
            Unsure: The face is not to be trusted.
        """
        assert seen.to_thermal is not None
        size = np.array([seen.image['width'], seen.image['height']])
        if face.points is None:
            fields = dict(score=round(face.score, 3))
            corners = moved(face.box.reshape(2, 2), seen.to_thermal)
            labelled = np.column_stack([corners, [2, 2]])
            margin = 0.
        else:
            labelled, fields = self._points(face, seen, size)
            margin = _MARGIN
        box = box_around(labelled, margin)
        breach = box_breach(box.tolist(), size[0], size[1], 'it')
        if breach:
            raise Unsure('box outside the thermal image')
        return {**face.fields, **box_fields(box, size), **fields}

    def _points(self, face: Face, seen: Seen, size: np.ndarray):
        assert face.points is not None and seen.to_thermal is not None
        known = face.points[:, 2] > 0
        score = face.points[known, 2].mean() if known.any() else 0.
        if score < self._min_score:
            raise Unsure('low score')
        points = _visible(face.points, self._min_point_score)
        points[:, :2] = moved(points[:, :2], seen.to_thermal)
        _require_agreement(points, seen.thermal)
        inside = ~outside_image(points[:, :2], size)
        if inside[known].mean() < _MIN_INSIDE:
            raise Unsure('mostly outside the thermal image')
        fields: Dict[str, Any] = dict(score=round(float(score), 3))
        if not self._boxes_only:
            shown = points * ((points[:, 2] > 0) & inside)[:, None]
            fields.update(
                keypoints=listed(shown), num_keypoints=int((shown[:, 2] > 0).sum()),
                keypoint_scores=face.points[:, 2].round(3).tolist())
        # The box is that of all points: the face does not shrink with doubt.
        return np.column_stack([points[:, :2], known]), fields


def _visible(points, min_point_score):
    """Points with COCO visibility instead of their scores."""
    sure = (points[:, 2] > 0) & (points[:, 2] >= min_point_score)
    return np.column_stack([points[:, :2], 2. * sure])


def _require_agreement(points, thermal):
    """Drops pairs whose images show the face at different places."""
    if thermal is None:
        return
    both = (points[:, 2] > 0) & (thermal[:, 2] > 0)
    if not both.any():
        return
    side = np.sqrt(np.ptp(points[both, :2], axis=0).prod())
    off = np.linalg.norm(points[both, :2] - thermal[both, :2], axis=1)
    if np.median(off) > MAX_RESIDUAL * side:
        raise Unsure('RGB and thermal points disagree (moved between the exposures?)')
