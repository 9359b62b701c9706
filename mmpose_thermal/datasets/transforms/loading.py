from typing import Optional, Sequence, Tuple

import cv2
import mmengine.fileio as fileio
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from mmpose_thermal.runtime.images import (checked_pixels, decode_image,
                                           grey_levels)
from mmpose_thermal.runtime.radiometry import GAINS

_DTYPES = {8: ('uint8', ), 16: ('uint16', 'int16'), 32: ('float32', )}


def read_image(path: str,
               colour: bool = False,
               backend_args: Optional[dict] = None,
               palette: Optional[str] = None) -> np.ndarray:
    """Reads an image with :func:`mmpose_thermal.runtime.decode_image`.

    Args:
        path (str): Path or URL in any storage that MMEngine's fileio supports.
        colour (bool): Whether the image is an RGB image.
        backend_args (dict, optional): Arguments of the storage backend.
        palette (str, optional): Declared palette of a thermal image.

    Returns:
        np.ndarray: With ``colour``, (H, W, 3), BGR, uint8; otherwise as stored,
        (H, W) or (H, W, 3), uint8, uint16, int16 or float32.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is not a readable image.
    """
    try:
        content = fileio.get(path, backend_args=backend_args)
    except FileNotFoundError:
        raise FileNotFoundError(
            f'Image {path} does not exist. Check `data_root` and '
            '`data_prefix` of the data set, or complete the download.')
    return decode_image(content, path, colour, palette)


def require_bit_depth(image: np.ndarray, bit_depth: int, path: str) -> None:
    """Raises ValueError if a stored thermal image has another depth than declared."""
    if bit_depth not in _DTYPES:
        raise ValueError(
            f'Thermal image {path} is declared with "bit_depth": '
            f'{bit_depth}; supported are {sorted(_DTYPES)}.')
    if image.dtype.name not in _DTYPES[bit_depth]:
        raise ValueError(
            f'Thermal image {path} holds {image.dtype} pixels, but is '
            f'declared with {bit_depth} bits. Set "bit_depth" of the image in '
            'the annotation file to its actual depth (the default is 8).')


def require_size(image: np.ndarray, size: Sequence[int], path: str) -> None:
    """Raises ValueError if an upright image has another size than declared."""
    height, width = image.shape[:2]
    if (width, height) == tuple(size):
        return
    reason = ('Correct "width" and "height" in the annotation file, or '
              'replace the image.' if (height, width) != tuple(size)
              else 'Width and height are swapped: either in the annotation '
              'file, or because the image has an EXIF or TIFF orientation tag '
              'and was annotated without applying it. Correct the annotation '
              'file, label the image as viewers show it, or remove the '
              'orientation tag.')
    raise ValueError(f'Image {path} has {width}x{height} pixels, but is '
                     f'declared with {size[0]}x{size[1]}. {reason}')


@TRANSFORMS.register_module()
class LoadThermalImage(BaseTransform):
    """Loads an 8-bit or radiometric thermal image as grey levels.

    The result has three equal channels by default, so that any backbone,
    pretrained weights and MMPose's inferencers work unchanged. 8-bit images
    keep their grey levels; 16-bit counts and floats are mapped to 8 bits
    according to ``gain`` (:func:`mmpose_thermal.runtime.to_grey`).

    Required Keys:

    - img_path, or img as stored, as passed by MMPose's inferencers
    - bit_depth (optional): required depth: 8, 16, or 32 for floats
    - temperature_scale, temperature_offset (optional): kelvin = raw * scale
      + offset; by default 0.01 and 0 for 16 bits, 1 and 0 for floats
    - palette (optional, 8 bits only): ``'white-hot'`` (default),
      ``'black-hot'``, ``'iron'``, a colour map of OpenCV such as
      ``'inferno'``, or the path of a palette; colours are mapped back to
      intensities
    - declared_size (optional): required width and height

    Added Keys:

    - img (np.ndarray): (H, W, 3), or (H, W) for one channel; uint8
    - img_shape, ori_shape (tuple): (H, W)
    - kelvin_per_level (float): kelvin per grey level, if known

    Args:
        gain (str, optional): ``'percentile'``, ``'window'``, ``'plateau'`` or
            ``'clahe'``. Defaults to ``'window'`` if ``temperature_range_k``
            is given, else ``'percentile'``.
        temperature_range_k (tuple[float, float], optional): Temperatures in
            kelvin that map to grey 0 and 255, for ``'window'``.
        percentiles (tuple[float, float]): Percentiles for ``'percentile'`` and
            ``'clahe'``. Defaults to (1, 99.7).
        plateau (float): For ``'plateau'``: fraction of the pixels at which
            each of the 1024 histogram bins is clipped. Defaults to 0.003.
        clip_limit (float): Contrast limit of ``'clahe'``. Defaults to 2.
        channels (int): 3 or 1. Defaults to 3.
        backend_args (dict, optional): Arguments of the storage backend.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is unreadable, differs from the declared depth or
            size, is in colour, or has too many dead pixels.
    """

    def __init__(self,
                 gain: Optional[str] = None,
                 temperature_range_k: Optional[Tuple[float, float]] = None,
                 percentiles: Sequence[float] = (1, 99.7),
                 plateau: float = .003,
                 clip_limit: float = 2.,
                 channels: int = 3,
                 backend_args: Optional[dict] = None) -> None:
        gain = gain or ('percentile' if temperature_range_k is None else 'window')
        if gain not in GAINS:
            raise ValueError(f'LoadThermalImage: `gain` must be one of '
                             f'{GAINS}, got {gain!r}.')
        if (gain == 'window') != (temperature_range_k is not None):
            raise ValueError('LoadThermalImage: gain="window" and '
                             '`temperature_range_k` must be used together.')
        if temperature_range_k is not None and not (
                len(temperature_range_k) == 2 and
                temperature_range_k[0] < temperature_range_k[1]):
            raise ValueError('`temperature_range_k` must be (low, high) in '
                             f'kelvin, got {temperature_range_k}.')
        if channels not in (1, 3):
            raise ValueError('LoadThermalImage: `channels` must be 1 or 3, '
                             f'got {channels}.')
        self.gain = dict(
            gain=gain, temperature_range_k=temperature_range_k,
            percentiles=percentiles, plateau=plateau, clip_limit=clip_limit)
        self.channels = channels
        self.backend_args = backend_args

    def transform(self, results: dict) -> dict:
        """Loads the image of a sample."""
        raw = results['img'] if 'img' in results else read_image(
            results['img_path'],
            backend_args=self.backend_args,
            palette=results.get('palette'))
        grey = self.grey_levels(raw, results)
        results['img'] = grey if self.channels == 1 else cv2.cvtColor(
            grey, cv2.COLOR_GRAY2BGR)
        results['img_shape'] = results['ori_shape'] = grey.shape[:2]
        return results

    def grey_levels(self, raw: np.ndarray, results: dict) -> np.ndarray:
        """Maps a stored image to grey levels (H, W); adds ``kelvin_per_level``."""
        path = results.get('img_path') or 'given as an array'
        raw = checked_pixels(raw, path)
        if 'declared_size' in results:
            require_size(raw, results['declared_size'], path)
        if 'bit_depth' in results:
            require_bit_depth(raw, results['bit_depth'], path)
        grey, kelvin_per_level = grey_levels(
            raw, path, results.get('palette', 'white-hot'),
            scale=results.get('temperature_scale'),
            offset=results.get('temperature_offset', 0.), **self.gain)
        if kelvin_per_level is not None:
            results['kelvin_per_level'] = kelvin_per_level
        return grey

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}({self.gain}, '
                f'channels={self.channels})')


@TRANSFORMS.register_module()
class LoadRGBPartner(BaseTransform):
    """Loads the RGB partner of the thermal image.

    ``results['img']`` becomes the list ``[thermal, rgb]``. MMPose's geometric
    transforms (``TopdownAffine``, ``RandomFlip``) apply the same geometry to
    both. Pairs that are not pixel-aligned need :class:`PairTopdownAffine`.

    Required Keys:

    - img (np.ndarray): the loaded thermal image
    - rgb_path; or missing_modalities, if there is no partner and a black image
      replaces it
    - rgb_to_thermal (optional): see :class:`PairTopdownAffine`

    Modified Keys:

    - img (list[np.ndarray]): thermal and RGB, each (H, W, 3), uint8; RGB in
      OpenCV's BGR order

    Added Keys:

    - modalities (tuple[str]): ``('thermal', 'rgb')``, the names of the images

    Args:
        backend_args (dict, optional): Arguments of the storage backend.
    """

    def __init__(self, backend_args: Optional[dict] = None) -> None:
        self.backend_args = backend_args

    def transform(self, results: dict) -> dict:
        """Loads the partner of a sample."""
        thermal = results['img']
        if 'rgb' in results.get('missing_modalities', ()):
            rgb = np.zeros((*thermal.shape[:2], 3), np.uint8)
        else:
            rgb = self._read(results, thermal)
        results['img'] = [thermal, rgb]
        results['modalities'] = ('thermal', 'rgb')
        return results

    def _read(self, results: dict, thermal: np.ndarray) -> np.ndarray:
        if 'rgb_path' not in results:
            raise KeyError(
                f'The sample of {results["img_path"]} has no RGB partner. Set '
                '`with_rgb=True` in the ThermalFaceDataset of this pipeline.')
        path = results['rgb_path']
        rgb = read_image(path, True, self.backend_args)
        if 'rgb_to_thermal' not in results and \
                rgb.shape[:2] != thermal.shape[:2]:
            raise ValueError(
                f'RGB image {path} is {rgb.shape[1]}x{rgb.shape[0]} pixels, '
                f'its thermal partner {results["img_path"]} is '
                f'{thermal.shape[1]}x{thermal.shape[0]}. Pairs must be '
                'pixel-aligned, unless the annotation file has the image\'s '
                '"rgb_homography" or the face\'s "rgb_keypoints".')
        return rgb

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}()'
