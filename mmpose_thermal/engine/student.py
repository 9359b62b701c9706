"""Turns the checkpoint of a distillation run into a stock model."""
import copy
import os.path as osp
from inspect import isclass
from typing import Any, Optional

from mmengine.config import Config
from mmengine.runner import save_checkpoint
from mmpose.registry import HOOKS, MODELS

from mmpose_thermal.checkpoints import load_checkpoint, unlike_weights
from mmpose_thermal.models.distillers.building import model_config
from mmpose_thermal.models.distillers.config_errors import is_of
from mmpose_thermal.models.distillers.loading import student_weights

from .storage import ATOMIC

# Needed only for training.
_TRAINING = ('train_dataloader', 'train_cfg', 'optim_wrapper',
             'param_scheduler', 'auto_scale_lr', 'custom_hooks', 'load_from',
             'resume')


def student_config(config: Config) -> Config:
    """Reduces the config of a distillation run to its student.

    Args:
        config (Config): The run's. The model of a plain config stays as it is.

    Returns:
        Config: For testing and inference with MMPose's tools.
    """
    fields = config.to_dict()
    for key in _TRAINING:
        fields.pop(key, None)
    hooks = fields.get('default_hooks', {})
    fields['default_hooks'] = {
        name: hook
        for name, hook in hooks.items()
        if not hook or not is_of(HOOKS, hook, 'StudentCheckpointHook')
    }
    # MMPoseInferencer reads these; MMPose's own configs have them at the top.
    fields.setdefault('data_mode', 'topdown')
    if 'test_dataloader' in fields:
        fields.setdefault('dataset_type',
                          fields['test_dataloader']['dataset']['type'])
    fields['model'] = copy.deepcopy(model_config(fields['model'], 'student'))
    return Config(_by_name(fields))


def _by_name(value: Any) -> Any:
    """Replaces classes by their names, which a config file can hold."""
    if isclass(value):
        return f'{value.__module__}.{value.__qualname__}'
    if isinstance(value, dict):
        return {key: _by_name(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_by_name, value))
    return value


def extract_student(config: Config,
                    checkpoint: str,
                    out: str,
                    prefix: Optional[str] = None) -> None:
    """Writes the student of a run as a stock checkpoint with its config.

    Args:
        config (Config): The run's, or the student's own.
        checkpoint (str): From any distiller that holds the student under one
            prefix, such as ``student.`` or MMRazor's ``architecture.``.
        out (str): The checkpoint to write, ``NAME.pth``. The config is
            written beside it, as ``NAME.py``.
        prefix (str, optional): The student's prefix. Detected by default.

    Raises:
        FileNotFoundError: There is no such checkpoint.
        ValueError: The student is not in it, or several prefixes fit.
    """
    stock = student_config(config)
    expected = MODELS.build(copy.deepcopy(stock.model)).state_dict()
    content = load_checkpoint(checkpoint)
    try:
        weights = student_weights(
            content.get('state_dict', content), expected, prefix)
    except ValueError as error:
        raise ValueError(f'{checkpoint}: {error}')
    unlike = unlike_weights(expected, weights)
    if unlike:
        raise ValueError(
            f'{checkpoint} does not hold the student of this config: '
            f'{len(unlike)} of its {len(expected)} weights are missing or of '
            f'another shape, first "{unlike[0]}". Check config and prefix.')
    meta = dict(
        content.get('meta', {}),
        cfg=stock.pretty_text,
        student_of=osp.basename(checkpoint))
    save_checkpoint(
        dict(meta=meta, state_dict={key: weights[key]
                                    for key in expected}),
        out,
        backend_args=ATOMIC)
    stock.dump(osp.splitext(out)[0] + '.py')
