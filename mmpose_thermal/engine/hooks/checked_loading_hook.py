import ntpath
import os.path as osp
from collections import OrderedDict
from typing import Dict, List

import torch
from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.runner import find_latest_checkpoint
from mmpose.registry import HOOKS
from torch import Tensor, nn

from mmpose_thermal.checkpoints import check_checkpoint
from mmpose_thermal.models import CrossModalDistiller
from mmpose_thermal.models.distillers.loading import put_student_under_prefix

#: Where :class:`StudentCheckpointHook` puts the other weights.
REST = 'distiller_state_dict'


@HOOKS.register_module()
class CheckedLoadingHook(Hook):
    """Makes sure that checkpoints are safe and fit the model.

    MMEngine runs programs in a checkpoint (see
    :func:`mmpose_thermal.checkpoints.load_checkpoint`). If a checkpoint does
    not fit, it logs a line and continues with random weights. With this hook,
    a resumed or tested run must find all its weights in the checkpoint, and
    ``load_from`` must match some.

    A run can be resumed after its work directory was moved, and without the
    ``student.checkpoint`` that it started from.

    Raises:
        FileNotFoundError: ``load_from``, or what ``last_checkpoint`` names,
            does not exist.
        ValueError: It is damaged, holds more than weights, or does not fit.
    """

    # Before EMA's hook, which needs the distiller's own keys.
    priority = 'VERY_HIGH'

    def before_run(self, runner) -> None:
        """Checks ``load_from``, or the checkpoint to resume from.

        Args:
            runner (Runner): The run, for training or testing.
        """
        resume = runner.cfg.get('resume')
        path, pointer = runner.cfg.get('load_from'), None
        if path is None and resume:
            pointer = osp.join(runner.work_dir, 'last_checkpoint')
            path = find_latest_checkpoint(runner.work_dir)
            here = osp.join(runner.work_dir, ntpath.basename(path or ''))
            if osp.isfile(here):
                runner._load_from = path = here
        if path is None:
            return
        try:
            check_checkpoint(path)
        except FileNotFoundError as error:
            if pointer is None:
                raise
            raise FileNotFoundError(
                f'{error} {pointer} names it. Name another one there, or '
                'remove that file to start over.')
        model = _unwrapped(runner.model)
        if resume and isinstance(model, CrossModalDistiller):
            model.student_checkpoint = None

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Assembles a distiller's weights and checks that they fit.

        Args:
            runner (Runner): The run.
            checkpoint (dict): As it was saved; changed in place.
        """
        model, rest = _unwrapped(runner.model), checkpoint.pop(REST, {})
        weights = _without_wrapper(checkpoint.get('state_dict', checkpoint))
        if isinstance(model, CrossModalDistiller):
            put_student_under_prefix(weights)
            weights.update(rest)
            checkpoint['state_dict'] = weights
        expected = [
            key for key in model.state_dict()
            # PyTorch supplies the counters of BatchNorm.
            if 'num_batches_tracked' not in key and
            # Connectors start over, unless the run is resumed.
            (runner._resume or not key.startswith('distill_losses.'))
        ]
        unlike = [key for key in _misfits(model, weights) if key in expected]
        training = not isinstance(runner._train_loop, (dict, type(None)))
        needs_all = runner._resume or not training
        if unlike and (needs_all or len(unlike) == len(expected)):
            raise ValueError(
                f'The checkpoint does not fit the model: {len(unlike)} of its '
                f'{len(expected)} weights are missing or of another shape, '
                f'first "{unlike[0]}" (the checkpoint begins with '
                f'"{next(iter(weights), "nothing")}"). They would stay random. '
                'Check that config and checkpoint belong to the same run.')


def _unwrapped(model: nn.Module) -> nn.Module:
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model


def _without_wrapper(weights: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Removes the prefix of DDP, as MMEngine does."""
    found = OrderedDict(
        (key[len('module.'):] if key.startswith('module.') else key, value)
        for key, value in weights.items())
    if hasattr(weights, '_metadata'):  # versions, for conversions of old names
        found._metadata = weights._metadata  # type: ignore[attr-defined]
    return found


def _misfits(model: nn.Module, weights: Dict[str, Tensor]) -> List[str]:
    """Weights of a model that a checkpoint lacks or has in another shape.

    The model loads the checkpoint, which applies its conversions of old names.
    """
    metadata = getattr(weights, '_metadata', {})
    missing: List[str] = []
    messages: List[str] = []

    def load(module: nn.Module, part: dict, prefix: str) -> None:
        module._load_from_state_dict(
            part, prefix, metadata.get(prefix[:-1], {}), True, missing, [],
            messages)
        for name, child in module._modules.items():
            if child is not None:
                start = f'{prefix}{name}.'
                load(child, {key: value for key, value in part.items()
                             if key.startswith(start)}, start)

    with torch.no_grad():
        load(model, weights.copy(), '')
    # 'size mismatch for KEY: copying ...'
    return missing + [message.split(' for ')[-1].split(':')[0]
                      for message in messages]
