import random
from typing import Tuple

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop
from mmpose.datasets.samplers import MultiSourceSampler
from mmpose.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seeds each epoch from the run's seed and the epoch's number.

    MMEngine seeds only at the start, so a resumed run augments its images
    differently from an uninterrupted one. With this hook both augment alike,
    and the augmentation of a ``ThermalFaceDataset`` does not depend on the
    number of workers. It does nothing in iteration-based training, which has
    no epochs. Where an epoch repeats samples (``RepeatDataset``,
    ``sample_ratio_factor``, ``MultiSourceSampler``), it seeds the processes
    alone: repetitions must be augmented differently.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner) -> None:
        """Lets a ``MultiSourceSampler``, which draws on and on, skip past epochs.

        Args:
            runner (Runner): The run, resumed or new.
        """
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            return
        sampler = runner.train_dataloader.sampler
        if isinstance(sampler, MultiSourceSampler):
            for _ in range(runner.epoch):
                iter(sampler)

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
        if isinstance(runner.train_dataloader.sampler, MultiSourceSampler):
            return  # it repeats samples of the smaller sources
        for dataset in _leaves(runner.train_dataloader.dataset):
            if hasattr(dataset, 'set_epoch_seed'):
                dataset.set_epoch_seed(shared)


def epoch_seeds(seed: int, epoch: int, rank: int) -> Tuple[int, int]:
    """The seeds of an epoch.

    Args:
        seed (int): The run's seed.
        epoch (int): The epoch's number.
        rank (int): The rank of the process.

    Returns:
        tuple[int, int]: The seed that all processes share, and the process's
        own.
    """
    entropy = np.random.SeedSequence((seed, epoch))
    shared = int(entropy.generate_state(1)[0])
    return shared, shared + rank


def _leaves(dataset):
    """The data sets of a combination; wrappers that repeat samples as they are."""
    if hasattr(dataset, 'datasets') and not getattr(dataset, 'resample', False):
        for part in dataset.datasets:
            yield from _leaves(part)
    else:
        yield dataset
