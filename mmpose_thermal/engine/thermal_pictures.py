"""Pictures of thermal images as the network sees them."""
import os.path as osp
from typing import Optional

import numpy as np
from mmpose.registry import VISUALIZERS
from mmpose.visualization import PoseLocalVisualizer

from mmpose_thermal.datasets.transforms.loading import (LoadThermalImage,
                                                        read_image)
from mmpose_thermal.runtime.images import grey_levels, stored_bits


def loading_of(pipeline) -> Optional[LoadThermalImage]:
    """The transform of a pipeline that loads thermal images.

    Args:
        pipeline (Compose | BaseTransform): A pipeline, or a transform that
            may hold others.

    Returns:
        LoadThermalImage: The first; ``None`` if the pipeline has none, as that
        of a model for visible light.
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
    """An image to draw on.

    Args:
        path (str): Of the image.
        loading (LoadThermalImage, optional): Loads it as the network sees it;
            without one it is an image of visible light.
        fields (dict, optional): Of its record: palette, temperature_scale.

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

    MMPose reads what it draws on as 8 bits a channel, in which a 16-bit frame
    is one dark tone. Here an image of another depth, an array or the file
    that the sample names, becomes visible as by :class:`LoadThermalImage`.
    Arguments are those of ``PoseLocalVisualizer``.
    """

    def add_datasample(self, name: str, image: np.ndarray, data_sample, *args,
                       **kwargs) -> np.ndarray:
        """Draws the poses of a sample; see MMPose.

        Args:
            name (str): Of the picture.
            image (np.ndarray): RGB (H, W, 3), or thermal of any depth, (H, W)
                or (H, W, 3).
            data_sample (PoseDataSample): What to draw; its ``img_path`` is
                read again if that is an image of more than 8 bits.

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
    """What a file of more than 8 bits shows, else the image itself."""
    # An image that was given as an array has a name, but no file.
    if not osp.isfile(path) or stored_bits(path) == 8:
        return image
    picture = picture_of(path, LoadThermalImage())
    return picture if picture.shape == image.shape else image
