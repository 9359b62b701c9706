"""Augmentation that simulates effects of thermal sensors, and its base class.

Amplitudes are in kelvin. They are converted to grey levels with
``kelvin_per_level`` for radiometric data (see :class:`LoadThermalImage`), and
otherwise with ``span_k``, the assumed range from black to white.
"""
from abc import abstractmethod
from dataclasses import dataclass
from typing import Optional, Tuple

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

#: Lower and upper limit of a uniform distribution.
Range = Tuple[float, float]


@dataclass(eq=False)
class ThermalEffect(BaseTransform):
    """Base class of effects, each a random change of a thermal image's levels.

    For pairs, put effects into ``ModalityTransform(modality='thermal')``, so
    that they do not affect RGB. All effects take ``prob`` and ``span_k``.

    Required Keys:

    - img (np.ndarray): (H, W) or (H, W, 3) with equal channels, uint8
    - kelvin_per_level (float, optional)

    Modified Keys:

    - img

    Args:
        prob (float): Probability of the effect. Defaults to 0.5, or 0.2 for
            ``OpaqueGlasses`` and ``PartialOcclusion`` and 0.1 for
            ``ContrastReversal``.
        span_k (float): Kelvin from black to white in images with unknown
            temperatures. Defaults to 15, typical of a face indoors.

    Raises:
        ValueError: ``prob`` is not a probability, or the image is a pair.
    """

    prob: float = .5
    span_k: float = 15.

    def __post_init__(self) -> None:
        if not 0 <= self.prob <= 1:
            raise ValueError(f'{type(self).__name__}: `prob` must be in '
                             f'[0, 1], got {self.prob}.')

    def transform(self, results: dict) -> dict:
        """Applies the effect with probability ``prob``."""
        image = results['img']
        if isinstance(image, list):
            raise ValueError(
                f'{type(self).__name__} needs a single thermal image. Put it '
                'into ModalityTransform(modality="thermal", transforms=[...])'
                '.')
        if np.random.rand() >= self.prob:
            return results
        grey = image if image.ndim == 2 else cv2.extractChannel(image, 0)
        levels_per_k = 1 / results.get('kelvin_per_level', self.span_k / 255)
        changed = self.apply(grey.astype(np.float32), levels_per_k, results)
        if changed is not None:
            grey = cv2.convertScaleAbs(np.maximum(changed, 0, out=changed))
            results['img'] = grey if image.ndim == 2 else cv2.cvtColor(
                grey, cv2.COLOR_GRAY2BGR)
        return results

    @abstractmethod
    def apply(self, grey: np.ndarray, levels_per_k: float,
              results: dict) -> Optional[np.ndarray]:
        """Changes the levels.

        Args:
            grey (np.ndarray): Shape (H, W), float32, may be changed in place.
            levels_per_k (float): Grey levels per kelvin.
            results (dict): The sample.

        Returns:
            np.ndarray | None: The levels, float32; ``None`` for no change.
        """

    def region(self, results: dict, name: str) -> np.ndarray:
        """Returns the labelled points of a facial region, (N, 2), pixels."""
        if name not in results.get('regions', ()):
            raise KeyError(
                f'{type(self).__name__} needs the region "{name}" of the face, '
                f'which the metainfo "{results.get("dataset_name")}" does not '
                'define.')
        keypoints, visible = labelled_points(results)
        return keypoints[[i for i in results['regions'][name] if visible[i]]]


def uniform(limits: Range) -> float:
    """Draws one value between the limits."""
    return np.random.uniform(*limits)


def labelled_points(results: dict) -> Tuple[np.ndarray, np.ndarray]:
    """Returns all points in the current image, (K, 2), and a mask of labelled ones."""
    keypoints = results.get('transformed_keypoints', results['keypoints'])[0]
    return keypoints, results['keypoints_visible'][0] > 0


@TRANSFORMS.register_module()
@dataclass(eq=False)
class NETDNoise(ThermalEffect):
    """Adds the sensor's temporal noise.

    Args:
        netd_mk: Noise equivalent temperature difference in millikelvin: 20 to
            50 for a cooled or good uncooled sensor, up to 200 for a cheap one.
    """

    netd_mk: Range = (30, 200)

    def apply(self, grey, levels_per_k, results):
        noise = np.empty_like(grey)
        cv2.setRNGSeed(np.random.randint(2**31))
        cv2.randn(noise, 0., uniform(self.netd_mk) * 1e-3 * levels_per_k)
        return cv2.add(grey, noise)


@TRANSFORMS.register_module()
@dataclass(eq=False)
class FixedPatternNoise(ThermalEffect):
    """Adds the column offsets of an uncooled sensor.

    Args:
        column_mk: Standard deviation between columns in millikelvin.
    """

    column_mk: Range = (20, 150)

    def apply(self, grey, levels_per_k, results):
        deviation = uniform(self.column_mk) * 1e-3 * levels_per_k
        grey += np.random.normal(0, deviation, grey.shape[1]).astype(np.float32)
        return grey


@TRANSFORMS.register_module()
@dataclass(eq=False)
class OpticalBlur(ThermalEffect):
    """Blurs the image like a lens that is out of focus or of low quality.

    Args:
        sigma_px: Standard deviation of the Gaussian blur, in pixels of the
            current image.
    """

    sigma_px: Range = (.5, 2.5)

    def apply(self, grey, levels_per_k, results):
        return cv2.GaussianBlur(grey, (0, 0), uniform(self.sigma_px))


@TRANSFORMS.register_module()
@dataclass(eq=False)
class LowerResolution(ThermalEffect):
    """Simulates a sensor with fewer pixels, or a face further away.

    Args:
        factor: Image pixels per sensor pixel, along a side.
    """

    factor: Range = (1.5, 5)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.factor[0] < 1:
            raise ValueError('LowerResolution: `factor` must be at least 1, '
                             f'got {self.factor}.')

    def apply(self, grey, levels_per_k, results):
        factor = uniform(self.factor)
        height, width = (max(round(side / factor), 4) for side in grey.shape)
        small = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
        return cv2.resize(small, grey.shape[::-1])


@TRANSFORMS.register_module()
@dataclass(eq=False)
class GainLevelDrift(ThermalEffect):
    """Simulates other settings of the camera's gain and level, or their drift.

    Args:
        gain: Contrast factor.
        level_k: Level shift in kelvin.
    """

    gain: Range = (.7, 1.3)
    level_k: Range = (-2, 2)

    def apply(self, grey, levels_per_k, results):
        gain = uniform(self.gain)
        mean = float(grey.mean())
        # Scale about the mean level, so that gain does not change brightness.
        grey *= gain
        grey += (1 - gain) * mean + uniform(self.level_k) * levels_per_k
        if 'kelvin_per_level' in results:
            results['kelvin_per_level'] /= gain
        return grey


@TRANSFORMS.register_module()
@dataclass(eq=False)
class TemperatureGradient(ThermalEffect):
    """Adds a gradient across the image: a warm lens, a heater, the sun.

    Args:
        gradient_k: Difference between opposite edges in kelvin; the direction
            is random.
    """

    gradient_k: Range = (.5, 3)

    def apply(self, grey, levels_per_k, results):
        angle = np.random.uniform(0, 2 * np.pi)
        amplitude = uniform(self.gradient_k) * levels_per_k
        down, across = (np.linspace(-.5, .5, side, dtype=np.float32)
                        for side in grey.shape)
        grey += np.float32(amplitude * np.cos(angle)) * across
        grey += np.float32(amplitude * np.sin(angle)) * down[:, None]
        return grey


@TRANSFORMS.register_module()
@dataclass(eq=False)
class LocalContrast(ThermalEffect):
    """Raises the contrast within small areas, as cameras' detail enhancement does.

    This is contrast-limited adaptive histogram equalisation (CLAHE).

    Args:
        clip_limit: Up to which contrast, see ``cv2.createCLAHE``.
        tiles: Areas along a side of the image.
    """

    clip_limit: Range = (1.5, 8)
    tiles: Range = (2, 8)

    def apply(self, grey, levels_per_k, results):
        tiles = int(round(uniform(self.tiles)))
        enhance = cv2.createCLAHE(uniform(self.clip_limit), (tiles, tiles))
        return enhance.apply(cv2.convertScaleAbs(grey)).astype(np.float32)
