import os.path as osp
from typing import Dict

from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.runner import find_latest_checkpoint
from mmpose.registry import HOOKS
from torch import Tensor, nn

from mmpose_thermal.checkpoints import check_checkpoint
from mmpose_thermal.models import CrossModalDistiller

#: Where :class:`StudentCheckpointHook` puts what is not the student's.
REST = 'distiller_state_dict'


@HOOKS.register_module()
class CheckedLoadingHook(Hook):
    """Makes sure that what MMEngine loads is safe and fits the model.

    MMEngine runs what a checkpoint tells it to, if it is no mere weights (see
    :func:`mmpose_thermal.checkpoints.load_checkpoint`), and goes on with
    random weights, after a line in the log, where a checkpoint does not fit.
    With this hook a run that is resumed or tested finds all its weights in the
    checkpoint, and ``load_from`` brings some.

    A run is resumed where its work directory is now, also if that was moved,
    and the ``student.checkpoint`` that it began from may be gone.

    Raises:
        FileNotFoundError: ``load_from``, or what ``last_checkpoint`` names,
            does not exist.
        ValueError: It is damaged, holds more than weights, or does not fit.
    """

    # Before EMA's hook, which must find the distiller's own keys.
    priority = 'VERY_HIGH'

    def before_run(self, runner) -> None:
        """Looks into ``load_from``, or what the run is resumed from.

        Args:
            runner (Runner): The run, for training or testing.
        """
        resume = runner.cfg.get('resume')
        path, pointer = runner.cfg.get('load_from'), None
        if path is None and resume:
            pointer = osp.join(runner.work_dir, 'last_checkpoint')
            path = find_latest_checkpoint(runner.work_dir)
            here = osp.join(runner.work_dir, osp.basename(path or ''))
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
                f'{error} It is what {pointer} names: write another one '
                'there, or remove that file to begin anew.')
        model = _unwrapped(runner.model)
        if resume and isinstance(model, CrossModalDistiller):
            model.student_checkpoint = None

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Puts a distiller's weights together and compares their names.

        Args:
            runner (Runner): The run.
            checkpoint (dict): As it was saved; changed in place.
        """
        weights = {
            key[len('module.'):] if key.startswith('module.') else key: value
            for key, value in checkpoint.get('state_dict', checkpoint).items()
        }  # as MMEngine does
        model, rest = _unwrapped(runner.model), checkpoint.pop(REST, {})
        expected = {
            key: value
            for key, value in model.state_dict().items()
            if 'num_batches_tracked' not in key  # PyTorch fills these in
        }
        if isinstance(model, CrossModalDistiller):
            model.translate_keys(weights)
            weights.update(rest)
            checkpoint['state_dict'] = weights
            if not runner._resume:  # then connectors may begin anew
                expected = {k: v for k, v in expected.items()
                            if k.startswith('student.')}
        training = not isinstance(runner._train_loop, (dict, type(None)))
        _require_match(weights, expected,
                       all_of_them=runner._resume or not training)


def _unwrapped(model: nn.Module) -> nn.Module:
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model


def _require_match(weights: Dict[str, Tensor], expected: Dict[str, Tensor],
                   all_of_them: bool) -> None:
    unlike = [
        key for key, value in expected.items()
        if getattr(weights.get(key), 'shape', None) != value.shape
    ]
    if unlike and (all_of_them or len(unlike) == len(expected)):
        raise ValueError(
            f'The checkpoint does not fit the model: {len(unlike)} of its '
            f'{len(expected)} weights are missing or of another shape, first '
            f'"{unlike[0]}" (the checkpoint begins with '
            f'"{next(iter(weights), "nothing")}"). They would stay random. '
            'Check that config and checkpoint are of the same run.')
