"""Loads checkpoints into a distiller's networks, and checks that they fit."""
import glob
from typing import Dict, Optional, Sequence

import torch.nn as nn
from torch import Tensor

from mmpose_thermal.checkpoints import load_checkpoint, unlike_weights

# Prefixes of a student: DDP, this distiller and DWPose, MMRazor.
_KNOWN_PREFIXES = ('', 'module.', 'student.', 'module.student.',
                   'architecture.', 'module.architecture.')


def student_weights(weights: Dict[str, Tensor],
                    expected: Sequence[str],
                    prefix: Optional[str] = None) -> Dict[str, Tensor]:
    """Finds the weights of one network among those of a larger model.

    Args:
        weights (dict[str, Tensor]): A state dict, of the network itself or of
            any distiller that holds it under a prefix.
        expected (Sequence[str]): The keys of the network.
        prefix (str, optional): Such as ``'architecture.'``. Detected by
            default.

    Returns:
        dict[str, Tensor]: The weights under the network's own keys,
        unchanged if no prefix fits.

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
                f'under {", ".join(fitting)}. Choose one by its prefix.')
        prefix = (known or fitting or [''])[0]
    return {
        key[len(prefix):]: value
        for key, value in weights.items() if key.startswith(prefix)
    }


def load_network(model: nn.Module,
                 checkpoint: str,
                 name: str,
                 prefix: Optional[str] = None,
                 remedy: str = '') -> None:
    """Loads a checkpoint, which must fit.

    Args:
        model (nn.Module): The network.
        checkpoint (str): A path or URL that MMEngine can load, or a pattern
            that matches one file, such as ``work_dirs/teacher/best_*.pth``.
            It may hold the network under a prefix, for example as the student
            of another distiller.
        name (str): ``'teacher'`` or ``'student'``, for errors.
        prefix (str, optional): See :func:`student_weights`.
        remedy (str): What to do if the weights do not fit.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A weight is missing or has another shape, or several
            files match.
    """
    checkpoint = _one_file(checkpoint, name)
    try:
        content = load_checkpoint(checkpoint)
    except ValueError as error:
        raise ValueError(f'{name}.checkpoint: {error}')
    except FileNotFoundError:
        raise FileNotFoundError(
            f'{name}.checkpoint: {checkpoint} does not exist. Train the '
            f'{name} first, or set the path of its checkpoint: '
            f'--cfg-options model.{name}.checkpoint=PATH')
    remedy = remedy or f'Check that it was trained with {name}.config.'
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
        # PyTorch supplies the counters of BatchNorm.
        total = sum('num_batches_tracked' not in key
                    for key in model.state_dict())
        parts = sorted({key.split('.')[0] for key in missing})
        raise ValueError(
            f'{name}.checkpoint: {checkpoint} matches '
            f'{total - len(missing)} of {total} weights of the {name}; '
            f'missing in {", ".join(parts)}, first "{missing[0]}". {remedy}')


def _one_file(pattern: str, name: str) -> str:
    matches = sorted(glob.glob(pattern)) if '*' in pattern else []
    if len(matches) > 1:
        raise ValueError(
            f'{name}.checkpoint: {len(matches)} files match {pattern}: '
            f'{", ".join(matches)}. Name one of them.')
    return matches[0] if matches else pattern


def put_student_under_prefix(weights: Dict[str, Tensor],
                             prefix: str = '') -> None:
    """Turns a state dict of the student into one of the distiller.

    Args:
        weights (dict[str, Tensor]): A state dict, changed in place; that of a
            distiller is left unchanged.
        prefix (str): The prefix of the distiller's own keys in it.
    """
    own = prefix + 'student.'
    if any(key.startswith(own) for key in weights):
        return
    for key in list(weights):
        if key.startswith(prefix) and \
                not key.startswith(prefix + 'distill_losses.'):
            weights[own + key[len(prefix):]] = weights.pop(key)


def check_student_fits(student: nn.Module, weights: Dict[str, Tensor],
                       prefix: str) -> None:
    """Refuses the state dict of a distiller with another student.

    Raises:
        ValueError: Less than half of the student's weights are in it.
    """
    expected = student.state_dict()
    own = {f'{prefix}student.{key}': value for key, value in expected.items()}
    found = len(own) - len(unlike_weights(own, weights))
    if weights and found < len(expected) / 2:
        first = next(iter(weights))
        raise ValueError(
            f'The checkpoint fits {found} of the {len(expected)} weights of '
            f'the student; its first is "{first.replace("student.", "")}". '
            'Check that it belongs to this config.')
