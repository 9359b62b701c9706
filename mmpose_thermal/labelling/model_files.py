"""Where models of other projects come from."""
import os
import sys
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any


def read_model(path: str, in_wheel: str) -> bytes:
    """Reads a model's file, or its content in the wheel that it comes in.

    Args:
        path (str): The file, or a wheel (``.whl``), which need not be installed.
        in_wheel (str): Path of the file in the wheel.

    Raises:
        FileNotFoundError: The file is missing.
        ValueError: The wheel does not hold the file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'{path} does not exist.')
    if not path.endswith('.whl'):
        return Path(path).read_bytes()
    with zipfile.ZipFile(path) as wheel:
        if in_wheel not in wheel.namelist():
            raise ValueError(f'{path} does not hold {in_wheel}. Download it with '
                             '`pip download --no-deps mediapipe==0.10.14`.')
        return wheel.read(in_wheel)


def is_callable_name(spec: str) -> bool:
    """Whether it names a callable, ``MODULE:FUNCTION``, rather than a file."""
    return ':' in spec and not Path(spec).exists()


def callable_of(spec: str) -> Any:
    """Imports ``MODULE:FUNCTION``, also from the working folder.

    Raises:
        ValueError: There is no such module, or it has no such name.
    """
    module, _, name = spec.partition(':')
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        found = getattr(import_module(module), name, None)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ValueError(f'{spec}: there is neither a file of this name nor a module '
                         f'{module}.') from None
    if found is None:
        raise ValueError(f'{spec}: the module {module} has no {name}.')
    return found
