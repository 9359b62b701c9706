import random

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmpose.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Draws the randomness of each epoch from the run's seed and the epoch.

    MMEngine seeds once, at the start, so that a resumed run augments its
    images in another way than one that was never interrupted. With this hook
    both go on alike. The augmentation of a ``ThermalFaceDataset`` becomes
    independent of the number of workers, too.
    """

    priority = 'VERY_HIGH'

    def before_train_epoch(self, runner) -> None:
        """Seeds this process and the data set.

        Args:
            runner (Runner): The run.
        """
        entropy = np.random.SeedSequence((runner.seed, runner.epoch))
        # Small enough for a signed tensor.
        shared, *_ = entropy.generate_state(1)
        own = int(shared) + get_rank()
        random.seed(own)
        np.random.seed(own % 2**32)
        torch.manual_seed(own)
        for dataset in _leaves(runner.train_dataloader.dataset):
            if hasattr(dataset, 'set_epoch_seed'):
                dataset.set_epoch_seed(int(shared))


def _leaves(dataset):
    """The data sets inside of wrappers and combinations."""
    if hasattr(dataset, 'datasets'):  # MMPose's CombinedDataset
        for part in dataset.datasets:
            yield from _leaves(part)
    elif hasattr(dataset, 'dataset'):  # MMEngine's wrappers
        yield from _leaves(dataset.dataset)
    else:
        yield dataset
