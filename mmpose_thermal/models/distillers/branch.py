"""Building, loading and probing the networks of a distiller."""
import copy
import glob
import os.path as osp
from dataclasses import dataclass
from typing import Dict, Optional, Sequence, Tuple, Union

import torch
import torch.nn as nn
from mmcv.cnn import fuse_conv_bn
from mmengine.config import Config
from mmengine.hub import get_config
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import MODELS
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from mmpose_thermal.checkpoints import load_checkpoint

from ..connectors import Shape
from ..losses.base import Output, parts_of
from .config_errors import is_of, reading
from .heads import input_size, representation

_REPOSITORY = osp.dirname(
    osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))
# Where others put a student: DDP, this distiller and DWPose, MMRazor.
_KNOWN_PREFIXES = ('', 'module.', 'student.', 'module.student.',
                   'architecture.', 'module.architecture.')
_REGISTER_CHANNELS = 16  # float32 in AVX-512
_FOLDED = 1e-3  # of the largest value: float32 in another order


def branch_config(config: Union[str, dict], name: str) -> dict:
    """Finds the model dict of a branch.

    Args:
        config (str | dict): A config file's path, relative to the working
            directory or to this plugin's repository; one of an installed
            package, such as ``'mmpose::face_2d_keypoint/...'``; or a model
            dict. Of a distiller, its student is meant.
        name (str): ``'teacher'`` or ``'student'``, for errors.

    Returns:
        dict: The stock model dict.

    Raises:
        FileNotFoundError: There is no such config file.
        ValueError: It holds no model.
    """
    with reading(f'{name}.config'):
        if isinstance(config, str) and '::' in config:
            model = get_config(config).model
        elif isinstance(config, str):
            model = Config.fromfile(_find(config, name)).model
        else:
            model = config
        student = model['student']['config'] if is_of(
            MODELS, model, 'CrossModalDistiller') else None
    return model if student is None else branch_config(student, name)


def _find(config: str, name: str) -> str:
    """A config file: from here, the source tree or an installed package."""
    path = next((path for path in (
        config, osp.join(_REPOSITORY, config),
        osp.join(_REPOSITORY, 'mmpose_thermal', '.mim', config))
                 if osp.isfile(path)), None)
    if path is None:
        raise FileNotFoundError(
            f'{name}.config: there is no config file {config}, neither '
            f'from here nor in {_REPOSITORY}.')
    return path


def build_branch(config: Union[str, dict], name: str) -> nn.Module:
    """Builds the teacher or the student.

    Args:
        config (str | dict): See :func:`branch_config`.
        name (str): ``'teacher'`` or ``'student'``, for errors.

    Returns:
        TopdownPoseEstimator: The network with its stock configuration.

    Raises:
        FileNotFoundError: There is no such config file.
        TypeError: The model is none that can be distilled.
        ValueError: It cannot be built.
    """
    stock = copy.deepcopy(branch_config(config, name))
    with reading(f'{name}.config'):
        model = MODELS.build(stock)
    if not isinstance(model, TopdownPoseEstimator):
        raise TypeError(
            f'{name}.config is a {type(model).__name__}. Distillation needs '
            'a TopdownPoseEstimator.')
    try:
        representation(model.head)
    except (AttributeError, TypeError) as error:
        raise TypeError(f'{name}.config: {error}')
    return model


def student_weights(weights: Dict[str, Tensor],
                    expected: Sequence[str],
                    prefix: Optional[str] = None) -> Dict[str, Tensor]:
    """Finds one network's weights among those of a larger model.

    Args:
        weights (dict[str, Tensor]): A state dict, of the network itself or of
            a distiller of any kind that holds it under a prefix.
        expected (Sequence[str]): The keys of the network.
        prefix (str, optional): Such as ``'architecture.'``. By default it is
            found.

    Returns:
        dict[str, Tensor]: The weights under the network's own keys; as they
        are, if no prefix fits.

    Raises:
        ValueError: Several prefixes fit.
    """
    if prefix is None:
        first = next(iter(expected))
        fitting = [
            key[:-len(first)] for key in weights if key.endswith(first) and
            all(key[:-len(first)] + other in weights for other in expected
                if 'num_batches_tracked' not in other)
        ]
        known = [p for p in _KNOWN_PREFIXES if p in fitting]
        if not known and len(fitting) > 1:
            raise ValueError(
                f'The checkpoint holds {len(fitting)} networks of this kind, '
                f'under {", ".join(fitting)}. Say which one is meant by its '
                'prefix.')
        prefix = (known or fitting or [''])[0]
    return {
        key[len(prefix):]: value
        for key, value in weights.items() if key.startswith(prefix)
    }


def load_branch(model: nn.Module, checkpoint: str, name: str,
                prefix: Optional[str] = None) -> None:
    """Loads a checkpoint that must fit.

    Args:
        model (nn.Module): The network.
        checkpoint (str): A path or URL that MMEngine can load, or a pattern
            such as ``work_dirs/teacher/best_*.pth`` that one file matches. It
            may hold the network under a prefix, as the student of another
            distiller.
        name (str): ``'teacher'`` or ``'student'``, for errors.
        prefix (str, optional): See :func:`student_weights`.

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
        content = load_checkpoint(checkpoint)
    except ValueError as error:
        raise ValueError(f'{name}.checkpoint: {error}')
    except FileNotFoundError:
        raise FileNotFoundError(
            f'{name}.checkpoint: {checkpoint} does not exist. Train the '
            f'{name} first, or set the path of its checkpoint: '
            f'--cfg-options model.{name}.checkpoint=PATH')
    remedy = f'Check that {name}.config is the config it was trained with.'
    try:
        weights = student_weights(
            content.get('state_dict', content), model.state_dict(), prefix)
        missing = model.load_state_dict(weights, strict=False).missing_keys
    except ValueError as error:
        raise ValueError(f'{name}.checkpoint: {checkpoint}: {error}')
    except (RuntimeError, IndexError) as error:  # PyTorch 2.1: the latter
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


def compile_branch(model: nn.Module, config: Union[bool, dict]) -> None:
    """Compiles the backbone and the neck of a branch in place.

    Args:
        model (nn.Module): The network. Its parameters keep their names.
        config (bool | dict): Whether to, or the arguments of
            ``torch.compile``.
    """
    if not config:
        return
    arguments = config if isinstance(config, dict) else {}
    model.backbone.compile(**arguments)
    if model.with_neck:
        model.neck.compile(**arguments)


def supports_channels_last(model: nn.Module) -> bool:
    """Whether a network can be trained in channels_last on a CPU.

    oneDNN writes past its memory in the weight gradient of a strided 1x1
    convolution of fewer channels than fit a register
    (uxlfoundation/oneDNN#6035): wrong gradients or a crash.

    Args:
        model (nn.Module): The network.

    Returns:
        bool: Whether it has no such convolution.
    """
    return not any(
        isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1) and
        max(layer.stride) > 1 and layer.in_channels < _REGISTER_CHANNELS
        for layer in model.modules())


def fold_batch_norm(model: nn.Module,
                    image_size: Tuple[int, int]) -> nn.Module:
    """Merges BatchNorm into the convolutions before it.

    A frozen network computes the same with fewer operations. Whether it does
    is tried out, since the order of a module's parts need not be that of its
    computation.

    Args:
        model (nn.Module): The network, in eval mode.
        image_size (tuple[int, int]): Height and width of an image to try.

    Returns:
        nn.Module: A network of the same outputs; the given one if folding
        would change them.
    """
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    if not norms or any(m.running_var is None for m in norms):
        return model
    folded = fuse_conv_bn(copy.deepcopy(model))
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(1, _channels(model), *image_size, generator=generator)
    with torch.no_grad():
        features = [m.extract_feat(image)[-1] for m in (model, folded)]
        outputs = [m.head.forward((f, ))
                   for m, f in zip((model, folded), features)]
    pairs = [features, *zip(*map(parts_of, outputs))]
    same = all((one - other).abs().max() <= _FOLDED * one.abs().max()
               for one, other in pairs)
    return folded if same else model


def _channels(model):
    mean = getattr(model.data_preprocessor, 'mean', None)
    return 3 if mean is None else len(mean)


@dataclass
class Probe:
    """What a dry run of a branch found.

    Attributes:
        image_size (tuple[int, int]): Height and width of the crops.
        feature_shape (tuple[int, int, int]): (C, h, w) of what its head
            reads.
        output (Tensor | tuple[Tensor]): What its head puts out for one image.
    """
    image_size: Tuple[int, int]
    feature_shape: Shape
    output: Output


def probe(model: nn.Module,
          name: str,
          fallback_size: Optional[Tuple[int, int]] = None) -> Probe:
    """Runs a branch once, on a black image, to learn its shapes.

    Args:
        model (nn.Module): The network; it stays as it is.
        name (str): ``'teacher'`` or ``'student'``, for errors.
        fallback_size (tuple[int, int], optional): Height and width of the
            image if the head does not say.

    Returns:
        Probe: What was found.

    Raises:
        ValueError: The size of the image is not known, or the network cannot
            compute.
    """
    training = {module: module.training for module in model.modules()}
    with torch.no_grad(), reading(f'{name}.config'):
        size = input_size(model.head) or fallback_size
        if size is None:
            raise ValueError(
                f'The input size of the {name} is not known: set `decoder` of '
                'its head to the codec of the pipeline.')
        image = torch.zeros(1, _channels(model), *size)
        model.eval()
        feature = model.extract_feat(image)[-1]
        output = model.head.forward((feature, ))
    for module, mode in training.items():
        module.training = mode
    return Probe(size, tuple(feature.shape[1:]), output)
