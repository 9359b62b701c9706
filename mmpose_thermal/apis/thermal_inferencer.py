"""MMPose's inferencer, extended to thermal images of any bit depth."""
import glob
import os.path as osp
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Iterator, Optional, Sequence, Union

import cv2
import numpy as np
from mmpose.apis import MMPoseInferencer

from mmpose_thermal.datasets.transforms.loading import read_image
from mmpose_thermal.engine.thermal_pictures import loading_of
from mmpose_thermal.runtime.frames import (IMAGES, UniqueNames, input_files,
                                           names_for)

from .inputs import listed, read

Input = Union[str, Path, Any]


class ThermalInferencer(MMPoseInferencer):
    """MMPose's inferencer for thermal images: 8 and 16 bits, floats, palettes.

    ``MMPoseInferencer`` always reads images with 8 bits per channel to get
    their size and to draw on them. This class passes it the grey levels from
    the model's ``LoadThermalImage`` instead, so that predictions and pictures
    show the same image. Videos and cameras are passed to MMPose unchanged.

        >>> inferencer = ThermalInferencer('config.py', 'student_best.pth')
        >>> for result in inferencer('frames', vis_out_dir='out'):
        ...     print(result['predictions'])

    Args:
        pose2d (str): See ``MMPoseInferencer``.
        pose2d_weights (str, optional): See ``MMPoseInferencer``.
        palette (str, optional): Palette of false-colour images.
        temperature_scale, temperature_offset (float, optional): Kelvin are
            ``raw * scale + offset``.
        **kwargs: Further arguments of ``MMPoseInferencer``.

    Raises:
        ValueError: The config is not for a thermal model.
    """

    def __init__(self,
                 pose2d: str,
                 pose2d_weights: Optional[str] = None,
                 palette: Optional[str] = None,
                 temperature_scale: Optional[float] = None,
                 temperature_offset: Optional[float] = None,
                 **kwargs) -> None:
        super().__init__(pose2d, pose2d_weights, **kwargs)
        self._loading = loading_of(self.inferencer.pipeline)
        if self._loading is None:
            raise ValueError(
                f'{pose2d} has no LoadThermalImage in its test pipeline: it is '
                'a model for visible light. Use MMPoseInferencer.')
        self._palette = palette
        fields = dict(
            palette=palette,
            temperature_scale=temperature_scale,
            temperature_offset=temperature_offset)
        self._fields = {
            name: value
            for name, value in fields.items() if value is not None
        }

    def __call__(self, inputs: Union[Input, Sequence[Input]],
                 **kwargs) -> Iterator[dict]:
        """Finds the landmarks in each image.

        Args:
            inputs (str | np.ndarray | Sequence): A path, folder or glob
                pattern, a video, ``'webcam'``, or any image or batch that
                :meth:`ThermalLandmarker.__call__` accepts.
            **kwargs: MMPose's arguments, such as ``bboxes`` and
                ``vis_out_dir``.

        Yields:
            dict: MMPose's ``predictions`` and ``visualization``.
        """
        if isinstance(inputs, (str, Path)) and not _are_images(str(inputs)):
            yield from super().__call__(str(inputs), **kwargs)
            return
        images = _images(inputs)
        with TemporaryDirectory() as folder:
            yield from super().__call__(
                self._pictures(images, folder), **kwargs)

    def _pictures(self, inputs: Sequence[Input], folder: str):
        """Yields 8-bit images; those from files keep their file names."""
        names = UniqueNames()
        for index, item in enumerate(inputs):
            if not isinstance(item, (str, PathLike)):
                raw, name = read(item, f'{index} of the inputs')
                yield self._grey(raw, dict(img_path=name))
                continue
            path = str(item)
            raw = read_image(path, palette=self._palette)
            picture = osp.join(folder, f'{names.take(*names_for(path))}.png')
            cv2.imwrite(picture, self._grey(raw, dict(img_path=path)))
            yield picture

    def _grey(self, raw: np.ndarray, sample: dict) -> np.ndarray:
        assert self._loading is not None
        grey = self._loading.grey_levels(raw, dict(self._fields, **sample))
        return cv2.merge([grey] * 3)


def _are_images(path: str) -> bool:
    return osp.isdir(path) or Path(path).suffix.lower() in IMAGES


def _images(inputs) -> Sequence[Input]:
    if isinstance(inputs, (str, Path)) and (
            osp.isdir(inputs) or
            (glob.has_magic(str(inputs)) and not osp.exists(inputs))):
        return input_files(str(inputs))
    return listed(inputs)[0]
