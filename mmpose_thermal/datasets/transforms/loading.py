from typing import Optional, Sequence, Tuple

import cv2
import mmengine.fileio as fileio
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

_DTYPES = {8: np.dtype('uint8'), 16: np.dtype('uint16')}


def read_image(path: str,
               flags: int = cv2.IMREAD_UNCHANGED,
               backend_args: Optional[dict] = None) -> np.ndarray:
    """Reads an image as stored.

    Args:
        path (str): Where, in any storage that MMEngine's fileio knows.
        flags (int): OpenCV's reading mode. Defaults to unchanged.
        backend_args (dict, optional): For the storage backend.

    Returns:
        np.ndarray: Shape (H, W) or (H, W, C).

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no readable image.
    """
    try:
        content = fileio.get(path, backend_args=backend_args)
    except FileNotFoundError:
        raise FileNotFoundError(
            f'Image {path} does not exist. Check `data_root` and '
            '`data_prefix` of the data set, or complete the download.')
    buffer = np.frombuffer(content, np.uint8)
    image = cv2.imdecode(buffer, flags) if buffer.size else None
    if image is None:
        raise ValueError(
            f'Image {path} cannot be decoded: it is truncated or no image '
            f'({buffer.size} bytes). Replace it, or remove its record from '
            'the annotation file.')
    return image


def require_bit_depth(image: np.ndarray, bit_depth: int, path: str) -> None:
    """Checks that a thermal image has the declared depth.

    Args:
        image (np.ndarray): The image as stored.
        bit_depth (int): 8 or 16, as declared in the annotation file.
        path (str): Named in the error.

    Raises:
        ValueError: The depths differ.
    """
    if bit_depth not in _DTYPES:
        raise ValueError(
            f'Thermal image {path} is declared with "bit_depth": '
            f'{bit_depth}; supported are {sorted(_DTYPES)}.')
    if image.dtype != _DTYPES[bit_depth]:
        raise ValueError(
            f'Thermal image {path} holds {image.dtype} pixels, but is '
            f'declared with {bit_depth} bits. Set "bit_depth" of the image in '
            'the annotation file to what the file holds (the default is 8).')


def _single_channel(image: np.ndarray, path: str) -> np.ndarray:
    if image.ndim == 2:
        return image
    # Grey PNGs are often stored as three equal channels.
    if image.dtype == np.uint8 and (image[..., :1] == image[..., 1:3]).all():
        return image[..., 0]
    raise ValueError(
        f'Thermal image {path} has {image.shape[2]} different channels: it '
        'looks like a false-colour palette or a visible-light image. Convert '
        'it to grey intensities first.')


@TRANSFORMS.register_module()
class LoadThermalImage(BaseTransform):
    """Loads a thermal image, 8-bit or 16-bit radiometric, as grey levels.

    The result has three equal channels, so that any backbone, pretrained
    weights and MMPose's inferencers apply unchanged.

    Required Keys:

    - img_path
    - bit_depth (optional, 8 if absent)
    - temperature_scale, temperature_offset (optional; 16-bit only)

    Added Keys:

    - img (np.ndarray): (H, W, 3), uint8
    - img_shape, ori_shape (tuple): (H, W)

    Args:
        temperature_range_k (tuple[float, float], optional): Temperatures in
            kelvin that map to grey 0 and 255, for 16-bit images. By default
            each image is stretched between its own percentiles, as a
            camera's automatic gain does.
        percentiles (tuple[float, float]): The percentiles of that stretch.
            Defaults to (1, 99.7).
        backend_args (dict, optional): For the storage backend.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is unreadable, or of another depth than declared.
    """

    def __init__(self,
                 temperature_range_k: Optional[Tuple[float, float]] = None,
                 percentiles: Sequence[float] = (1, 99.7),
                 backend_args: Optional[dict] = None) -> None:
        if temperature_range_k is not None and not (
                temperature_range_k[0] < temperature_range_k[1]):
            raise ValueError('`temperature_range_k` must be (low, high) in '
                             f'kelvin, got {temperature_range_k}.')
        self.temperature_range_k = temperature_range_k
        self.percentiles = percentiles
        self.backend_args = backend_args

    def transform(self, results: dict) -> dict:
        """Loads the image of a sample.

        Args:
            results (dict): The sample.

        Returns:
            dict: The sample with its image.
        """
        path = results['img_path']
        raw = read_image(path, backend_args=self.backend_args)
        require_bit_depth(raw, results.get('bit_depth', 8), path)
        grey = _single_channel(raw, path)
        if grey.dtype == np.uint16:
            grey = self._to_grey(grey, results)
        results['img'] = cv2.merge([grey, grey, grey])
        results['img_shape'] = results['ori_shape'] = grey.shape[:2]
        return results

    def _to_grey(self, raw: np.ndarray, results: dict) -> np.ndarray:
        if self.temperature_range_k is None:
            low, high = np.percentile(raw, self.percentiles)
        else:
            scale = results.get('temperature_scale', .01)
            offset = results.get('temperature_offset', 0.)
            low, high = (np.asarray(self.temperature_range_k) - offset) / scale
        gain = 255 / max(high - low, 1e-6)
        grey = (raw.astype(np.float32) - np.float32(low)) * np.float32(gain)
        return np.clip(np.rint(grey), 0, 255).astype(np.uint8)

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}('
                f'temperature_range_k={self.temperature_range_k}, '
                f'percentiles={self.percentiles})')


@TRANSFORMS.register_module()
class LoadRGBPartner(BaseTransform):
    """Loads the RGB image beside the thermal one.

    From here on ``results['img']`` is the list ``[thermal, rgb]``, to which
    MMPose's geometric transforms (``TopdownAffine``, ``RandomFlip``) apply
    one and the same geometry. Pairs that are not pixel-aligned need
    :class:`PairTopdownAffine`.

    Required Keys:

    - img (np.ndarray): the loaded thermal image
    - rgb_path; or missing_modalities, if there is no partner: a black image
      then holds its place
    - rgb_to_thermal (optional): see :class:`PairTopdownAffine`

    Modified Keys:

    - img (list[np.ndarray]): thermal and RGB, each (H, W, 3), uint8; RGB in
      OpenCV's BGR order

    Added Keys:

    - modalities (tuple[str]): ``('thermal', 'rgb')``, naming the images

    Args:
        backend_args (dict, optional): For the storage backend.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is unreadable, or of another size than the
            thermal image though it should be aligned.
    """

    def __init__(self, backend_args: Optional[dict] = None) -> None:
        self.backend_args = backend_args

    def transform(self, results: dict) -> dict:
        """Loads the partner of a sample.

        Args:
            results (dict): The sample with its thermal image.

        Returns:
            dict: The sample with both images.
        """
        if 'rgb' in results.get('missing_modalities', ()):
            results['img'] = [results['img'], np.zeros_like(results['img'])]
            results['modalities'] = ('thermal', 'rgb')
            return results
        if 'rgb_path' not in results:
            raise KeyError(
                f'The sample of {results["img_path"]} has no RGB partner. Set '
                '`with_rgb=True` in the ThermalFaceDataset of this pipeline.')
        path, thermal = results['rgb_path'], results['img']
        rgb = read_image(path, cv2.IMREAD_COLOR, self.backend_args)
        if 'rgb_to_thermal' not in results and \
                rgb.shape[:2] != thermal.shape[:2]:
            raise ValueError(
                f'RGB image {path} is {rgb.shape[1]}x{rgb.shape[0]} pixels, '
                f'its thermal partner {results["img_path"]} is '
                f'{thermal.shape[1]}x{thermal.shape[0]}. Pairs are taken as '
                'pixel-aligned, unless the annotation file has the image\'s '
                '"rgb_homography" or the face\'s "rgb_keypoints".')
        results['img'] = [thermal, rgb]
        results['modalities'] = ('thermal', 'rgb')
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}()'
