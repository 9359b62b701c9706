import math

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.optim import AmpOptimWrapper
from mmpose.registry import HOOKS

from ..optim_wrapper import FiniteOptimWrapper

_NAMED = 16


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Stops a training whose loss is infinite or NaN.

    The error names the losses and the images of the batch. The hook reads the
    value that MMEngine has logged; it copies nothing from the device.

    Args:
        max_skips (int): Number of batches per epoch (or per iteration-based
            training) to skip with a warning instead of stopping. This needs
            an ``optim_wrapper`` that then leaves the weights unchanged:
            ``FiniteOptimWrapper`` or ``AmpOptimWrapper``. Defaults to 0.

    Raises:
        ValueError: ``max_skips`` is set, but the optimizer wrapper would
            change the weights.
        FloatingPointError: The loss is infinite or NaN.
    """

    # After the values are logged, before a checkpoint can be saved.
    priority = 'ABOVE_NORMAL'

    def __init__(self, max_skips: int = 0) -> None:
        self.max_skips = max_skips
        self._skipped = 0

    def before_train(self, runner) -> None:
        """Checks that batches can be skipped, if ``max_skips`` is set.

        Args:
            runner (Runner): The run.
        """
        if self.max_skips and not isinstance(
                runner.optim_wrapper, (FiniteOptimWrapper, AmpOptimWrapper)):
            raise ValueError(
                'FiniteLossHook: `max_skips` needs optim_wrapper=dict(type='
                '"FiniteOptimWrapper", ...). Otherwise a bad batch has '
                'already changed the weights.')

    def before_train_epoch(self, runner) -> None:
        """Resets the count of skipped batches.

        Args:
            runner (Runner): The run.
        """
        self._skipped = 0

    def after_train_iter(self,
                         runner,
                         batch_idx: int,
                         data_batch=None,
                         outputs=None) -> None:
        """Checks the loss of a step.

        Args:
            runner (Runner): The run.
            batch_idx (int): Index of the batch in its epoch.
            data_batch (dict): With ``data_samples``.
            outputs (dict): The losses by name.
        """
        scalars = runner.message_hub.log_scalars
        if 'train/loss' not in scalars or math.isfinite(
                scalars['train/loss'].current()):
            return
        values = ', '.join(
            f'{name} {scalars["train/" + name].current():g}'
            for name in outputs if 'loss' in name)
        problem = (f'Iteration {runner.iter + 1} (epoch {runner.epoch + 1}): '
                   f'the loss is not finite ({values}). Its images: '
                   f'{_images(data_batch)}.')
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        spoilt = next((name for name, buffer in model.named_buffers()
                       if not torch.isfinite(buffer).all()), None)
        self._skipped += 1
        if spoilt is None and self._skipped <= self.max_skips:
            runner.logger.warning(
                f'{problem} The batch is skipped ({self._skipped} of at most '
                f'{self.max_skips} per epoch).')
            return
        remedy = ('Look at these samples, lower the learning rate, set '
                  'optim_wrapper.clip_grad, or give a loss less weight.')
        if spoilt is not None:
            remedy = f'It has reached the statistics, too ("{spoilt}"). {remedy}'
        raise FloatingPointError(
            f'{problem} {remedy} The last checkpoint is untouched: continue '
            'with --resume. FiniteLossHook(max_skips=N) skips such batches.')


def _images(data_batch) -> str:
    samples = (data_batch or {}).get('data_samples', ())
    paths = [sample.get('img_path', '?') for sample in samples]
    more = f' and {len(paths) - _NAMED} more' if len(paths) > _NAMED else ''
    return ', '.join(map(str, paths[:_NAMED])) + more
