from functools import cached_property
from typing import Tuple

import numpy as np
import torch
from mmpose.registry import KEYPOINT_CODECS

from .separable_msra_heatmap import SeparableMSRAHeatmap


@KEYPOINT_CODECS.register_module()
class BorderRefinedHeatmap(SeparableMSRAHeatmap):
    """``MSRAHeatmap`` with ``unbiased=True``, refined up to the border.

    DARK leaves maxima in the outer two rows and columns unrefined. That is an
    eighth of the crop on each side of a heatmap of 16 x 16 pixels, where tight
    boxes have the jaw. Arguments are those of ``MSRAHeatmap``.
    """

    def decode(self, encoded: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Points (1, K, 2) and scores (1, K) of heatmaps (K, H, W)."""
        points, scores, _ = self._decoder(torch.from_numpy(encoded)[None])
        return points.numpy(), scores.numpy()

    @cached_property
    def _decoder(self):
        from mmpose_thermal.deployment.decoding import build_decoder
        return build_decoder(self)
