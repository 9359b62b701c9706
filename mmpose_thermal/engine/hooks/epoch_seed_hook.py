import random
from typing import Tuple

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop
from mmpose.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Draws the randomness of each epoch from the run's seed and the epoch.

    MMEngine seeds once, at the start, so that a resumed run augments its
    images in another way than one that was never interrupted. With this hook
    both go on alike. The augmentation of a ``ThermalFaceDataset`` becomes
    independent of the number of workers, too. It does nothing in training
    by iterations, which has no epochs.
    """

    priority = 'VERY_HIGH'

    def before_train_epoch(self, runner) -> None:
        """Seeds this process and the data set.

        Args:
            runner (Runner): The run.
        """
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            return
        shared, own = epoch_seeds(runner.seed, runner.epoch, get_rank())
        random.seed(own)
        np.random.seed(own % 2**32)
        torch.manual_seed(own)
        for dataset in _leaves(runner.train_dataloader.dataset):
            if hasattr(dataset, 'set_epoch_seed'):
                dataset.set_epoch_seed(shared)


def epoch_seeds(seed: int, epoch: int, rank: int) -> Tuple[int, int]:
    """The seeds of an epoch.

    Args:
        seed (int): Of the run.
        epoch (int): Its number.
        rank (int): Of the process.

    Returns:
        tuple[int, int]: One that all processes share, and the process's own.
    """
    entropy = np.random.SeedSequence((seed, epoch))
    shared = int(entropy.generate_state(1)[0])
    return shared, shared + rank


def _leaves(dataset):
    """The data sets of a combination.

    Not those in a wrapper that repeats samples: each repetition is to be
    augmented in its own way.
    """
    if hasattr(dataset, 'datasets'):
        for part in dataset.datasets:
            yield from _leaves(part)
    else:
        yield dataset
