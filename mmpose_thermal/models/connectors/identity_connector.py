from typing import Optional, Tuple

from mmpose.registry import MODELS
from torch import Tensor

from .resize_connector import ResizeConnector


@MODELS.register_module()
class IdentityConnector(ResizeConnector):
    """Hands features over as they are; both branches have one shape.

    Args:
        in_channels (int): Channels of the features that come in.
        out_channels (int): The same number.
        init_cfg (dict, optional): Unused, there are no weights.

    Raises:
        ValueError: The shapes differ.
    """

    def forward(self,
                feature: Tensor,
                size: Optional[Tuple[int, int]] = None) -> Tensor:
        """Returns ``feature``, (N, C, h, w), itself."""
        if size is not None and tuple(feature.shape[-2:]) != tuple(size):
            raise ValueError(
                f'IdentityConnector got a map of {tuple(feature.shape[-2:])}, '
                f'but {tuple(size)} is needed. Use connector="auto".')
        return feature
