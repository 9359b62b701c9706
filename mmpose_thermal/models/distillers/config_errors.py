"""Reading a distiller's config; errors say where in it they are."""
from collections.abc import Mapping
from contextlib import contextmanager
from inspect import isclass
from typing import Any, Iterator, Sequence

from mmengine.registry import Registry


def is_of(registry: Registry, config: Mapping, name: str) -> bool:
    """Whether a config builds a class or one of its subclasses.

    Args:
        registry (Registry): Of MMPose, for both.
        config (dict): With a ``type``: a class, or a name with or without
            scope, such as ``'mmpose.CrossModalDistiller'``.
        name (str): The class as it is registered.

    Returns:
        bool: Whether it does; not so for types that are not known.
    """
    kind = config.get('type')
    if isinstance(kind, str):
        kind = registry.get(kind)
    return isclass(kind) and issubclass(kind, registry.get(name))


@contextmanager
def reading(field: str) -> Iterator[None]:
    """Names the field in errors of what is built from it.

    Args:
        field (str): Its place in the config, such as ``'student.config'``.

    Raises:
        ValueError: In place of what MMPose, MMEngine and PyTorch raise for
            values that they cannot use; a missing file is left as it is.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        kind = '' if type(error) is ValueError else f'{type(error).__name__}: '
        raise ValueError(f'{field}: {kind}{error}') from error


def check_mapping(field: str, given: Any) -> None:
    """Refuses what is no dict.

    Args:
        field (str): Its place in the config.
        given: What stands there.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(given, Mapping):
        raise ValueError(f'{field} is {given!r:.80}, not a dict.')


def check_fields(name: str, given: Any, known: Sequence[str]) -> None:
    """Refuses a network without ``config`` and unknown fields.

    Args:
        name (str): Its place in the config.
        given (dict): What stands there.
        known (Sequence[str]): Its fields.

    Raises:
        ValueError: One is missing or unknown, or it is no dict.
    """
    check_mapping(name, given)
    unknown = sorted(set(given) - set(known), key=str)
    if unknown or 'config' not in given:
        problem = f'has no field {unknown[0]}' if unknown else 'has no config'
        raise ValueError(f'{name} {problem}; its fields are '
                         f'{", ".join(known)}.')
