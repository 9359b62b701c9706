"""Adapts the plugin to the installed OpenMMLab packages."""
from importlib import import_module

import numpy as np
import torch

# Lower bounds are inclusive, upper bounds exclusive.
_SUPPORTED = dict(
    mmengine=('0.10.0', '1.0.0'),
    mmcv=('2.0.0', '3.0.0'),
    mmpose=('1.3.0', '2.0.0'))


def check_versions():
    """Checks the versions of the OpenMMLab packages.

    Raises:
        ImportError: A package is missing or unsupported; the message names
            its version and a remedy.
    """
    try:
        from mmengine.utils import digit_version
    except ImportError as error:
        raise _unusable('mmengine', 'cannot be imported', error)
    for name, (minimum, limit) in _SUPPORTED.items():
        try:
            version = import_module(name).__version__
        except (ImportError, AssertionError) as error:
            # MMPose asserts its own bounds on mmcv and mmengine.
            raise _unusable(name, 'cannot be imported', error)
        if not (digit_version(minimum) <= digit_version(version) <
                digit_version(limit)):
            raise _unusable(
                name, f'has version {version}, but supported versions are '
                f'>={minimum},<{limit}')


def _unusable(name, problem, cause=None):
    reason = f' ({cause})' if cause else ''
    error = ImportError(
        f'mmpose_thermal: {name} {problem}{reason}. Install a matching '
        'OpenMMLab stack with `bash tools/install.sh`, or see '
        'requirements/*.txt for versions that work together.')
    error.__cause__ = cause
    return error


def allow_checkpoint_types():
    """Allows ``weights_only`` loading of checkpoints with dataset metainfo.

    MMEngine stores the metainfo, which contains small NumPy arrays, with the
    weights. Their types are harmless but unknown to torch's safe loader, so
    loading would fall back to unrestricted unpickling.
    """
    register = getattr(torch.serialization, 'add_safe_globals', None)
    if register is not None:  # torch >= 2.4
        register([bytes] + [type(np.dtype(c)) for c in '?bBhHiIlLqQefd'])
