from collections.abc import Mapping

import torch.nn as nn
from mmengine.model import BaseDataPreprocessor, ImgDataPreprocessor
from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.registry import MODELS


@MODELS.register_module()
class PairDataPreprocessor(BaseDataPreprocessor):
    """Normalises each modality of a batch by its own statistics.

    Args:
        non_blocking (bool): Whether copies to the device are asynchronous.
            Defaults to False.
        **modalities (dict): The arguments of MMPose's
            ``PoseDataPreprocessor`` by modality. The first is the student's:
            a plain list of images instead of a dict, as in testing, is taken
            to be of that modality.

    Examples:
        >>> dict(
        ...     type='PairDataPreprocessor',
        ...     thermal=dict(mean=[128] * 3, std=[64] * 3),
        ...     rgb=dict(mean=[123.675, 116.28, 103.53],
        ...              std=[58.395, 57.12, 57.375], bgr_to_rgb=True))
    """

    def __init__(self, non_blocking: bool = False, **modalities) -> None:
        super().__init__(non_blocking)
        if not modalities:
            raise ValueError(
                'PairDataPreprocessor needs the statistics of at least one '
                'modality, such as thermal=dict(mean=[128] * 3, std=[64] * 3).')
        for name, arguments in modalities.items():
            if 'batch_augments' in arguments:
                raise ValueError(
                    f'PairDataPreprocessor: `batch_augments` of "{name}" '
                    'would change only one image of a pair. Remove it.')
        self.branches = nn.ModuleDict({
            name: PoseDataPreprocessor(
                **{'non_blocking': non_blocking, **arguments})
            for name, arguments in modalities.items()
        })
        self.primary = next(iter(modalities))

    def forward(self, data: dict, training: bool = False) -> dict:
        """Moves a batch to the device, normalises and stacks it.

        Args:
            data (dict): ``inputs``, a dict of lists of (C, H, W) tensors by
                modality, or one list; ``data_samples``.
            training (bool): As in ``PoseDataPreprocessor``.

        Returns:
            dict: ``inputs`` as a dict of (N, C, H, W) tensors by modality, or
            one tensor for one list; ``data_samples``.
        """
        inputs = data['inputs']
        if not isinstance(inputs, Mapping):
            return self.branches[self.primary](data, training)
        unknown = sorted(set(inputs) - set(self.branches))
        if unknown:
            raise KeyError(
                f'PairDataPreprocessor has no statistics for {unknown}, only '
                f'for {list(self.branches)}. Add them to '
                '`model.data_preprocessor` in the config.')
        if self.primary not in inputs:
            raise KeyError(
                f'The batch has {sorted(inputs)} but not "{self.primary}". '
                'Check the packing transform of the pipeline.')
        result = self.branches[self.primary](
            dict(data, inputs=inputs[self.primary]), training)
        images = {self.primary: result['inputs']}
        for name in inputs:
            if name != self.primary:
                # Only images: the samples have been processed above.
                partner = ImgDataPreprocessor.forward(
                    self.branches[name], dict(inputs=inputs[name]), training)
                images[name] = partner['inputs']
        return dict(result, inputs=images)
