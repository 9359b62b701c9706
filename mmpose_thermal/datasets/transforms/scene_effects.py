"""Augmentation that simulates effects of the scene and the face."""
from dataclasses import dataclass

import cv2
import numpy as np
from mmpose.registry import TRANSFORMS

from .thermal_effects import Range, ThermalEffect, labelled_points, uniform


def _ambient(grey: np.ndarray) -> float:
    """The grey level of the surroundings, which are colder than nearly all skin."""
    return float(np.percentile(grey[::4, ::4], 10))


def _cover(grey: np.ndarray, mask: np.ndarray, edge_px: float, surface):
    """Blends a surface (levels) into the image under an 8-bit mask with soft edges."""
    mask = cv2.GaussianBlur(mask, (0, 0), max(edge_px, .5))
    grey += (mask.astype(np.float32) / 255) * (surface - grey)
    return grey


@TRANSFORMS.register_module()
@dataclass(eq=False)
class ContrastReversal(ThermalEffect):
    """Makes the surroundings hotter than the face, as outdoors in the sun.

    Either all levels are reversed (``black-hot`` cameras), or only regions
    colder than the skin, outside the labelled points, become hotter than it.

    Args:
        background_share: Probability of changing only the surroundings.
        excess_k: Temperature of the changed surroundings above the face's
            median, kelvin.
    """

    prob: float = .1
    background_share: float = .5
    excess_k: Range = (2, 8)

    def apply(self, grey, levels_per_k, results):
        if np.random.rand() >= self.background_share:
            return 255 - grey
        height, width = grey.shape
        centre = grey[height // 4:3 * height // 4, width // 4:3 * width // 4]
        skin, room = float(np.median(centre)), _ambient(grey)
        if skin - room < 2 * levels_per_k:
            return None  # no contrast to reverse
        # Soft mask of the surroundings: pixels up to 2 kelvin colder than the
        # median count as skin; with low contrast, up to half way to the room.
        margin = min(2 * levels_per_k, .5 * (skin - room))
        coldness = np.clip((skin - margin - grey) / (.5 * margin), 0, 1)
        coldness *= 1 - self._face(grey.shape, results)
        # Mirror levels about the skin, and compress them to the drawn excess.
        hot = skin + uniform(self.excess_k) * levels_per_k * (
            (skin - grey) / (skin - room))
        changed = grey + coldness * (hot - grey)
        # Darken images that would be brighter than white, as the gain would.
        top = float(np.percentile(changed, 99))
        return changed * min(1., 255 / max(top, 1.))

    @staticmethod
    def _face(shape, results):
        """Mask of the labelled face, which must not change (a cold nose, say)."""
        face = np.zeros(shape, np.uint8)
        if 'keypoints' in results:
            keypoints, visible = labelled_points(results)
            if visible.sum() >= 3:
                hull = cv2.convexHull(
                    np.round(keypoints[visible]).astype(np.int32))
                cv2.fillConvexPoly(face, hull, 255)
                extent = max(np.ptp(hull[:, 0], 0).min(), 1)
                face = cv2.GaussianBlur(face, (0, 0), max(.02 * extent, .5))
        return face.astype(np.float32) / 255


@TRANSFORMS.register_module()
@dataclass(eq=False)
class ColdNose(ThermalEffect):
    """Cools the nose, as in cold air, stress or vasoconstriction.

    Needs ``regions`` with a "nose".

    Args:
        drop_k: Temperature drop at the tip, kelvin; negative for a warm nose.
    """

    drop_k: Range = (1, 6)

    def apply(self, grey, levels_per_k, results):
        nose = self.region(results, 'nose')
        if not len(nose):
            return None
        # A single point has no extent: use a fraction of the image instead.
        spread = np.maximum(nose.std(0) * 1.1, .04 * np.array(grey.shape[::-1]))
        drop = uniform(self.drop_k) * levels_per_k
        x, y = (np.exp(-.5 * ((np.arange(size) - middle) / sigma)**2).astype(
            np.float32) for size, middle, sigma in zip(
                grey.shape[::-1], nose.mean(0), spread))
        grey -= np.float32(drop) * y[:, None] * x
        return grey


@TRANSFORMS.register_module()
@dataclass(eq=False)
class OpaqueGlasses(ThermalEffect):
    """Draws glasses, which are opaque to thermal radiation.

    Needs ``regions`` with "eyes".

    Args:
        above_ambient_k: Temperature of the lenses above the surroundings,
            kelvin.
    """

    prob: float = .2
    above_ambient_k: Range = (0, 4)

    def apply(self, grey, levels_per_k, results):
        eyes = self.region(results, 'eyes')
        if len(eyes) < 2:
            return None
        # Separate the two eyes along the direction of largest spread.
        middle = eyes.mean(0)
        axis = np.linalg.svd(eyes - middle)[2][0]
        along = (eyes - middle) @ axis
        centres = [eyes[side].mean(0) for side in (along < 0, along >= 0)]
        distance = np.linalg.norm(centres[1] - centres[0])
        if distance < 4:
            return None
        mask = np.zeros(grey.shape, np.uint8)
        angle = np.degrees(np.arctan2(axis[1], axis[0]))
        lens = distance * np.array([uniform((.32, .42)), uniform((.22, .36))])
        for centre in centres:
            cv2.ellipse(mask, (tuple(map(float, centre)), tuple(
                map(float, 2 * lens)), float(angle)), 255, -1)
        cv2.line(mask, *(tuple(map(int, np.round(c))) for c in centres), 255,
                 max(round(distance * .06), 1))
        level = _ambient(grey) + uniform(self.above_ambient_k) * levels_per_k
        return _cover(grey, mask, distance * .015, np.float32(level))


@TRANSFORMS.register_module()
@dataclass(eq=False)
class PartialOcclusion(ThermalEffect):
    """Hides part of the face behind a hand, scarf, mask or other person.

    Args:
        share: Fraction of each side of the image that the object covers.
        above_ambient_k: Temperature of the object above the surroundings,
            kelvin: from cloth to a hand.
    """

    prob: float = .2
    share: Range = (.15, .45)
    above_ambient_k: Range = (1, 12)

    def apply(self, grey, levels_per_k, results):
        size = np.array(grey.shape[::-1], float)
        centre = size * np.random.uniform(.1, .9, 2)
        axes = size * np.random.uniform(*self.share, 2)
        mask = np.zeros(grey.shape, np.uint8)
        rectangle = (tuple(map(float, centre)), tuple(map(float, axes)),
                     uniform((0., 180.)))
        if np.random.rand() < .5:
            cv2.ellipse(mask, rectangle, 255, -1)
        else:
            corners = cv2.boxPoints(rectangle)
            cv2.fillConvexPoly(mask, np.round(corners).astype(int), 255)
        level = _ambient(grey) + uniform(self.above_ambient_k) * levels_per_k
        texture = np.random.normal(0, .5 * levels_per_k, (6, 6))
        surface = np.float32(level) + cv2.resize(
            texture.astype(np.float32), grey.shape[::-1],
            interpolation=cv2.INTER_CUBIC)
        return _cover(grey, mask, size.min() * .008, surface)


@TRANSFORMS.register_module()
@dataclass(eq=False)
class TightFrame(ThermalEffect):
    """Ends the image close to the face, as in cut-out faces and at the frame's edge.

    Args:
        margin: Between the outermost points and the edge, as a fraction of
            the face's longer side; negative cuts points off.
    """

    prob: float = .1
    margin: Range = (-.04, .3)

    def apply(self, grey, levels_per_k, results):
        keypoints, visible = labelled_points(results)
        if visible.sum() < 2:
            return None
        first, last = keypoints[visible].min(0), keypoints[visible].max(0)
        side = (last - first).max()
        left, top = np.round(first - side * self._margins()).astype(int)
        right, bottom = np.round(last + side * self._margins()).astype(int)
        inside = np.zeros_like(grey)
        place = np.s_[max(top, 0):max(bottom, 0), max(left, 0):max(right, 0)]
        inside[place] = grey[place]
        return inside

    def _margins(self):
        return np.random.uniform(*self.margin, 2)
