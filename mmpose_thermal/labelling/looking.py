"""Finds faces in the images of a pair."""
import os.path as osp
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from mmpose_thermal.datasets.alignment import as_homography, moved
from mmpose_thermal.datasets.transforms.loading import read_image
from mmpose_thermal.runtime.warned_once import warn_once

from .pairs import Pair

_MIN_BOX_SCORE = .5
_MAX_STRETCH = .05  # 4:3 and 5:4 differ by 0.065


class Unsure(Exception):
    """Why a pair or a face is dropped, as it is counted; and perhaps an example."""

    def __init__(self, reason: str, example: Optional[str] = None) -> None:
        super().__init__(reason)
        self.example = example


@dataclass
class Face:
    """A face in an RGB image.

    Attributes:
        box (np.ndarray): ``x1 y1 x2 y2``, pixels, (4, ).
        score (float): The detector's, 1 for given boxes.
        points (np.ndarray, optional): x, y and score, (K, 3); a score of 0 for
            points that the teacher does not know.
        fields (dict): Attributes from the annotation file.
    """
    box: np.ndarray
    score: float = 1.
    points: Optional[np.ndarray] = None
    fields: Dict[str, Any] = field(default_factory=dict)


@dataclass
class Seen:
    """What was found in a pair.

    Attributes:
        image (dict): Record of the pair.
        faces (list[Face]): Of the RGB image.
        to_thermal (np.ndarray, optional): (3, 3), from RGB to thermal pixels, if
            known.
        thermal (np.ndarray, optional): Points of the thermal image with
            visibility, (K, 3), where they are needed and were found.
    """
    image: Dict[str, Any]
    faces: List[Face]
    to_thermal: Optional[np.ndarray] = None
    thermal: Optional[np.ndarray] = None


class Looker:
    """Looks at pairs, one by one.

    Args:
        root (str): Folder that file names are relative to.
        detector (Callable, optional): See :mod:`.detectors`; the boxes of the
            annotation file if ``None``.
        points (PointFinder, optional): For RGB images; no points if ``None``.
        thermal (Callable, optional): Finds the thermal points of an image's record;
            ``None`` if all pixels coincide.
    """

    def __init__(self, root: str, detector: Any, points: Any, thermal: Any) -> None:
        self._root, self._detector = root, detector
        self._points, self._thermal = points, thermal

    def __call__(self, pair: Pair) -> Seen:
        """Looks at a pair.

        Raises:
            Unsure: It has no face, or more than can be told apart.
        """
        image = dict(pair.image)
        try:
            rgb = read_image(osp.join(self._root, image['rgb_file_name']), colour=True)
        except (OSError, ValueError) as error:
            raise Unsure('RGB image missing or unreadable', str(error)) from None
        to_thermal = self._known_map(image, rgb.shape[1::-1])
        faces = self._faces(rgb, pair.faces, to_thermal)
        if not faces:
            raise Unsure('no face found in RGB')
        if to_thermal is None and len(faces) > 1:
            # Their distances may differ, and one map holds for one distance.
            raise Unsure('several faces in RGB, and cameras not aligned')
        if self._points is not None:
            for face, found in zip(
                    faces, self._points(rgb, np.array([f.box for f in faces]))):
                face.points = found
        seen = Seen(image, faces, to_thermal)
        if to_thermal is None:
            seen.thermal = self._thermal_points(image)
        return seen

    def _known_map(self, image, rgb_size):
        if image.get('rgb_homography') is not None:
            return as_homography(image['rgb_homography'])
        if self._thermal is not None:
            return None
        size = image['width'], image['height']
        if abs(np.log(size[0] * rgb_size[1] / (size[1] * rgb_size[0]))) > _MAX_STRETCH:
            warn_once(
                'stretched', '{}: {}x{} pixels beside {}x{} in the thermal image have '
                'another aspect ratio. Do they show the same view (--aligned)?'.format(
                    image['rgb_file_name'], *rgb_size, *size))
        return resizing(rgb_size, size)

    def _faces(self, rgb, known, to_thermal):
        if self._detector is not None:
            boxes, scores = self._detector(rgb, _MIN_BOX_SCORE)
            return [Face(np.asarray(box, float), float(score))
                    for box, score in zip(boxes, scores)]
        return [Face(_box_in_rgb(one['bbox'], to_thermal), fields=one)
                for one in known]

    def _thermal_points(self, image):
        try:
            return self._thermal(dict(
                image, img_path=osp.join(self._root, image['file_name'])))
        except (OSError, ValueError) as error:
            raise Unsure('thermal image missing or unreadable', str(error)) from None


def resizing(rgb_size: Sequence[int], thermal_size: Sequence[int]) -> np.ndarray:
    """The map (3, 3) between images of one view with these widths and heights."""
    x, y = (own / other for own, other in zip(thermal_size, rgb_size))
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])


def _box_in_rgb(box, to_thermal):
    x, y, width, height = box
    corners = np.array([[x, y], [x + width, y + height]])
    return np.sort(moved(corners, np.linalg.inv(to_thermal)), 0).ravel()
