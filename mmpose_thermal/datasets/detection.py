"""Thermal faces for MMDetection.

``import mmpose_thermal`` does not import this module, since it works without
MMDetection. Configs of detectors import it with ``custom_imports``.
"""
import logging
from dataclasses import dataclass
from typing import List, Tuple, Union

import cv2
import numpy as np
from mmdet.datasets import CocoDataset
from mmdet.registry import DATASETS
from mmengine.logging import print_log
from mmpose.registry import TRANSFORMS

from mmpose_thermal.runtime.palettes import PALETTES, palette_colours
from .annotations.reader import FAULTY_RECORD, read_annotations
from .annotations.rules import box_breach, is_number, portable_name
from .datasets.thermal_face_dataset import image_fields
from .image_files import check_files
from .transforms.thermal_effects import ThermalEffect, uniform

_CYCLIC = {'hsv', 'twilight', 'twilight_shifted'}
_ONE_WAY_PALETTES = [name for name in PALETTES if name not in _CYCLIC]


@DATASETS.register_module()
class ThermalFaceDetDataset(CocoDataset):
    """Boxes of thermal faces, read from landmark annotation files.

    Like MMDetection's ``CocoDataset``, with the image fields that
    :class:`LoadThermalImage` needs: ``bit_depth``, ``palette``,
    ``temperature_scale``, ``temperature_offset``.

    Args:
        data_prefix (dict): Folder of the images below ``data_root``. Defaults
            to ``dict(img='')``.
        **kwargs: Arguments of ``CocoDataset``.

    Raises:
        FileNotFoundError: The annotation file or an image does not exist.
        ValueError: The annotation file has no category ``face``, or breaks
            the rules of :class:`ThermalFaceDataset`. Landmarks are not checked.
    """

    METAINFO = dict(classes=('face', ), palette=[(0, 158, 115)])

    def __init__(self, *args, data_prefix: dict = dict(img=''),
                 **kwargs) -> None:
        super().__init__(*args, data_prefix=data_prefix, **kwargs)

    def load_data_list(self) -> List[dict]:
        """Loads all images with their faces."""
        found = read_annotations(self.ann_file)
        found.refuse_faults()
        for one in found.left_out:
            if one.reason == FAULTY_RECORD:  # pycocotools would crash
                raise ValueError(f'{self.ann_file}: {one.first}')
        if found.left_out:
            print_log(f'{self.ann_file}: {found.what_is_left_out()}',
                      'current', level=logging.WARNING)
        classes = set(self.metainfo['classes'])
        if not any(one.get('name') in classes for one in found.categories):
            raise ValueError(
                f'{self.ann_file} has none of the categories '
                f'{self.metainfo["classes"]}. Rename the face category, or set '
                '`metainfo` of the data set.')
        self._usable = {face['id'] for face in found.faces}
        data_list = super().load_data_list()
        check_files(self, data_list)
        return data_list

    def parse_data_info(self, raw_data_info: dict) -> Union[dict, List[dict]]:
        """Makes a sample from an image (``raw_img_info``) and its ``raw_ann_info``."""
        image = raw_data_info['raw_img_info']
        image['file_name'] = portable_name(image['file_name'])
        data_info = super().parse_data_info(
            dict(raw_img_info=image, raw_ann_info=[
                dict(face, area=face['area'] if is_number(face.get(
                    'area')) else face['bbox'][2] * face['bbox'][3])
                for face in raw_data_info['raw_ann_info']
                if face['id'] in self._usable or self._is_crowd(face, image)
            ]))
        data_info.update(image_fields(image))
        return data_info

    @staticmethod
    def _is_crowd(face: dict, image: dict) -> bool:
        """Whether the annotation marks a region that metrics ignore."""
        return bool(face.get('iscrowd')) and box_breach(
            face.get('bbox'), image['width'], image['height'], '') is None


@TRANSFORMS.register_module()
@dataclass(eq=False)
class UnknownPalette(ThermalEffect):
    """Grey levels as they come of false colours that are not undone.

    Luminance rises and falls with temperature in most palettes: a detector
    that knows this finds faces in frames whose palette nobody declared.

    Args:
        random_share: Probability of a random curve instead of a palette's.
        knots: Least and largest number of turns of a random curve.
    """

    prob: float = .3
    random_share: float = .5
    knots: Tuple[int, int] = (3, 9)

    def apply(self, grey, levels_per_k, results):
        if np.random.rand() < self.random_share:
            count = np.random.randint(*self.knots) + 2
            levels = np.random.uniform(0, 255, count)
            levels[0], levels[-1] = uniform((0, 60)), uniform((160, 255))
            curve = np.interp(
                np.arange(256), np.linspace(0, 255, count), levels)
        else:
            colours = palette_colours(np.random.choice(_ONE_WAY_PALETTES))
            curve = cv2.cvtColor(colours[None], cv2.COLOR_BGR2GRAY)[0]
        return curve.astype(np.float32)[grey.astype(np.uint8)]
