"""Builds the networks of a distiller from their configs."""
import copy
import os.path as osp
from typing import Union

import torch
import torch.nn as nn
from mmengine.config import Config
from mmengine.hub import get_config
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import MODELS

from .config_errors import is_of, naming_field

_REPOSITORY = osp.abspath(osp.join(osp.dirname(__file__), '..', '..', '..'))


def model_config(config: Union[str, dict], name: str) -> dict:
    """Finds the model dict of a network.

    Args:
        config (str | dict): The path of a config file, relative to the
            working directory or to this plugin's repository; a config of an
            installed package, such as ``'mmpose::face_2d_keypoint/...'``; or
            a model dict. A distiller stands for its student.
        name (str): ``'teacher'`` or ``'student'``, for errors.

    Returns:
        dict: The stock model dict.

    Raises:
        FileNotFoundError: There is no such config file.
        ValueError: It holds no model.
    """
    with naming_field(f'{name}.config'):
        if isinstance(config, str) and '::' in config:
            model = get_config(config).model
        elif isinstance(config, str):
            model = Config.fromfile(_find(config, name)).model
        else:
            model = config
        if not is_of(MODELS, model, 'CrossModalDistiller'):
            return model
        student = model['student']['config']
    return model_config(student, name)


def _find(config: str, name: str) -> str:
    """Looks in the working directory, the source tree and the package."""
    for folder in ('', _REPOSITORY, osp.join(_REPOSITORY, 'mmpose_thermal',
                                             '.mim')):
        path = osp.join(folder, config)
        if osp.isfile(path):
            return path
    raise FileNotFoundError(
        f'{name}.config: there is no config file {config} in the working '
        f'directory or in {_REPOSITORY}.')


def build_network(config: Union[str, dict], name: str) -> nn.Module:
    """Builds the teacher or the student.

    Args:
        config (str | dict): See :func:`model_config`.
        name (str): ``'teacher'`` or ``'student'``, for errors.

    Returns:
        TopdownPoseEstimator: The network.

    Raises:
        FileNotFoundError: There is no such config file.
        TypeError: It is not a top-down estimator.
        ValueError: It cannot be built.
    """
    stock = copy.deepcopy(model_config(config, name))
    with naming_field(f'{name}.config'):
        model = MODELS.build(stock)
    if not isinstance(model, TopdownPoseEstimator):
        raise TypeError(
            f'{name}.config is a {type(model).__name__}. Distillation needs '
            'a TopdownPoseEstimator.')
    return model


def compile_network(model: nn.Module, config: Union[bool, dict]) -> None:
    """Compiles backbone and neck in place; parameter names stay.

    Args:
        model (nn.Module): The network.
        config (bool | dict): Whether to compile, or the arguments of
            ``torch.compile``.
    """
    if not config:
        return
    arguments = config if isinstance(config, dict) else {}
    model.backbone.compile(**arguments)
    if model.with_neck:
        model.neck.compile(**arguments)


def check_normalisation(preprocessor: nn.Module, modality: str,
                        network: nn.Module, name: str) -> None:
    """Checks that a network gets the normalisation of its own config.

    Args:
        preprocessor (nn.Module): The distiller's.
        modality (str): What the network sees.
        network (nn.Module): With its own ``data_preprocessor``; without one
            there is nothing to check.
        name (str): ``'teacher'`` or ``'student'``, for errors.

    Raises:
        ValueError: The modality is unknown, or mean, std or channel order
            differ.
    """
    branches = getattr(preprocessor, 'branches', None)
    if branches is not None and modality not in list(branches):
        raise ValueError(
            f'The {name} sees "{modality}", but data_preprocessor has '
            f'only {list(branches)}. Check its input.')
    used = preprocessor if branches is None else branches[modality]
    own = network.data_preprocessor
    if not hasattr(own, 'mean'):
        return
    for field in ('mean', 'std'):
        ours, theirs = getattr(used, field, None), getattr(own, field)
        if ours is None or not {len(ours), len(theirs)} <= {1, 3} or \
                not torch.allclose(ours.float(), theirs.float()):
            found = None if ours is None else ours.flatten().tolist()
            raise ValueError(
                f'data_preprocessor: `{field}` of "{modality}" is {found}, '
                f'but the {name}\'s own config has '
                f'{theirs.flatten().tolist()}. A network needs the '
                'normalisation it was trained with: make them equal.')
    swaps = [getattr(p, '_channel_conversion', False) for p in (used, own)]
    if swaps[0] != swaps[1]:
        raise ValueError(
            f'data_preprocessor: `bgr_to_rgb` of "{modality}" is '
            f'{swaps[0]}, but the {name}\'s own config has {swaps[1]}.')
