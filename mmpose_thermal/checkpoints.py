"""Loads checkpoints without executing code from them."""
import io
import pickle
import types
from typing import Any, Dict, List, Optional

import mmengine.fileio as fileio
import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import CheckpointLoader
from mmengine.utils import digit_version

# URL schemes that MMEngine resolves to files of known projects.
_NAMED = ('torchvision://', 'open-mmlab://', 'openmmlab://', 'mmcls://',
          'modelzoo://')


def _method(owner: type, name: str) -> Any:
    """Replaces `getattr`; allows only public methods of HistoryBuffer."""
    if owner is not HistoryBuffer or name.startswith('_'):
        raise pickle.UnpicklingError(
            f'Unsupported attribute {name} of {owner}')
    return getattr(owner, name)


def _allowed() -> Dict[str, Any]:
    """What MMEngine stores besides tensors: NumPy numbers and logged values."""
    scalar = np.float64(0).__reduce__()[0]
    names = {
        'builtins.getattr': _method,
        'builtins.slice': slice,
        'numpy.ndarray': np.ndarray,
        'numpy.dtype': np.dtype,
        'mmengine.logging.history_buffer.HistoryBuffer': HistoryBuffer,
    }
    for core in ('numpy.core.multiarray', 'numpy._core.multiarray'):
        names[f'{core}.scalar'] = scalar
        names[f'{core}._reconstruct'] = np.empty(0).__reduce__()[0]
    kinds = {
        type(np.dtype(kind))
        for kind in ('bool', 'uint8', 'int32', 'uint32', 'int64', 'float32',
                     'float64', 'str')
    }
    names.update((f'{kind.__module__}.{kind.__qualname__}', kind)
                 for kind in kinds)
    return names


def _strict_pickle() -> types.ModuleType:
    """A restricted `pickle` module for PyTorch before 2.6.

    Those versions have no allowlist, or their weights_only=True can be
    bypassed (CVE-2025-32434).
    """
    import _codecs

    from torch._weights_only_unpickler import _get_allowed_globals
    allowed = dict(_get_allowed_globals(), **_allowed())
    allowed['_codecs.encode'] = _codecs.encode

    class Unpickler(pickle.Unpickler):

        def find_class(self, module: str, name: str) -> Any:
            if module == '__builtin__':
                module = 'builtins'
            if module == 'torch' and name.endswith('Storage'):
                return super().find_class(module, name)
            try:
                return allowed[f'{module}.{name}']
            except KeyError:
                raise pickle.UnpicklingError(
                    f'Unsupported global: {module}.{name}')

    def load(file, **kwargs):
        return Unpickler(file, **kwargs).load()

    strict = types.ModuleType('strict_pickle')
    vars(strict).update(Unpickler=Unpickler, load=load)
    return strict


def load_checkpoint(path: str, map_location: Optional[str] = 'cpu') -> dict:
    """Loads a checkpoint that holds only weights and MMEngine's own data.

    Anything else could execute code and is refused.

    Args:
        path (str): Path in any storage that MMEngine's fileio supports, or a
            name such as ``torchvision://resnet18``, which is trusted.
        map_location (str, optional): Device of the tensors; ``'meta'`` drops
            their values. Defaults to the CPU.

    Returns:
        dict: The checkpoint.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is not a checkpoint, or holds more than weights.
    """
    path = str(path)
    if path.startswith(_NAMED):
        return CheckpointLoader.load_checkpoint(path, map_location)
    try:
        file = path if '://' not in path else io.BytesIO(fileio.get(path))
        if digit_version(torch.__version__) >= digit_version('2.6.0'):
            allowed = [(value, name) for name, value in _allowed().items()]
            with torch.serialization.safe_globals(allowed):
                content = torch.load(
                    file, map_location=map_location, weights_only=True)
        else:
            content = torch.load(
                file, map_location=map_location, weights_only=False,
                pickle_module=_strict_pickle())
    except FileNotFoundError:
        raise FileNotFoundError(f'Checkpoint {path} does not exist.')
    except IsADirectoryError:
        raise ValueError(f'Checkpoint {path} is a folder: give a file in it.')
    except Exception as error:  # a damaged pickle can raise anything
        reason = ' '.join(str(error).split())
        # Files of other types start with an unknown operand instead.
        if 'nsupported' in reason and 'operand' not in reason:
            raise ValueError(
                f'Checkpoint {path} holds more than weights '
                f'({_first_words(reason)}). Loading it could execute code. If you '
                'trust its author, extract the weights: '
                f'python tools/misc/clean_checkpoint.py {path} OUT.pth '
                '--trust')
        raise ValueError(f'Checkpoint {path} is damaged or not a checkpoint '
                         f'({_first_words(reason)}). Copy or train it again.')
    if not isinstance(content, dict):
        raise ValueError(f'Checkpoint {path} holds a '
                         f'{type(content).__name__}, not weights by name.')
    return content


def check_checkpoint(path: str) -> None:
    """Checks a checkpoint before other code loads it.

    Args:
        path (str): See :func:`load_checkpoint`, which also lists the errors.
    """
    load_checkpoint(path, map_location='meta')


def _first_words(reason: str) -> str:
    # Drops PyTorch's advice, such as weights_only=False.
    for mark in ('Unsupported', 'unsupported'):
        if mark in reason:
            reason = reason[reason.index(mark):]
    return reason.split('. ')[0][:160].rstrip('.') or 'it is empty'


def unlike_weights(expected: Dict[str, Any],
                   given: Dict[str, Any]) -> List[str]:
    """Keys of a state dict that another lacks or has in another shape."""
    return [
        key for key, value in expected.items()
        if getattr(given.get(key), 'shape', None) != value.shape
    ]
