"""Shows thermal images as the network sees them."""
import os.path as osp
from typing import Optional

import numpy as np
from mmpose.registry import VISUALIZERS
from mmpose.visualization import PoseLocalVisualizer

from mmpose_thermal.datasets.transforms.loading import (LoadThermalImage,
                                                        read_image)
from mmpose_thermal.runtime.images import grey_levels, stored_bits


def loading_of(pipeline) -> Optional[LoadThermalImage]:
    """Finds the transform of a pipeline that loads thermal images.

    Args:
        pipeline (Compose | BaseTransform): A pipeline, or a transform that
            may hold others.

    Returns:
        LoadThermalImage: The first; ``None`` if the pipeline has none, as for a
        model of visible light.
    """
    if isinstance(pipeline, LoadThermalImage):
        return pipeline
    for transform in getattr(pipeline, 'transforms', ()):
        found = loading_of(transform)
        if found is not None:
            return found
    return None


def picture_of(path: str,
               loading: Optional[LoadThermalImage],
               fields: Optional[dict] = None) -> np.ndarray:
    """Loads an image to draw on.

    Args:
        path (str): The image's path.
        loading (LoadThermalImage, optional): Loads it as the network sees it;
            without one it is an image of visible light.
        fields (dict, optional): Fields of its record: palette,
            temperature_scale.

    Returns:
        np.ndarray: Shape (H, W, 3), RGB, uint8.
    """
    if loading is None:
        return np.ascontiguousarray(read_image(path, colour=True)[..., ::-1])
    grey = loading.transform(dict(fields or {}, img_path=path))['img']
    return grey if grey.ndim == 3 else np.stack([grey] * 3, 2)


@VISUALIZERS.register_module()
class ThermalPoseVisualizer(PoseLocalVisualizer):
    """MMPose's visualizer, for images of any depth.

    MMPose reads images as 8 bits per channel, which makes a 16-bit frame
    uniformly dark. This class converts images of other depths, given as an
    array or as the file that the sample names, like
    :class:`LoadThermalImage`. Arguments are those of ``PoseLocalVisualizer``.
    """

    def add_datasample(self, name: str, image: np.ndarray, data_sample, *args,
                       **kwargs) -> np.ndarray:
        """Draws the poses of a sample; see MMPose.

        Args:
            name (str): The picture's name.
            image (np.ndarray): RGB (H, W, 3), or thermal of any depth, (H, W)
                or (H, W, 3).
            data_sample (PoseDataSample): What to draw. Its ``img_path`` is
                read again if that image has more than 8 bits.

        Returns:
            np.ndarray: The picture, RGB.
        """
        path = data_sample.get('img_path')
        if image.dtype != np.uint8 or image.ndim == 2:
            grey, _ = grey_levels(image, path or name)
            image = np.stack([grey] * 3, 2)
        elif path and image.any():  # a black background is wanted
            image = _as_deep(path, image)
        return super().add_datasample(name, image, data_sample, *args,
                                      **kwargs)


def _as_deep(path, image):
    """The picture of a file of more than 8 bits, else the image itself."""
    # An image given as an array has a name, but no file.
    if not osp.isfile(path) or stored_bits(path) == 8:
        return image
    picture = picture_of(path, LoadThermalImage())
    return picture if picture.shape == image.shape else image
