from typing import Callable, Sequence, Union

from mmcv.transforms import BaseTransform, Compose
from mmpose.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ModalityTransform(BaseTransform):
    """Applies transforms to one image of a pair only.

    For photometric augmentation, which must not be shared: RGB colour jitter
    is meaningless in a thermal image, and so is thermal sensor noise in RGB.

    Required Keys:

    - img (list[np.ndarray])
    - modalities (tuple[str])

    Modified Keys:

    - img (list[np.ndarray]): the image of ``modality``

    Args:
        modality (str): ``'thermal'`` or ``'rgb'``.
        transforms (list): Transforms that change only ``img`` and keep its
            size. They receive a sample with the single image.
    """

    def __init__(self, modality: str,
                 transforms: Sequence[Union[dict, Callable]]) -> None:
        self.modality = modality
        self.transforms = Compose([
            TRANSFORMS.build(transform)
            if isinstance(transform, dict) else transform
            for transform in transforms
        ])

    def transform(self, results: dict) -> dict:
        """Transforms one modality of a sample."""
        modalities = results.get('modalities', ())
        if self.modality not in modalities:
            raise KeyError(
                f'ModalityTransform needs the modality "{self.modality}", but '
                f'the sample has {list(modalities)}. Put LoadRGBPartner before '
                'it, or correct `modality`.')
        index = modalities.index(self.modality)
        images = list(results['img'])
        alone = self.transforms({**results, 'img': images[index]})
        if alone['img'].shape != images[index].shape:
            raise ValueError(
                f'A transform of ModalityTransform(modality="{self.modality}")'
                f' changed the image from {images[index].shape} to '
                f'{alone["img"].shape}. Geometry must be shared: move the '
                'transform out of ModalityTransform.')
        images[index] = alone['img']
        results['img'] = images
        return results

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}(modality={self.modality!r}, '
                f'transforms={self.transforms})')
