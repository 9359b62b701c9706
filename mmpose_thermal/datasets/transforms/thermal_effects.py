"""What sensors, scenes and faces do to thermal images, as augmentation.

Amplitudes are physical. Grey levels have a temperature where the image came
from radiometric data (``kelvin_per_level``, see :class:`LoadThermalImage`);
elsewhere ``span_k`` says how many kelvin black to white are taken to span.
"""
from abc import abstractmethod
from typing import Optional, Sequence, Tuple

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

Range = Tuple[float, float]


class ThermalEffect(BaseTransform):
    """Base of the effects: one random change of a thermal image's levels.

    In a pair, put effects into ``ModalityTransform(modality='thermal')``: RGB
    must not share them.

    Required Keys:

    - img (np.ndarray): (H, W) or (H, W, 3) with equal channels, uint8
    - kelvin_per_level (float, optional)

    Modified Keys:

    - img

    Args:
        prob (float): How often the effect occurs. Defaults to 0.5.
        span_k (float): Kelvin from black to white in images whose temperature
            is not known. Defaults to 15, as a face indoors.

    Raises:
        ValueError: ``prob`` is no probability, or the image is a pair.
    """

    def __init__(self, prob: float = .5, span_k: float = 15.) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'{type(self).__name__}: `prob` must be in '
                             f'[0, 1], got {prob}.')
        self.prob = prob
        self.span_k = span_k

    def transform(self, results: dict) -> dict:
        """Applies the effect, or not.

        Args:
            results (dict): The sample with its thermal image.

        Returns:
            dict: The sample.
        """
        image = results['img']
        if isinstance(image, list):
            raise ValueError(
                f'{type(self).__name__} wants a thermal image alone. Put it '
                'into ModalityTransform(modality="thermal", transforms=[...])'
                '.')
        if np.random.rand() >= self.prob:
            return results
        grey = image if image.ndim == 2 else cv2.extractChannel(image, 0)
        levels_per_k = 1 / results.get('kelvin_per_level', self.span_k / 255)
        changed = self.apply(grey.astype(np.float32), levels_per_k, results)
        if changed is not None:
            grey = cv2.convertScaleAbs(np.maximum(changed, 0, out=changed))
            results['img'] = grey if image.ndim == 2 else cv2.merge([grey] * 3)
        return results

    @abstractmethod
    def apply(self, grey: np.ndarray, levels_per_k: float,
              results: dict) -> Optional[np.ndarray]:
        """Changes the levels.

        Args:
            grey (np.ndarray): Shape (H, W), float32, may be changed in place.
            levels_per_k (float): Grey levels a kelvin.
            results (dict): The sample.

        Returns:
            np.ndarray | None: The levels, float32; ``None`` for no change.
        """

    def __repr__(self) -> str:
        arguments = ', '.join(f'{key}={value}'
                              for key, value in vars(self).items())
        return f'{type(self).__name__}({arguments})'


def _uniform(limits: Range) -> float:
    return np.random.uniform(*limits)


def _labelled(results: dict):
    """All points in the image as it is here, (K, 2), and which have a label."""
    keypoints = results.get('transformed_keypoints', results['keypoints'])[0]
    return keypoints, results['keypoints_visible'][0] > 0


def _points(results: dict, region: str, effect: str) -> np.ndarray:
    """The labelled points of a region in the image, (N, 2)."""
    if region not in results.get('regions', ()):
        raise KeyError(
            f'{effect} needs the region "{region}" of the face, which the '
            f'metainfo "{results.get("dataset_name")}" does not define.')
    keypoints, visible = _labelled(results)
    indices = [i for i in results['regions'][region] if visible[i]]
    return keypoints[indices]


def _ambient(grey: np.ndarray) -> float:
    """The level of things as warm as the room: colder than nearly all skin."""
    return float(np.percentile(grey[::4, ::4], 10))


def _cover(grey: np.ndarray, mask: np.ndarray, surface) -> np.ndarray:
    """Puts a surface (levels) in front, where an 8-bit mask says."""
    grey += (mask.astype(np.float32) / 255) * (surface - grey)
    return grey


@TRANSFORMS.register_module()
class NETDNoise(ThermalEffect):
    """The sensor's temporal noise.

    Args:
        netd_mk (tuple[float, float]): Noise equivalent temperature difference
            in millikelvin: 20 to 50 of a cooled or good uncooled sensor, to
            200 of a cheap one. Defaults to (30, 200).
        **kwargs: See :class:`ThermalEffect`.
    """

    def __init__(self, netd_mk: Range = (30, 200), **kwargs) -> None:
        super().__init__(**kwargs)
        self.netd_mk = netd_mk

    def apply(self, grey, levels_per_k, results):
        noise = np.empty_like(grey)
        cv2.setRNGSeed(np.random.randint(2**31))
        cv2.randn(noise, 0., _uniform(self.netd_mk) * 1e-3 * levels_per_k)
        return cv2.add(grey, noise)


@TRANSFORMS.register_module()
class FixedPatternNoise(ThermalEffect):
    """Columns of an uncooled sensor that differ in offset.

    Args:
        column_mk (tuple[float, float]): Standard deviation between columns in
            millikelvin. Defaults to (20, 150).
        **kwargs: See :class:`ThermalEffect`.
    """

    def __init__(self, column_mk: Range = (20, 150), **kwargs) -> None:
        super().__init__(**kwargs)
        self.column_mk = column_mk

    def apply(self, grey, levels_per_k, results):
        deviation = _uniform(self.column_mk) * 1e-3 * levels_per_k
        offsets = np.random.normal(0, deviation, grey.shape[1])
        grey += offsets.astype(np.float32)
        return grey


@TRANSFORMS.register_module()
class OpticalBlur(ThermalEffect):
    """A lens out of focus, or of low quality.

    Args:
        sigma_px (tuple[float, float]): Of the Gaussian point spread, pixels
            of the image as it is here. Defaults to (0.5, 2.5).
        **kwargs: See :class:`ThermalEffect`.
    """

    def __init__(self, sigma_px: Range = (.5, 2.5), **kwargs) -> None:
        super().__init__(**kwargs)
        self.sigma_px = sigma_px

    def apply(self, grey, levels_per_k, results):
        return cv2.GaussianBlur(grey, (0, 0), _uniform(self.sigma_px))


@TRANSFORMS.register_module()
class LowerResolution(ThermalEffect):
    """A sensor of fewer pixels, or a face further away.

    Args:
        factor (tuple[float, float]): How many pixels of the image one pixel
            of the sensor covers, along a side. Defaults to (1.5, 5).
        **kwargs: See :class:`ThermalEffect`.
    """

    def __init__(self, factor: Range = (1.5, 5), **kwargs) -> None:
        super().__init__(**kwargs)
        if factor[0] < 1:
            raise ValueError('LowerResolution: `factor` must be at least 1, '
                             f'got {factor}.')
        self.factor = factor

    def apply(self, grey, levels_per_k, results):
        factor = _uniform(self.factor)
        height, width = grey.shape
        small = cv2.resize(
            grey, (max(round(width / factor), 4),
                   max(round(height / factor), 4)),
            interpolation=cv2.INTER_AREA)
        return cv2.resize(small, (width, height))


@TRANSFORMS.register_module()
class GainLevelDrift(ThermalEffect):
    """Another setting of the camera's gain and level, or their drift.

    Args:
        gain (tuple[float, float]): Factor of the contrast. Defaults to
            (0.7, 1.3).
        level_k (tuple[float, float]): Shift in kelvin. Defaults to (-2, 2).
        **kwargs: See :class:`ThermalEffect`.
    """

    def __init__(self,
                 gain: Range = (.7, 1.3),
                 level_k: Range = (-2, 2),
                 **kwargs) -> None:
        super().__init__(**kwargs)
        self.gain, self.level_k = gain, level_k

    def apply(self, grey, levels_per_k, results):
        gain = _uniform(self.gain)
        mean = float(grey.mean())
        # About the mean level, so that gain alone neither darkens nor lights.
        grey *= gain
        grey += (1 - gain) * mean + _uniform(self.level_k) * levels_per_k
        if 'kelvin_per_level' in results:
            results['kelvin_per_level'] /= gain
        return grey


@TRANSFORMS.register_module()
class ContrastReversal(ThermalEffect):
    """Surroundings hotter than the face, as outdoors in the sun.

    Either all levels are reversed (``black-hot`` cameras), or only what is
    colder than the skin becomes hotter than it, outside the labelled points.

    Args:
        background_share (float): How often only the surroundings change.
            Defaults to 0.5.
        excess_k (tuple[float, float]): How much hotter than the face's median
            the surroundings then are, kelvin. Defaults to (2, 8).
        **kwargs: See :class:`ThermalEffect`. ``prob`` defaults to 0.1.
    """

    def __init__(self,
                 background_share: float = .5,
                 excess_k: Range = (2, 8),
                 prob: float = .1,
                 **kwargs) -> None:
        super().__init__(prob=prob, **kwargs)
        self.background_share = background_share
        self.excess_k = excess_k

    def apply(self, grey, levels_per_k, results):
        if np.random.rand() >= self.background_share:
            return 255 - grey
        height, width = grey.shape
        centre = grey[height // 4:3 * height // 4, width // 4:3 * width // 4]
        skin, room = float(np.median(centre)), _ambient(grey)
        if skin - room < 2 * levels_per_k:
            return None  # no contrast to reverse
        # A soft mask: what is up to 2 kelvin colder than the median is skin,
        # or half way to the room where contrast is low.
        margin = min(2 * levels_per_k, .5 * (skin - room))
        coldness = np.clip((skin - margin - grey) / (.5 * margin), 0, 1)
        coldness *= 1 - self._face(grey.shape, results)
        # Levels mirrored about the skin, compressed to the wanted excess.
        hot = skin + _uniform(self.excess_k) * levels_per_k * (
            (skin - grey) / (skin - room))
        changed = grey + coldness * (hot - grey)
        # What would be brighter than white is, as the gain follows the scene.
        top = float(np.percentile(changed, 99))
        return changed * min(1., 255 / max(top, 1.))


    @staticmethod
    def _face(shape, results):
        """Where the labelled face is, which stays as it is: a cold nose."""
        face = np.zeros(shape, np.uint8)
        if 'keypoints' in results:
            keypoints, visible = _labelled(results)
            if visible.sum() >= 3:
                hull = cv2.convexHull(
                    np.round(keypoints[visible]).astype(np.int32))
                cv2.fillConvexPoly(face, hull, 255)
                extent = max(np.ptp(hull[:, 0], 0).min(), 1)
                face = cv2.GaussianBlur(face, (0, 0), max(.02 * extent, .5))
        return face.astype(np.float32) / 255


@TRANSFORMS.register_module()
class TemperatureGradient(ThermalEffect):
    """A drift across the image: a warm lens, a heater on one side, the sun.

    Args:
        gradient_k (tuple[float, float]): Difference between opposite edges in
            kelvin, in any direction. Defaults to (0.5, 3).
        **kwargs: See :class:`ThermalEffect`.
    """

    def __init__(self, gradient_k: Range = (.5, 3), **kwargs) -> None:
        super().__init__(**kwargs)
        self.gradient_k = gradient_k

    def apply(self, grey, levels_per_k, results):
        height, width = grey.shape
        angle = np.random.uniform(0, 2 * np.pi)
        amplitude = _uniform(self.gradient_k) * levels_per_k
        across = np.linspace(-.5, .5, width, dtype=np.float32)
        down = np.linspace(-.5, .5, height, dtype=np.float32)
        grey += np.float32(amplitude * np.cos(angle)) * across
        grey += np.float32(amplitude * np.sin(angle)) * down[:, None]
        return grey


@TRANSFORMS.register_module()
class ColdNose(ThermalEffect):
    """A nose that is colder than the face: cold air, stress, vasoconstriction.

    Args:
        drop_k (tuple[float, float]): By how much, at its tip, kelvin; negative
            for a warm nose. Defaults to (1, 6).
        **kwargs: See :class:`ThermalEffect`. Needs ``regions`` with a "nose".
    """

    def __init__(self, drop_k: Range = (1, 6), **kwargs) -> None:
        super().__init__(**kwargs)
        self.drop_k = drop_k

    def apply(self, grey, levels_per_k, results):
        nose = _points(results, 'nose', 'ColdNose')
        if not len(nose):
            return None
        centre = nose.mean(0)
        # A single point has no extent: a tenth of the picture instead.
        sigma = np.maximum(nose.std(0) * 1.1, .04 * np.array(grey.shape[::-1]))
        drop = _uniform(self.drop_k) * levels_per_k
        x, y = (np.exp(-.5 * ((np.arange(size) - middle) / spread)**2).astype(
            np.float32) for size, middle, spread in zip(
                grey.shape[::-1], centre, sigma))
        grey -= np.float32(drop) * y[:, None] * x
        return grey


@TRANSFORMS.register_module()
class OpaqueGlasses(ThermalEffect):
    """Glasses: glass does not let thermal radiation through.

    Args:
        above_ambient_k (tuple[float, float]): Temperature of the lenses above
            that of the surroundings, kelvin. Defaults to (0, 4).
        **kwargs: See :class:`ThermalEffect`. ``prob`` defaults to 0.2. Needs
            ``regions`` with "eyes".
    """

    def __init__(self,
                 above_ambient_k: Range = (0, 4),
                 prob: float = .2,
                 **kwargs) -> None:
        super().__init__(prob=prob, **kwargs)
        self.above_ambient_k = above_ambient_k

    def apply(self, grey, levels_per_k, results):
        eyes = _points(results, 'eyes', 'OpaqueGlasses')
        if len(eyes) < 2:
            return None
        # Two eyes: the points on either side of the middle, along the line
        # on which they spread most.
        middle = eyes.mean(0)
        axis = np.linalg.svd(eyes - middle)[2][0]
        along = (eyes - middle) @ axis
        centres = [eyes[side].mean(0) for side in (along < 0, along >= 0)]
        distance = np.linalg.norm(centres[1] - centres[0])
        if distance < 4:
            return None
        mask = np.zeros(grey.shape, np.uint8)
        angle = np.degrees(np.arctan2(axis[1], axis[0]))
        lens = distance * np.array([_uniform((.32, .42)), _uniform((.22, .36))])
        for centre in centres:
            cv2.ellipse(mask, (tuple(map(float, centre)), tuple(
                map(float, 2 * lens)), float(angle)), 255, -1)
        cv2.line(mask, *(tuple(map(int, np.round(c))) for c in centres), 255,
                 max(round(distance * .06), 1))
        level = _ambient(grey) + _uniform(self.above_ambient_k) * levels_per_k
        mask = cv2.GaussianBlur(mask, (0, 0), max(distance * .015, .5))
        return _cover(grey, mask, np.float32(level))


@TRANSFORMS.register_module()
class PartialOcclusion(ThermalEffect):
    """A hand, scarf, mask or other person in front of part of the face.

    Args:
        share (tuple[float, float]): Of the image that is hidden, along a side.
            Defaults to (0.15, 0.45).
        above_ambient_k (tuple[float, float]): Temperature above that of the
            surroundings, kelvin: cloth to hand. Defaults to (1, 12).
        **kwargs: See :class:`ThermalEffect`. ``prob`` defaults to 0.2.
    """

    def __init__(self,
                 share: Range = (.15, .45),
                 above_ambient_k: Range = (1, 12),
                 prob: float = .2,
                 **kwargs) -> None:
        super().__init__(prob=prob, **kwargs)
        self.share, self.above_ambient_k = share, above_ambient_k

    def apply(self, grey, levels_per_k, results):
        size = np.array(grey.shape[::-1], float)
        centre = size * np.random.uniform(.1, .9, 2)
        axes = size * np.random.uniform(*self.share, 2)
        mask = np.zeros(grey.shape, np.uint8)
        rectangle = (tuple(map(float, centre)), tuple(map(float, axes)),
                     _uniform((0., 180.)))
        if np.random.rand() < .5:
            cv2.ellipse(mask, rectangle, 255, -1)
        else:
            corners = cv2.boxPoints(rectangle)
            cv2.fillConvexPoly(mask, np.round(corners).astype(int), 255)
        level = _ambient(grey) + _uniform(self.above_ambient_k) * levels_per_k
        texture = np.random.normal(0, .5 * levels_per_k, (6, 6))
        surface = np.float32(level) + cv2.resize(
            texture.astype(np.float32), grey.shape[::-1],
            interpolation=cv2.INTER_CUBIC)
        mask = cv2.GaussianBlur(mask, (0, 0), max(size.min() * .008, .5))
        return _cover(grey, mask, surface)


#: All effects, as the documentation shows them.
EFFECTS: Sequence[type] = (NETDNoise, FixedPatternNoise, OpticalBlur,
                           LowerResolution, GainLevelDrift, ContrastReversal,
                           TemperatureGradient, ColdNose, OpaqueGlasses,
                           PartialOcclusion)
