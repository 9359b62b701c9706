from typing import Optional, Tuple

import cv2
import numpy as np
from mmpose.datasets.transforms import TopdownAffine
from mmpose.registry import TRANSFORMS
from mmpose.structures.bbox import get_udp_warp_matrix, get_warp_matrix


def _flip_matrix(direction: Optional[str], shape: Tuple[int, ...]):
    """The matrix that ``RandomFlip`` applied to an image of this shape."""
    height, width = shape[:2]
    matrix = np.eye(3)
    if direction in ('horizontal', 'diagonal'):
        matrix[0] = -1, 0, width - 1
    if direction in ('vertical', 'diagonal'):
        matrix[1] = 0, -1, height - 1
    return matrix


def _in_order(image: np.ndarray) -> np.ndarray:
    """Makes a flipped view contiguous.

    OpenCV is slower at copying the view from ``RandomFlip`` than at flipping.
    """
    turned = [stride < 0 for stride in image.strides[:2]]
    if not any(turned):
        return image
    straight = image[::-1 if turned[0] else 1, ::-1 if turned[1] else 1]
    return cv2.flip(straight, -1 if all(turned) else int(turned[1]))


@TRANSFORMS.register_module()
class PairTopdownAffine(TopdownAffine):
    """Crops the face from both images of a pair so that the crops are aligned.

    Works like MMPose's ``TopdownAffine``, but the RGB image may be unaligned
    and have another resolution. It is resampled only once, directly to the
    crop.

    Required Keys:

    - img (list[np.ndarray]): thermal and RGB
    - bbox_center, bbox_scale, bbox_rotation (optional)
    - flip_direction (optional): set by ``RandomFlip``
    - rgb_to_thermal (np.ndarray, optional): (3, 3), from RGB to thermal
      pixels, before flipping; identity if absent

    Modified Keys:

    - img (list[np.ndarray]): the crops
    - the modified keys of ``TopdownAffine``

    Removed Keys:

    - rgb_to_thermal

    Args:
        input_size (tuple[int, int]): Width and height of the thermal crop;
            targets refer to this crop.
        partner_input_size (tuple[int, int], optional): Width and height of the
            RGB crop, if the teacher's input size differs. Defaults to
            ``input_size``.
        use_udp (bool): See ``TopdownAffine``.
    """

    def __init__(self,
                 input_size: Tuple[int, int],
                 partner_input_size: Optional[Tuple[int, int]] = None,
                 use_udp: bool = False) -> None:
        super().__init__(input_size, use_udp)
        self.partner_input_size = tuple(partner_input_size or input_size)
        (w, h), (partner_w, partner_h) = input_size, self.partner_input_size
        if w * partner_h != h * partner_w:
            raise ValueError(
                f'PairTopdownAffine: `input_size` {tuple(input_size)} and '
                f'`partner_input_size` {self.partner_input_size} must have '
                'the same aspect ratio.')

    def transform(self, results: dict) -> dict:
        """Crops both images."""
        if not isinstance(results['img'], list):
            raise KeyError(
                f'The sample of {results.get("img_path")} has only one image. '
                'Add LoadRGBPartner to the pipeline, or crop with '
                'TopdownAffine.')
        thermal, rgb = map(_in_order, results['img'])
        matrix = results.pop('rgb_to_thermal', None)
        if matrix is None and self.partner_input_size == tuple(
                self.input_size):
            return super().transform({**results, 'img': [thermal, rgb]})
        direction = results.get('flip_direction')
        results = super().transform({**results, 'img': thermal})
        crop = (get_udp_warp_matrix if self.use_udp else get_warp_matrix)(
            results['input_center'],
            results['input_scale'],
            results.get('bbox_rotation', [0.])[0],
            output_size=self.partner_input_size)
        if matrix is None:
            rgb = cv2.warpAffine(
                rgb, crop, self.partner_input_size, flags=cv2.INTER_LINEAR)
        else:
            to_crop = np.vstack([crop, [0, 0, 1]]) @ _flip_matrix(
                direction, thermal.shape) @ matrix @ _flip_matrix(
                    direction, rgb.shape)
            rgb = cv2.warpPerspective(
                rgb, to_crop, self.partner_input_size, flags=cv2.INTER_LINEAR)
        results['img'] = [results['img'], rgb]
        return results

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}(input_size={self.input_size}, '
                f'partner_input_size={self.partner_input_size}, '
                f'use_udp={self.use_udp})')
