"""Building and checking the two networks of a distiller."""
import glob
import os.path as osp
from typing import Union

import torch.nn as nn
from mmengine.config import Config
from mmengine.runner.checkpoint import CheckpointLoader
from mmpose.models.heads import HeatmapHead
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import MODELS

_REPOSITORY = osp.dirname(
    osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))


def build_branch(config: Union[str, dict], name: str) -> nn.Module:
    """Builds the teacher or the student.

    Args:
        config (str | dict): A config file's path, relative to the working
            directory or to this plugin's repository, or a model dict.
        name (str): ``'teacher'`` or ``'student'``, for errors.

    Returns:
        TopdownPoseEstimator: The network with its stock configuration.

    Raises:
        FileNotFoundError: There is no such config file.
        TypeError: The model is none that can be distilled.
    """
    if isinstance(config, str):
        path = config if osp.isfile(config) else osp.join(_REPOSITORY, config)
        if not osp.isfile(path):
            raise FileNotFoundError(
                f'{name}.config: there is no config file {config}, neither '
                f'from here nor in {_REPOSITORY}.')
        config = Config.fromfile(path).model
    model = MODELS.build(config)
    if not isinstance(model, TopdownPoseEstimator):
        raise TypeError(
            f'{name}.config is a {type(model).__name__}. Distillation needs '
            'a TopdownPoseEstimator.')
    # Injection feeds a head with foreign features and compares its heatmaps
    # with targets; a head that computes its loss in another way would learn
    # something else than it says.
    head = getattr(model, 'head', None)
    if not isinstance(head, HeatmapHead) or \
            type(head).loss is not HeatmapHead.loss:
        raise TypeError(
            f'{name}.config has the head {type(head).__name__}. '
            'CrossModalDistiller supports HeatmapHead and its subclasses '
            'with the same loss.')
    return model


def load_branch(model: nn.Module, checkpoint: str, name: str) -> None:
    """Loads a checkpoint that must fit.

    Args:
        model (nn.Module): The network.
        checkpoint (str): A path or URL that MMEngine can load, or a pattern
            such as ``work_dirs/teacher/best_*.pth`` that one file matches.
        name (str): ``'teacher'`` or ``'student'``, for errors.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A weight is missing or has another shape, or several
            files match.
    """
    if '*' in checkpoint:
        matches = sorted(glob.glob(checkpoint))
        if len(matches) > 1:
            raise ValueError(
                f'{name}.checkpoint: {len(matches)} files match {checkpoint}:'
                f' {", ".join(matches)}. Name one of them.')
        checkpoint = matches[0] if matches else checkpoint
    try:
        content = CheckpointLoader.load_checkpoint(
            checkpoint, map_location='cpu')
    except FileNotFoundError:
        raise FileNotFoundError(
            f'{name}.checkpoint: {checkpoint} does not exist. Train the '
            f'{name} first, or set the path of its checkpoint: '
            f'--cfg-options model.{name}.checkpoint=PATH')
    weights = content.get('state_dict', content)
    weights = {key.replace('module.', '', 1) if key.startswith('module.')
               else key: value for key, value in weights.items()}
    remedy = f'Check that {name}.config is the config it was trained with.'
    try:
        missing = model.load_state_dict(weights, strict=False).missing_keys
    except RuntimeError as error:
        raise ValueError(f'{name}.checkpoint: {checkpoint} has weights of '
                         f'another shape. {remedy} {error}')
    if missing:
        # PyTorch fills in the counters of BatchNorm by itself.
        total = sum('num_batches_tracked' not in key
                    for key in model.state_dict())
        parts = sorted({key.split('.')[0] for key in missing})
        raise ValueError(
            f'{name}.checkpoint: {checkpoint} matches '
            f'{total - len(missing)} of {total} weights of the {name}; '
            f'missing in {", ".join(parts)}, first "{missing[0]}". {remedy}')
