"""Registers the components of this package in MMPose's registries."""
import sys
from pathlib import Path

_COMMAND, _MODULE = 'mmpose-thermal', 'mmpose_thermal.cli'


def register_components() -> None:
    """Checks the OpenMMLab packages and registers all components.

    Raises:
        ImportError: An OpenMMLab package is missing or unsupported.
    """
    from .compatibility import allow_checkpoint_types, check_versions

    check_versions()
    allow_checkpoint_types()

    from . import (codecs, datasets, engine, evaluation, models)  # noqa: F401


def is_command_line() -> bool:
    """Whether this process is the ``mmpose-thermal`` command itself.

    Registration takes seconds, so commands call :func:`register_components`
    only if they need it. Returns ``True`` for the console script (by program
    name) and for ``python -m mmpose_thermal.cli`` (Python 3.10 and later;
    earlier versions register on import). Returns ``False`` in child processes,
    such as data loader workers, although they inherit the program name.
    """
    # Of a child process, multiprocessing is loaded already.
    processes = sys.modules.get('multiprocessing')
    if processes and processes.current_process().name != 'MainProcess':
        return False
    program = sys.argv[0] if sys.argv else ''
    if program == '-m':  # Python is still locating the module
        return _MODULE in getattr(sys, 'orig_argv', ())
    return Path(program).stem == _COMMAND
