import logging
import os.path as osp
import random
from typing import Any, List, Optional, Tuple

import numpy as np
import torch
from mmcv.transforms import LoadImageFromFile
from mmengine.logging import print_log
from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.registry import DATASETS

from ..alignment import rgb_to_thermal
from ..annotations import Annotations, read_annotations
from ..detected_boxes import match_boxes, read_boxes
from ..image_files import check_files
from ..point_sets import load_metainfo, metainfo_file
from ..transforms.caching import CachedLoading
from ..transforms.loading import (LoadRGBPartner, LoadThermalImage, read_image,
                                  require_bit_depth, require_size)

_DEFAULT_BIT_DEPTH = 8
_LOADING = (LoadThermalImage, LoadRGBPartner, LoadImageFromFile)
_OF_LOADING = ('temperature_scale', 'temperature_offset', 'palette')
# What the pipeline and the metrics read of the metainfo.
_OF_METAINFO = ('dataset_name', 'upper_body_ids', 'lower_body_ids', 'flip_pairs',
                'dataset_keypoint_weights', 'flip_indices', 'skeleton_links',
                'regions')
# Fields of an image that are not attributes of its faces.
_ITS_OWN = ('id', 'img_id', 'file_name', 'img_path', 'width', 'height',
            'rgb_file_name', 'rgb_homography')


def image_fields(image: dict) -> dict:
    """Collects the fields of an image record that :class:`LoadThermalImage` needs.

    These are ``bit_depth``, ``declared_size`` (width, height) in pixels, and,
    if present, ``palette``, ``temperature_scale`` and ``temperature_offset``.
    """
    fields = {key: image[key] for key in _OF_LOADING
              if image.get(key) not in (None, '')}
    if image.get('width') and image.get('height'):
        fields['declared_size'] = image['width'], image['height']
    return dict(fields, bit_depth=image.get('bit_depth') or _DEFAULT_BIT_DEPTH)


@DATASETS.register_module()
class ThermalFaceDataset(BaseCocoStyleDataset):
    """Thermal faces with landmarks, each with an optional RGB partner.

    The annotation file is COCO json with additional image fields (see
    docs/data_format.md): ``rgb_file_name``, the RGB partner, which must be
    aligned and of the same size unless there is an ``rgb_homography`` or the
    annotation has ``rgb_keypoints``; ``subject_id``, the person shown; and
    ``bit_depth``, ``temperature_scale``, ``temperature_offset`` and ``palette``
    for :class:`LoadThermalImage`.

    The annotation file and the image files are checked when the data set is
    built, before training starts.

    Args:
        with_rgb (bool): Whether samples contain the path of their RGB partner
            (``'rgb_path'``). Defaults to False.
        require_rgb (bool): Whether every image must have a partner if
            ``with_rgb=True``. If False, images without one contribute to the
            task loss only. Defaults to True.
        unlabelled (str): What becomes of faces with a box but no landmarks.
            ``'leave_out'``; or ``'keep'``, for training with a
            :class:`CrossModalDistiller`, whose teacher takes the place of the
            labels; or ``'all'``, which also ignores the labels of the others
            (to measure what labels are worth). Defaults to ``'leave_out'``.
        cache (str, optional): File that stores decoded face crops for later
            epochs and runs; below ``/dev/shm`` it is in memory. For training
            only. See :class:`CachedLoading`.
        data_prefix (dict): Folders below ``data_root``: ``img`` for thermal
            images, ``rgb`` for their partners. Defaults to
            ``dict(img='', rgb='')``.
        **kwargs: Arguments of MMPose's ``BaseCocoStyleDataset``.

    Raises:
        FileNotFoundError: The annotation file or an image does not exist, or
            a required RGB partner is missing.
        ValueError: A record contradicts the metainfo or itself.
    """

    METAINFO: dict = dict(from_file=metainfo_file('ibug68'))

    def __init__(self,
                 *args,
                 with_rgb: bool = False,
                 require_rgb: bool = True,
                 unlabelled: str = 'leave_out',
                 cache: Optional[str] = None,
                 data_prefix: dict = dict(img='', rgb=''),
                 **kwargs) -> None:
        self.with_rgb = with_rgb
        self.require_rgb = require_rgb
        if unlabelled not in ('leave_out', 'keep', 'all'):
            raise ValueError('`unlabelled` must be "leave_out", "keep" or "all", '
                             f'got {unlabelled!r}.')
        self.unlabelled = unlabelled
        # In shared memory, so that worker processes see changes.
        self._epoch_seed = torch.full((1, ), -1).share_memory_()
        super().__init__(*args, data_prefix=data_prefix, **kwargs)
        if self.test_mode and unlabelled != 'leave_out':
            raise ValueError(f'{self.ann_file}: errors cannot be measured on '
                             'unlabelled faces. Remove `unlabelled`.')
        if cache:
            self._keep_images(cache)

    def _keep_images(self, path: str) -> None:
        """Replaces the pipeline's loading steps by a cache."""
        steps = self.pipeline.transforms
        count = next((index for index, step in enumerate(steps)
                      if not isinstance(step, _LOADING)), len(steps))
        if self.test_mode or not count:
            raise ValueError(
                f'{self.ann_file}: `cache` is for training pipelines that '
                'begin with LoadThermalImage or LoadImage. Remove it.')
        steps[:count] = [CachedLoading(steps[:count], path)]

    def set_epoch_seed(self, seed: int) -> None:
        """Makes random augmentation depend only on this seed and the sample.

        Augmentation is then independent of the number of workers and
        reproducible after a resume. :class:`EpochSeedHook` calls this with a
        different, non-negative seed for each epoch.
        """
        self._epoch_seed.fill_(seed)

    def prepare_data(self, idx: int) -> Any:
        """Runs the pipeline on one sample."""
        seed = int(self._epoch_seed)
        if seed >= 0:
            state = np.random.SeedSequence((seed, int(idx))).generate_state(2)
            np.random.seed(state[0])
            random.seed(int(state[1]))
        return super().prepare_data(idx)

    @classmethod
    def _load_metainfo(cls, metainfo: Optional[dict] = None) -> dict:
        return load_metainfo(cls.METAINFO if metainfo is None else metainfo)

    def get_data_info(self, idx: int) -> dict:
        """Returns a sample before the pipeline, with fields of the metainfo."""
        # Not MMPose's method, which copies the metainfo for each sample: a fifth
        # of the time that loading takes.
        data_info = super(BaseCocoStyleDataset, self).get_data_info(idx)
        data_info.update(self._of_metainfo)
        return data_info

    def load_data_list(self) -> List[dict]:
        """Loads and checks all faces, or images with ``data_mode='bottomup'``."""
        found = read_annotations(self.ann_file, self._metainfo, self.with_rgb,
                                 unlabelled=self.unlabelled != 'leave_out')
        found.refuse_faults()
        if found.left_out:
            print_log(f'{self.ann_file}: {found.what_is_left_out()}',
                      'current', level=logging.WARNING)
        self._metainfo['CLASSES'] = found.categories
        self._of_metainfo = {key: self._metainfo[key] for key in _OF_METAINFO
                             if key in self._metainfo}
        # MMEngine copies each sample's metainfo three times: a list number by
        # number, an array at once.
        self._of_metainfo['flip_indices'] = np.array(self._metainfo['flip_indices'])
        faces, images = self._parse(found)
        if self.unlabelled == 'all':  # labels have served to align pairs
            for info in faces:
                info['num_keypoints'] = 0
                for name in ('keypoints', 'keypoints_visible'):
                    info[name] = np.zeros_like(info[name])
        check_files(self, faces)
        self._check_first_image(faces)
        bare = sum(not info['num_keypoints'] for info in faces)
        if bare:
            print_log(f'{self.ann_file}: {bare} of {len(faces)} faces are '
                      'unlabelled.', 'current')
        unpaired = sum('missing_modalities' in info for info in faces)
        if unpaired:
            print_log(
                f'{self.ann_file}: {unpaired} of {len(faces)} faces have no '
                'RGB partner, and an RGB teacher skips them.', 'current')
        if self.bbox_file:
            return self._detected(faces, found)
        if self.data_mode == 'bottomup':
            of_image = {image['img_id']: image_fields(image)
                        for image in images}
            # MMPose turns the fields of an image's faces into lists.
            return [{**info, **of_image[info['img_id']]} for info in
                    self._get_bottomup_data_infos(faces, images)]
        return faces

    def _parse(self, found: Annotations) -> Tuple[List[dict], List[dict]]:
        """Returns all faces, and all images including those without a face."""
        images = [
            dict(image, img_id=image['id'], img_path=osp.join(
                self.data_prefix['img'], image['file_name']))
            for image in found.images
        ]
        chosen = [
            # MMPose samples by id; text ids have no remainder, so use the index.
            (number if isinstance(image['id'], str) else image['id']) %
            self.sample_interval == 0 for number, image in enumerate(images)
        ]
        faces = [
            info for face, number in zip(found.faces, found.image_of)
            if chosen[number]
            for info in [self.parse_data_info(
                dict(raw_ann_info=face, raw_img_info=images[number]))] if info
        ]
        if not faces:
            raise ValueError(
                f'{self.ann_file} holds no face with landmarks in every '
                f'{self.sample_interval}th image. Lower `sample_interval`.')
        return faces, [image for image, ours in zip(images, chosen) if ours]

    def _detected(self, faces: List[dict],
                  found: Annotations) -> List[dict]:
        """Returns the detected faces with the boxes of the detector."""
        boxes = read_boxes(self.bbox_file, self.ann_file,
                           [image['id'] for image in found.images],
                           {face['category_id'] for face in found.faces})
        for face in faces:  # metrics normalise errors by the annotated box
            face.get('raw_ann_info', {})['annotated_box'] = face['bbox']
        matched, message = match_boxes(faces, boxes, self.bbox_file)
        print_log(message, 'current', level=logging.WARNING
                  if len(matched) < len(faces) else logging.INFO)
        return matched

    def filter_data(self) -> List[dict]:
        """Filters faces by ``filter_cfg``; raises ValueError if none are left."""
        chosen = super().filter_data()
        if not chosen and self.data_list:
            raise ValueError(
                f'{self.ann_file}: filter_cfg={self.filter_cfg} leaves none of '
                f'{len(self.data_list)} faces. Lower its threshold.')
        return chosen

    def parse_data_info(self, raw_data_info: dict) -> Optional[dict]:
        """Makes a sample from a face (``raw_ann_info``) and its ``raw_img_info``."""
        annotation = raw_data_info['raw_ann_info']
        image = raw_data_info['raw_img_info']
        data_info = super().parse_data_info(raw_data_info)
        data_info.update(image_fields(image))
        if self.test_mode:
            # Metrics see only the annotation, so add the fields of its image.
            data_info['raw_ann_info'] = {
                **{k: v for k, v in image.items() if k not in _ITS_OWN},
                **data_info['raw_ann_info'],
                'bit_depth': data_info['bit_depth'],
            }
        else:
            # Only metrics need it; workers would transfer it with each sample.
            del data_info['raw_ann_info']
        if 'subject_id' in image:
            data_info['subject_id'] = image['subject_id']
        if self.with_rgb:
            data_info.update(self._parse_partner(annotation, image))
        return data_info

    def _parse_partner(self, annotation: dict, image: dict) -> dict:
        if not image.get('rgb_file_name'):
            if not self.require_rgb:
                return dict(missing_modalities=('rgb', ))
            raise FileNotFoundError(
                f'{self.ann_file}: image "{image["file_name"]}" has no '
                '"rgb_file_name", but the data set was asked for pairs. Add '
                'the RGB partner, remove the image, train this image without '
                'RGB (require_rgb=False), or train all images without RGB '
                '(with_rgb=False).')
        partner = dict(rgb_path=osp.join(
            self.data_prefix.get('rgb', ''), image['rgb_file_name']))
        matrix = rgb_to_thermal(image, annotation)  # checked when reading
        if matrix is not None:
            partner['rgb_to_thermal'] = matrix
        return partner

    def _check_first_image(self, data_list: List[dict]) -> None:
        """Fails early if the data set as a whole is declared wrongly."""
        first = next((info for info in data_list if 'rgb_path' in info),
                     data_list[0])
        path = first['img_path']
        image = read_image(path, palette=first.get('palette'))
        require_bit_depth(image, first['bit_depth'], path)
        require_size(image, first['declared_size'], path)
        if 'rgb_path' in first:
            LoadRGBPartner()(dict(first, img=image))
