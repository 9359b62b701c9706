"""Measures skin temperatures at landmarks and in facial regions."""
from dataclasses import dataclass
from typing import Dict, Optional, Sequence, Tuple

import cv2
import numpy as np

from .radiometry import CELSIUS_K, DEFAULT_SCALE
from .skin_regions import SkinRegion, landmark_extent_px, skin_regions

#: Plausible median temperature of a face, degrees Celsius.
SKIN_CELSIUS = (0., 50.)
_POINT_RADIUS = .012
_MIN_RADIUS_PX = 1.
_POINT_ERROR = .02  # of the landmarks' extent, if the network does not tell
# Thermography's rule: a camera resolves a spot from 3 x 3 pixels.
_MIN_PIXELS = 9
# ISO/TR 13154 asks for 180 x 240 pixels on the face. From brows to chin are two
# thirds of its height, so the 68 points span 180 x 160.
_SCREENING_EXTENT_PX = (180 * 160)**.5
_MAX_UNCERTAINTY_K = .5  # fever is 1 K more than normal
_MIN_FACE_SCORE = .35  # of shipped models, most crops without a face are below


@dataclass(frozen=True)
class SkinReading:
    """The temperature of a skin region, and how far to trust it.

    Attributes:
        celsius (float): Temperature, degrees Celsius; NaN outside the image.
        pixels (int): Number of pixels measured.
        uncertainty_k (float): How much the value changes if the landmarks move
            by their own uncertainty, and if the face were twice as far away.
            The camera's own error is not known and not included.
        problem (str, optional): Why the value is not to be trusted.
    """
    celsius: float
    pixels: int
    uncertainty_k: float
    problem: Optional[str] = None


def is_skin(celsius: Sequence[float]) -> bool:
    """Whether a face's values, degrees Celsius, are plausible for skin.

    Raw counts may look like a plausible scene by chance, but hardly like a
    plausible face. NaN values are ignored; all NaN is not skin.
    """
    values = np.asarray(celsius, float)
    values = values[np.isfinite(values)]
    low, high = SKIN_CELSIUS
    return bool(len(values) and low <= np.median(values) <= high)


def to_celsius(values: np.ndarray,
               scale: Optional[float] = None,
               offset: float = 0.) -> np.ndarray:
    """Converts raw pixels to degrees Celsius, float32.

    Args:
        values (np.ndarray): Raw pixels, any shape.
        scale, offset (float): See :class:`SkinThermometer`.
    """
    scale = DEFAULT_SCALE[values.dtype.name] if scale is None else scale
    return (values * scale + (offset - CELSIUS_K)).astype(np.float32)


class SkinThermometer:
    """Measures the skin temperature of faces in radiometric images.

    Args:
        keypoints (Sequence[str]): Landmark names.
        scale, offset (float): Kelvin are ``raw * scale + offset``. Default to
            0.01 and 0 for 16 bits (centikelvin), and to 1 and 0 for floats.
        regions (dict[str, SkinRegion], optional): Regions to measure. Default
            to those of :data:`SKIN_REGIONS` whose landmarks exist.
    """

    def __init__(self,
                 keypoints: Sequence[str],
                 scale: Optional[float] = None,
                 offset: float = 0.,
                 regions: Optional[Dict[str, SkinRegion]] = None) -> None:
        self._scale, self._offset = scale, offset
        self._regions = skin_regions(keypoints) if regions is None else regions
        kinds = self._regions.values()
        self._weights = np.array([[region.points.get(name, 0.)
                                   for name in keypoints]
                                  for region in kinds]).reshape(
                                      -1, len(keypoints))
        self._radii = np.array([region.radius for region in kinds])
        self._warmest = np.array([region.statistic == 'max'
                                  for region in kinds], bool)

    def __call__(self, raw: np.ndarray,
                 keypoints: np.ndarray) -> Tuple[np.ndarray, Dict[str, float]]:
        """Measures one face in degrees Celsius.

        Args:
            raw (np.ndarray): Radiometric image, (H, W).
            keypoints (np.ndarray): Landmarks (K, 2) in pixels.

        Returns:
            tuple: Median of a small disc around each landmark, (K, ), and the
            value of each region (:data:`SKIN_REGIONS`) by name. NaN if most
            of a disc is outside the image.
        """
        extent_px, count = landmark_extent_px(keypoints), len(keypoints)
        # Apart from the regions, which are many times as large.
        at_points, _ = _measure(raw, keypoints,
                                np.full(count, _POINT_RADIUS * extent_px),
                                np.zeros(count, bool))
        of_regions, _ = _measure(raw, self._weights @ keypoints,
                                 self._radii * extent_px, self._warmest)
        return self._celsius(at_points, raw), dict(
            zip(self._regions, self._celsius(of_regions, raw).tolist()))

    def readings(
        self,
        raw: np.ndarray,
        keypoints: np.ndarray,
        uncertainty_px: Optional[np.ndarray] = None,
        face_score: float = 1.
    ) -> Dict[str, SkinReading]:
        """Measures the regions of a face, and how far to trust each value.

        Args:
            raw (np.ndarray): Radiometric image, (H, W).
            keypoints (np.ndarray): Landmarks (K, 2) in pixels.
            uncertainty_px (np.ndarray, optional): Radius around each landmark,
                (K, ). Defaults to 2 % of the landmarks' extent.
            face_score (float): Mean score of the landmarks.
        """
        if not self._regions:
            return {}
        extent_px = landmark_extent_px(keypoints)
        if uncertainty_px is None:
            uncertainty_px = np.full(len(keypoints), _POINT_ERROR * extent_px)
        centres = self._weights @ keypoints
        # Errors of the landmarks are taken as independent.
        moved_px = np.sqrt(self._weights**2 @ np.square(uncertainty_px))
        values, pixels = self._moved(raw, centres, moved_px, extent_px)
        coarse, origin = _halved(raw, centres, .2 * extent_px)
        farther, _ = _measure(
            coarse, (centres - origin + .5) / 2 - .5,
            self._radii * extent_px / 2, self._warmest)
        values = self._celsius(values, raw)
        farther = self._celsius(farther, raw)
        with np.errstate(invalid='ignore'):
            change = np.nan_to_num(values[1:] - values[0])
            uncertainty = np.hypot(
                np.sqrt(np.mean(change**2, 0)),
                np.nan_to_num(farther - values[0]))
        return {
            name: SkinReading(
                float(value), int(count), float(spread),
                _reading_problem(value, count, spread, warmest, keypoints,
                                 face_score))
            for name, value, count, spread, warmest in zip(
                self._regions, values[0], pixels, uncertainty, self._warmest)
        }

    def _moved(self, raw, centres, moved_px, extent_px):
        """Values of the regions in place and moved four ways, (5, R)."""
        steps = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]])
        places = centres + steps[:, None] * moved_px[:, None]
        values, pixels = _measure(
            raw, places.reshape(-1, 2),
            np.tile(self._radii * extent_px, len(steps)),
            np.tile(self._warmest, len(steps)))
        return values.reshape(len(steps), -1), pixels[:len(centres)]

    def _celsius(self, values, raw):
        scale = DEFAULT_SCALE[
            raw.dtype.name] if self._scale is None else self._scale
        return to_celsius(values, scale, self._offset)


def _reading_problem(value, pixels, spread_k, warmest, keypoints,
                     face_score) -> Optional[str]:
    """Why a reading is not to be trusted."""
    if np.isnan(value):
        return 'the region is outside the image'
    if face_score < _MIN_FACE_SCORE:
        return f'hardly a face (score {face_score:.2f})'
    if pixels < _MIN_PIXELS:
        return (f'the region has {pixels} pixels, which is less than 3 x 3: '
                'come closer')
    if warmest and landmark_extent_px(keypoints) < _SCREENING_EXTENT_PX:
        width, height = np.ptp(keypoints, axis=0)
        return (f'the landmarks span {width:.0f}x{height:.0f} pixels; '
                'ISO/TR 13154 asks for a face of 180x240, whose landmarks '
                'span about 180x160: come closer')
    if spread_k > _MAX_UNCERTAINTY_K:
        return (f'the value is uncertain by {spread_k:.1f} K: come closer, '
                'and face the camera')
    return None


def _measure(raw, centres, radii_px, warmest):
    """Median or maximum of discs, as stored, and their pixels, (M, )."""
    values, seen, areas = _discs(raw, centres,
                                 np.maximum(radii_px, _MIN_RADIUS_PX))
    counts = seen.sum(1)
    # Pixels outside the image are sorted to the end.
    ranked = np.sort(np.where(seen, values, np.inf), axis=1)
    rows, last = np.arange(len(counts)), np.maximum(counts - 1, 0)
    result = np.where(
        warmest, ranked[rows, last],
        .5 * (ranked[rows, last // 2] + ranked[rows, counts // 2]))
    result = np.where(counts > .5 * areas, result, np.nan)
    return result, counts


def _halved(raw, centres, margin_px):
    """Halves the resolution around centres; returns pixels and origin."""
    size = np.array(raw.shape[1::-1])
    low = np.clip(centres.min(0) - margin_px, 0, size - 1).astype(int) // 2 * 2
    high = np.clip(centres.max(0) + margin_px, low + 2, size).astype(int)
    part = raw[low[1]:high[1], low[0]:high[0]].astype(np.float32)
    half = [max(side // 2, 1) for side in part.shape[1::-1]]
    part = part[:max(2 * half[1], 1), :max(2 * half[0], 1)]
    return cv2.resize(part, tuple(half), interpolation=cv2.INTER_AREA), low


def _discs(raw, centres, radii_px):
    """Pixel values and visibility of M discs, (M, P), and their areas, (M, )."""
    height, width = raw.shape
    reach = int(np.ceil(radii_px.max(initial=_MIN_RADIUS_PX)))
    steps = np.arange(-reach, reach + 1)
    x, y = np.tile(steps, len(steps)), np.repeat(steps, len(steps))
    inside = x**2 + y**2 <= radii_px[:, None]**2
    columns = np.rint(centres[:, :1]).astype(int) + x
    rows = np.rint(centres[:, 1:]).astype(int) + y
    seen = inside & (columns >= 0) & (columns < width) & (rows >= 0) & (
        rows < height)
    places = np.where(seen, rows * width + columns, 0)
    return raw.take(places), seen, inside.sum(1)
