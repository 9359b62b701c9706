from typing import Any

import numpy as np
import torch
from mmpose.datasets.transforms import PackPoseInputs
from mmpose.datasets.transforms.formatting import image_to_tensor
from mmpose.registry import TRANSFORMS

_NO_IMAGE = np.empty((1, 1, 3), np.uint8)


@TRANSFORMS.register_module()
class PackPairInputs(PackPoseInputs):
    """Packs a pair of images as ``inputs={'thermal': ..., 'rgb': ...}``.

    Annotations are packed as in MMPose's ``PackPoseInputs``, which is the
    transform to use for thermal images alone (testing, plain training).

    Required Keys:

    - img (list[np.ndarray]): the images
    - modalities (tuple[str]): their names
    - missing_modalities (tuple[str], optional): modalities whose image is
      missing and replaced by black; stored in the sample's metainfo

    Args:
        meta_keys (Sequence[str]): See ``PackPoseInputs``.
        pack_transformed (bool): See ``PackPoseInputs``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._labels = PackPoseInputs((), self.pack_transformed)

    def transform(self, results: dict) -> dict:
        """Packs a sample."""
        images, modalities = results['img'], results.get('modalities')
        if modalities is None:
            raise KeyError(
                f'The sample of {results.get("img_path")} has only one image. '
                'Add LoadRGBPartner to the pipeline, or pack with '
                'PackPoseInputs.')
        if 'rgb_to_thermal' in results:
            raise ValueError(
                f'The RGB partner of {results.get("img_path")} is not '
                'aligned, and no transform has aligned it. Replace '
                'TopdownAffine in the pipeline with PairTopdownAffine.')
        packed = self._labels.transform({**results, 'img': _NO_IMAGE})
        sample = packed['data_samples']
        for key in self.meta_keys:
            if key in results:
                # set_metainfo() would copy each value deeply.
                sample.set_field(results[key], key, field_type='metainfo')
        missing = results.get('missing_modalities')
        if missing:
            sample.set_metainfo(dict(missing_modalities=missing))
        packed['inputs'] = {
            modality: _to_tensor(image)
            for modality, image in zip(modalities, images)
        }
        return packed


def _to_tensor(image: np.ndarray) -> torch.Tensor:
    """Like ``image_to_tensor``, but faster for images stored plane by plane.

    ``PhotometricDistortion`` leaves them so when it swaps channels.
    """
    if image.ndim == 3 and image.transpose(2, 0, 1).flags.c_contiguous:
        return torch.from_numpy(image.transpose(2, 0, 1))
    return image_to_tensor(image)
