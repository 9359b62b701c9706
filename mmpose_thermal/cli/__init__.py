"""The command line, ``mmpose-thermal COMMAND``, with one module per command.

A command's module docstring is its help text; the first line appears in the
list of commands. ``add_arguments`` declares the arguments and ``run`` executes
the command. Heavy imports happen only inside ``run``, so that help appears at
once and PyTorch is needed only by the commands that use it.
"""
import argparse
import errno
import os
import sys
from importlib import import_module
from typing import Optional, Sequence, Union

from mmpose_thermal.version import __version__

from .option_names import with_options
from .parsers import HelpFormatter, add_choices

COMMANDS = ('predict', 'serve', 'convert', 'check', 'browse', 'register',
            'label', 'distill', 'benchmark', 'export', 'info')
_REPOSITORY = ('in a clone of the repository, run `bash tools/install.sh` '
               '(see docs/get_started.md)')
_REMEDIES = {
    **dict.fromkeys(('torch', 'mmengine', 'mmcv', 'mmdet', 'mmpose'),
                    _REPOSITORY),
    'cv2': 'pip install opencv-python',
    **{name: f'pip install {name}'
       for name in ('onnxruntime', 'onnx', 'openvino', 'gradio', 'lmdb')},
}
_WAYS_OUT = {
    errno.ENOSPC: 'Free some space, or write elsewhere.',
    errno.EEXIST: 'It is a file: choose another name.',
    errno.ENOTDIR: 'It is a file, not a folder: choose another name.',
    errno.EISDIR: 'It is a folder: give a file.',
    errno.EACCES: 'Choose a place that you may read and write.',
    errno.EROFS: 'Choose a place that you may write.',
}


def build_parser() -> argparse.ArgumentParser:
    """Builds the parser of all commands.

    Returns:
        argparse.ArgumentParser: Parsed arguments have the command's ``run``.
    """
    parser = argparse.ArgumentParser(
        'mmpose-thermal',
        description='Facial landmarks and skin temperatures in thermal images.',
        formatter_class=HelpFormatter)
    parser.add_argument(
        '--version', action='version', version=f'mmpose_thermal {__version__}')
    modules = {name: import_module(f'{__name__}.{name}') for name in COMMANDS}
    for name, command in add_choices(
            parser, 'command',
            {name: module.__doc__ or '' for name, module in modules.items()}):
        modules[name].add_arguments(command)
        command.set_defaults(run=modules[name].run)
    return parser


def main(arguments: Optional[Sequence[str]] = None) -> Union[int, str, None]:
    """Runs a command.

    Args:
        arguments (Sequence[str], optional): Defaults to ``sys.argv[1:]``.

    Returns:
        int | str | None: Exit status or error message for ``sys.exit``.
    """
    args = build_parser().parse_args(arguments)
    try:
        status = args.run(args)
        sys.stdout.flush()
        return status
    except ModuleNotFoundError as error:
        package = (error.name or '').partition('.')[0]
        if package not in _REMEDIES:
            raise
        return (f'error: `mmpose-thermal {args.command}` needs {package}, which '
                f'is not installed: {_REMEDIES[package]}')
    except KeyboardInterrupt:
        print('\nstopped', file=sys.stderr)
        return 130
    except (OSError, ValueError, NotImplementedError, ImportError) as error:
        if isinstance(error, BrokenPipeError) and _output_is_closed():
            return 141  # as a program that the signal ends
        return f'error: {with_options(_explained(error), vars(args))}'


def _explained(error: BaseException) -> str:
    """The message; of the system's errors, with what to do."""
    number = getattr(error, 'errno', None)
    return f'{error}' + (f'. {_WAYS_OUT[number]}' if number in _WAYS_OUT else '')


def _output_is_closed() -> bool:
    """Whether nobody reads on, as behind ``| head``; then Python must not try."""
    try:
        print(flush=True)
        return False
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
