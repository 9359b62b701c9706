from typing import Any

from mmpose.datasets import CombinedDataset
from mmpose.registry import DATASETS


@DATASETS.register_module()
class CombinedFaceDataset(CombinedDataset):
    """Several data sets as one, each with its own complete pipeline.

    MMPose's ``CombinedDataset`` adds itself and its metainfo to every sample,
    for transforms of a common pipeline. Copying them, and sending them from
    worker processes, takes longer than to load a face.

    Args:
        metainfo (dict): The common metainfo.
        datasets (list[dict]): Their configs.
        **kwargs: Further arguments of ``CombinedDataset``, but no ``pipeline``.

    Raises:
        ValueError: There is a common pipeline.
    """

    def __init__(self, metainfo: dict, datasets: list, **kwargs) -> None:
        if kwargs.get('pipeline'):
            raise ValueError(
                'CombinedFaceDataset has no common `pipeline`: give one to each '
                'of its `datasets`, or use MMPose\'s CombinedDataset.')
        super().__init__(metainfo, datasets, **kwargs)

    def prepare_data(self, idx: int) -> Any:
        """Returns a sample of one of the data sets."""
        part, index = self._get_subset_index(idx)
        return self.datasets[part][index]
