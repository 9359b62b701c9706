"""What sensors do to thermal images, as augmentation; and the base of all effects.

Amplitudes are physical. Grey levels have a temperature where the image came
from radiometric data (``kelvin_per_level``, see :class:`LoadThermalImage`);
elsewhere ``span_k`` says how many kelvin black to white are taken to span.
"""
from abc import abstractmethod
from dataclasses import dataclass
from typing import Optional, Tuple

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

#: Limits between which each draw is uniform.
Range = Tuple[float, float]


@dataclass(eq=False)
class ThermalEffect(BaseTransform):
    """Base of the effects: one random change of a thermal image's levels.

    In a pair, put effects into ``ModalityTransform(modality='thermal')``: RGB
    must not share them. All take ``prob`` and ``span_k``.

    Required Keys:

    - img (np.ndarray): (H, W) or (H, W, 3) with equal channels, uint8
    - kelvin_per_level (float, optional)

    Modified Keys:

    - img

    Args:
        prob (float): How often the effect occurs. Defaults to 0.5, for
            ``OpaqueGlasses`` and ``PartialOcclusion`` to 0.2, for
            ``ContrastReversal`` to 0.1.
        span_k (float): Kelvin from black to white in images whose temperature
            is not known. Defaults to 15, as a face indoors.

    Raises:
        ValueError: ``prob`` is no probability, or the image is a pair.
    """

    prob: float = .5
    span_k: float = 15.

    def __post_init__(self) -> None:
        if not 0 <= self.prob <= 1:
            raise ValueError(f'{type(self).__name__}: `prob` must be in '
                             f'[0, 1], got {self.prob}.')

    def transform(self, results: dict) -> dict:
        """Applies the effect, or not."""
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
            levels_per_k (float): Grey levels to a kelvin.
            results (dict): The sample.

        Returns:
            np.ndarray | None: The levels, float32; ``None`` for no change.
        """

    def region(self, results: dict, name: str) -> np.ndarray:
        """The labelled points of a region of the face in the image, (N, 2)."""
        if name not in results.get('regions', ()):
            raise KeyError(
                f'{type(self).__name__} needs the region "{name}" of the face, '
                f'which the metainfo "{results.get("dataset_name")}" does not '
                'define.')
        keypoints, visible = labelled_points(results)
        return keypoints[[i for i in results['regions'][name] if visible[i]]]


def uniform(limits: Range) -> float:
    """One draw."""
    return np.random.uniform(*limits)


def labelled_points(results: dict) -> Tuple[np.ndarray, np.ndarray]:
    """All points in the image as it is here, (K, 2), and which have a label."""
    keypoints = results.get('transformed_keypoints', results['keypoints'])[0]
    return keypoints, results['keypoints_visible'][0] > 0


@TRANSFORMS.register_module()
@dataclass(eq=False)
class NETDNoise(ThermalEffect):
    """The sensor's temporal noise.

    Args:
        netd_mk: Noise equivalent temperature difference in millikelvin: 20 to
            50 of a cooled or good uncooled sensor, to 200 of a cheap one.
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
    """Columns of an uncooled sensor that differ in offset.

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
    """A lens out of focus, or of low quality.

    Args:
        sigma_px: Of the Gaussian point spread, pixels of the image as it is
            here.
    """

    sigma_px: Range = (.5, 2.5)

    def apply(self, grey, levels_per_k, results):
        return cv2.GaussianBlur(grey, (0, 0), uniform(self.sigma_px))


@TRANSFORMS.register_module()
@dataclass(eq=False)
class LowerResolution(ThermalEffect):
    """A sensor of fewer pixels, or a face further away.

    Args:
        factor: How many pixels of the image one pixel of the sensor covers,
            along a side.
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
    """Another setting of the camera's gain and level, or their drift.

    Args:
        gain: Factor of the contrast.
        level_k: Shift in kelvin.
    """

    gain: Range = (.7, 1.3)
    level_k: Range = (-2, 2)

    def apply(self, grey, levels_per_k, results):
        gain = uniform(self.gain)
        mean = float(grey.mean())
        # About the mean level, so that gain alone neither darkens nor lights.
        grey *= gain
        grey += (1 - gain) * mean + uniform(self.level_k) * levels_per_k
        if 'kelvin_per_level' in results:
            results['kelvin_per_level'] /= gain
        return grey


@TRANSFORMS.register_module()
@dataclass(eq=False)
class TemperatureGradient(ThermalEffect):
    """A drift across the image: a warm lens, a heater on one side, the sun.

    Args:
        gradient_k: Difference between opposite edges in kelvin, in any
            direction.
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
