"""Registering the components of this package in MMPose's registries."""
import multiprocessing
import sys
from pathlib import Path

_COMMAND, _MODULE = 'mmpose-thermal', 'mmpose_thermal.cli'


def register_components() -> None:
    """Checks the OpenMMLab packages and registers all components.

    Raises:
        ImportError: One of these packages is missing or unsupported.
    """
    from .compatibility import allow_checkpoint_types, check_versions

    check_versions()
    allow_checkpoint_types()

    from . import (datasets, engine, evaluation, models)  # noqa: F401


def is_command_line() -> bool:
    """Whether this process is ``mmpose-thermal`` itself.

    Registration takes seconds, and most commands need none of it: those that
    do call :func:`register_components` themselves. True for the console script
    (by the name of the program) and for ``python -m mmpose_thermal.cli``
    (Python 3.10 and later; before, it registers like any other program). False
    in processes that the command starts, such as workers of a data loader,
    which inherit its name.
    """
    if multiprocessing.current_process().name != 'MainProcess':
        return False
    program = sys.argv[0] if sys.argv else ''
    if program == '-m':  # while Python looks for the module
        return _MODULE in getattr(sys, 'orig_argv', ())
    return Path(program).stem == _COMMAND
