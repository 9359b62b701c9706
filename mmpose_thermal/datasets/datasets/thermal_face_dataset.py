import logging
import os
import os.path as osp
import random
from typing import Any, List, Optional

import numpy as np
import torch
from mmcv.transforms import LoadImageFromFile
from mmengine.fileio import exists
from mmengine.logging import print_log
from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.registry import DATASETS

from mmpose_thermal.version import __version__

from ..alignment import rgb_to_thermal
from ..annotation_faults import find_fault
from ..kept_index import fingerprint, load_index, save_index
from ..point_sets import load_metainfo
from ..transforms.caching import CachedLoading
from ..transforms.loading import (LoadRGBPartner, LoadThermalImage, read_image,
                                  require_bit_depth)

_DEFAULT_BIT_DEPTH = 8
_LOADING = (LoadThermalImage, LoadRGBPartner, LoadImageFromFile)
_OF_LOADING = ('temperature_scale', 'temperature_offset', 'palette')
# What decides about the samples beside the annotation file.
_OF_INDEX = ('with_rgb', 'require_rgb', 'data_prefix', 'data_mode',
             'test_mode', 'filter_cfg', 'sample_interval', '_indices')
# Of an image: what is no attribute of its faces.
_ITS_OWN = ('id', 'img_id', 'file_name', 'img_path', 'width', 'height',
            'rgb_file_name', 'rgb_homography')


def image_fields(image: dict) -> dict:
    """What :class:`LoadThermalImage` must know of an image.

    Args:
        image (dict): Its record in the annotation file.

    Returns:
        dict: ``bit_depth``, and those of ``palette``, ``temperature_scale``
        and ``temperature_offset`` that the record has.
    """
    fields = {key: image[key] for key in _OF_LOADING if key in image}
    return dict(fields, bit_depth=image.get('bit_depth', _DEFAULT_BIT_DEPTH))


def _check_exists(ann_file: str) -> None:
    if not exists(ann_file):
        raise FileNotFoundError(
            f'Annotation file {ann_file} does not exist. Check `data_root` '
            'and `ann_file` of the data set in the config.')


@DATASETS.register_module()
class ThermalFaceDataset(BaseCocoStyleDataset):
    """Thermal faces with landmarks, each with an optional RGB partner.

    The annotation file is COCO json. Beside the usual fields an image may
    have (see docs/data_format.md):

    - ``rgb_file_name``: the visible-light partner, relative to
      ``data_prefix['rgb']``; aligned and of the same size, unless
    - ``rgb_homography`` says where it lies: nine numbers, the rows of the
      matrix from its pixels to those of the thermal image; or the annotation
      has ``rgb_keypoints``, the landmarks in the RGB image;
    - ``bit_depth``: 8 (default), 16, or 32 for floats;
    - ``temperature_scale``, ``temperature_offset``: kelvin are
      ``raw * scale + offset`` (defaults for 16 bits 0.01 and 0, that is
      centikelvin; for floats 1 and 0);
    - ``palette``: of false colours (``'iron'``, ``'black-hot'`` or a file);
    - ``subject_id``: who is seen.

    What can be known from the annotation file and the folders is checked
    when the data set is built, before training starts.

    Args:
        with_rgb (bool): Whether samples carry the path of their RGB partner
            (``'rgb_path'``). Defaults to False: thermal images alone.
        require_rgb (bool): Whether every image must have a partner, if
            ``with_rgb=True``. If False, those without one contribute to the
            task loss alone. Defaults to True.
        cache (str, optional): File in which images are kept, decoded and cut
            to the face, for later epochs and runs; below ``/dev/shm`` it is
            in memory. For training. See :class:`CachedLoading`.
        index (str, optional): Folder in which the checked annotations are
            kept, for large sets: the next start maps it into memory, which
            all processes share, and neither reads the annotation file nor
            looks for the images. It is made anew when the annotation file or
            an option changes. Samples in it are pickled: use your own only.
        data_prefix (dict): Folders below ``data_root``: ``img`` for thermal
            images, ``rgb`` for their partners. Defaults to
            ``dict(img='', rgb='')``.
        **kwargs: Arguments of MMPose's ``BaseCocoStyleDataset``.

    Raises:
        FileNotFoundError: The annotation file or an image does not exist, or
            an image has no RGB partner though it must.
        ValueError: A record contradicts the metainfo or itself.
    """

    METAINFO: dict = dict(from_file='configs/_base_/datasets/ibug68.py')

    def __init__(self,
                 *args,
                 with_rgb: bool = False,
                 require_rgb: bool = True,
                 cache: Optional[str] = None,
                 index: Optional[str] = None,
                 data_prefix: dict = dict(img='', rgb=''),
                 **kwargs) -> None:
        self.with_rgb = with_rgb
        self.require_rgb = require_rgb
        self.index = index
        # In shared memory: worker processes see what is set here.
        self._epoch_seed = torch.full((1, ), -1).share_memory_()
        super().__init__(*args, data_prefix=data_prefix, **kwargs)
        if cache:
            self._keep_images(cache)

    def full_init(self) -> None:
        """Loads the annotations, or the index of them if there is one."""
        if not self.index or self._fully_initialized:  # type: ignore[has-type]
            return super().full_init()
        if not self.serialize_data or self.bbox_file:
            raise ValueError('`index` needs serialize_data=True, and no '
                             '`bbox_file`.')
        _check_exists(self.ann_file)
        mark = self.index_mark()
        found = load_index(self.index, mark)
        if found is not None:
            self.data_bytes, self.data_address, metainfo = found
            self._metainfo.update(metainfo)
            self._fully_initialized = True
            return
        super().full_init()
        save_index(self.index, mark, self.data_bytes, self.data_address,
                   {k: self._metainfo[k] for k in ('CLASSES', )
                    if k in self._metainfo})

    def index_mark(self) -> str:
        """What an index must be marked with to be this data set's."""
        return fingerprint(
            self.ann_file,
            version=__version__,
            metainfo=self._metainfo['dataset_name'],
            **{name: getattr(self, name) for name in _OF_INDEX})

    def _keep_images(self, path: str) -> None:
        """Puts a cache in the place of the pipeline's loading steps."""
        steps = self.pipeline.transforms
        count = next((index for index, step in enumerate(steps)
                      if not isinstance(step, _LOADING)), len(steps))
        if self.test_mode or not count:
            raise ValueError(
                f'{self.ann_file}: `cache` is for training pipelines that '
                'begin with LoadThermalImage or LoadImage. Leave it out.')
        steps[:count] = [CachedLoading(steps[:count], path)]

    def set_epoch_seed(self, seed: int) -> None:
        """Makes random augmentation depend on this and the sample alone.

        And so neither on the number of workers nor on what they did before,
        as after a resume. :class:`EpochSeedHook` calls it.

        Args:
            seed (int): Not negative, another one for each epoch.
        """
        self._epoch_seed.fill_(seed)

    def prepare_data(self, idx: int) -> Any:
        """Runs the pipeline on one sample.

        Args:
            idx (int): Its index.

        Returns:
            Any: What the pipeline returns.
        """
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
        """Gets one sample before the pipeline.

        Args:
            idx (int): Its index.

        Returns:
            dict: Its fields, with ``regions`` (indices of points by region)
            if the metainfo has them.
        """
        data_info = super().get_data_info(idx)
        if 'regions' in self._metainfo:
            data_info['regions'] = self._metainfo['regions']
        return data_info

    def load_data_list(self) -> List[dict]:
        """Loads and checks all records.

        Returns:
            list[dict]: One entry a face.
        """
        _check_exists(self.ann_file)
        try:
            data_list = super().load_data_list()
        except Exception as error:
            # Only now is the file gone through: that takes a while.
            fault = '' if self.ann_file in str(error) else find_fault(
                self.ann_file)
            if fault:
                raise ValueError(fault) from error
            raise
        if not data_list:
            raise ValueError(
                f'{self.ann_file} holds no face with landmarks: nothing to '
                'work with. Check its "annotations".')
        self._check_files(data_list)
        self._check_first_image(data_list)
        unpaired = sum('missing_modalities' in info for info in data_list)
        if unpaired:
            print_log(
                f'{self.ann_file}: {unpaired} of {len(data_list)} faces have '
                'no RGB partner and train on the task loss alone.', 'current')
        return data_list

    def _load_annotations(self) -> tuple:
        loaded = super()._load_annotations()
        # COCO keeps the last of two records of one id, and faces of images
        # that are not there are never asked for.
        found = self.coco.dataset
        if len(self.coco.imgs) < len(found['images']) or \
                len(self.coco.anns) < len(found['annotations']) or \
                not self.coco.imgToAnns.keys() <= self.coco.imgs.keys():
            raise ValueError(find_fault(self.ann_file))
        return loaded

    def parse_data_info(self, raw_data_info: dict) -> Optional[dict]:
        """Checks and converts one COCO annotation.

        Args:
            raw_data_info (dict): ``raw_ann_info`` and ``raw_img_info``.

        Returns:
            dict: The sample's fields for the pipeline.
        """
        annotation = raw_data_info['raw_ann_info']
        image = raw_data_info['raw_img_info']
        self._check_annotation(annotation, image)
        data_info = super().parse_data_info(raw_data_info)
        data_info.update(image_fields(image))
        if self.test_mode:
            # Metrics see the annotation alone: it carries what its image has.
            data_info['raw_ann_info'] = {
                **{k: v for k, v in image.items() if k not in _ITS_OWN},
                **data_info['raw_ann_info'],
                'bit_depth': data_info['bit_depth'],
            }
        else:
            # Only metrics need it, and workers would send it each time.
            del data_info['raw_ann_info']
        if 'subject_id' in image:
            data_info['subject_id'] = image['subject_id']
        if self.with_rgb:
            data_info.update(self._parse_partner(annotation, image))
        return data_info

    def _parse_partner(self, annotation: dict, image: dict) -> dict:
        where = f'{self.ann_file}: image "{image["file_name"]}"'
        if not image.get('rgb_file_name'):
            if not self.require_rgb:
                return dict(missing_modalities=('rgb', ))
            raise FileNotFoundError(
                f'{where} has no "rgb_file_name", but the data set was asked '
                'for pairs. Add the RGB partner, remove the image, let it '
                'train without (require_rgb=False), or train all without RGB '
                '(with_rgb=False).')
        partner = dict(
            rgb_path=osp.join(
                self.data_prefix.get('rgb', ''), image['rgb_file_name']))
        try:
            matrix = rgb_to_thermal(image, annotation)
        except ValueError as error:
            raise ValueError(f'{where}, annotation {annotation.get("id")}: '
                             f'{error}')
        if matrix is not None:
            partner['rgb_to_thermal'] = matrix
        return partner

    def _get_topdown_data_infos(self, instance_list: List[dict]) -> List[dict]:
        kept = super()._get_topdown_data_infos(instance_list)
        if len(kept) < len(instance_list):
            print_log(
                f'{self.ann_file}: left out {len(instance_list) - len(kept)} '
                f'of {len(instance_list)} faces that are crowds or have no '
                'labelled point.',
                'current',
                level=logging.WARNING)
        return kept

    def _check_annotation(self, annotation: dict, image: dict) -> None:
        where = (f'{self.ann_file}: annotation {annotation.get("id")} of '
                 f'image "{image["file_name"]}"')
        for field in ('bbox', 'keypoints'):
            if field not in annotation:
                raise ValueError(f'{where} has no "{field}".')
        expected = self._metainfo['num_keypoints']
        found = len(annotation['keypoints']) / 3
        if found != expected:
            raise ValueError(
                f'{where} has {found:g} keypoints, but the metainfo '
                f'"{self._metainfo["dataset_name"]}" defines {expected}. Set '
                '`metainfo` of the data set to the point set of the file, or '
                'convert the file.')
        box = np.asarray(annotation['bbox'], dtype=float)
        if box.shape != (4, ) or not np.isfinite(box).all() or (
                box[2:] <= 0).any():
            raise ValueError(
                f'{where} has the bbox {annotation["bbox"]}, which is no box '
                '[x, y, width, height] with an area. Correct it, for example '
                'from the landmarks with a margin.')
        overlap = np.minimum(box[:2] + box[2:],
                             [image['width'], image['height']]) - np.maximum(
                                 box[:2], 0)
        if (overlap <= 1).any():
            raise ValueError(
                f'{where} has the bbox {annotation["bbox"]}, which lies '
                f'outside the {image["width"]}x{image["height"]} image.')
        if not np.isfinite(np.asarray(annotation['keypoints'], float)).all():
            raise ValueError(
                f'{where} has a keypoint that is not finite. Mark unknown '
                'points as 0, 0, 0.')

    def _check_files(self, data_list: List[dict]) -> None:
        """All images exist; one directory listing a folder, not a stat each.

        Remote storage is not listed: there a missing file shows when read.
        """
        paths = {
            info[key]: key
            for info in data_list for key in ('img_path', 'rgb_path')
            if key in info
        }
        folders = {osp.dirname(path) for path in paths}
        self._check_inside(folders)
        if any('://' in path for path in paths):
            return
        present = {
            osp.join(folder, entry.name)
            for folder in folders if osp.isdir(folder or '.')
            for entry in os.scandir(folder or '.')
        }
        missing = [path for path in paths if path not in present]
        if missing:
            role = ('RGB partner'
                    if paths[missing[0]] == 'rgb_path' else 'image')
            raise FileNotFoundError(
                f'{self.ann_file}: {len(missing)} of {len(paths)} files do '
                f'not exist, first the {role} {missing[0]}. Check `data_root` '
                'and `data_prefix` of the data set, or complete the download.')

    def _check_inside(self, folders) -> None:
        """No record reads what is not the data set's."""
        roots = [self.data_root] if self.data_root else \
            [prefix for prefix in self.data_prefix.values() if prefix]
        if not roots:
            return
        inside = tuple(
            osp.join(osp.abspath(root), '') for root in roots)
        for folder in folders:
            if not osp.join(osp.abspath(folder), '').startswith(inside):
                raise ValueError(
                    f'{self.ann_file}: a file lies in {folder}, which is '
                    f'outside of data_root ({", ".join(roots)}). Set '
                    '`data_root` to a folder that holds all images, or '
                    'correct the names in the file.')

    def _check_first_image(self, data_list: List[dict]) -> None:
        """A data set declared wrongly as a whole fails at once."""
        first = data_list[0]
        require_bit_depth(
            read_image(first['img_path']), first['bit_depth'],
            first['img_path'])
        pair = next((info for info in data_list if 'rgb_path' in info), None)
        if pair is not None:
            LoadRGBPartner()(dict(pair, img=read_image(pair['img_path'])))
