"""Errors that name the field of a distiller's config."""
from collections.abc import Mapping
from contextlib import contextmanager
from inspect import isclass
from typing import Any, Iterator

from mmengine.registry import Registry


def is_of(registry: Registry, config: Mapping, name: str) -> bool:
    """Whether a config builds a registered class or one of its subclasses.

    Args:
        registry (Registry): One of MMPose's.
        config (dict): Its ``type`` is a class, or a name with or without
            scope, such as ``'mmpose.CrossModalDistiller'``.
        name (str): The class's name in the registry.

    Returns:
        bool: Also False for unknown types.
    """
    kind = config.get('type')
    if isinstance(kind, str):
        kind = registry.get(kind)
    return isclass(kind) and issubclass(kind, registry.get(name))


@contextmanager
def naming_field(field: str) -> Iterator[None]:
    """Prefixes error messages with the name of a config field.

    Args:
        field (str): Its place in the config, such as ``'student.config'``.

    Raises:
        ValueError: Instead of whatever MMPose, MMEngine and PyTorch raise for
            unusable values; a ``FileNotFoundError`` stays one.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        kind = '' if type(error) is ValueError else f'{type(error).__name__}: '
        raise ValueError(f'{field}: {kind}{error}') from error


def check_mapping(field: str, given: Any, *known: str) -> None:
    """Refuses anything but a dict with the right fields.

    Args:
        field (str): Its place in the config.
        given: The value of the field.
        *known (str): The allowed keys, first the required one. Without them,
            any key is allowed.
    """
    if not isinstance(given, Mapping):
        raise ValueError(f'{field} is {given!r:.80}, not a dict.')
    unknown = sorted(set(given) - set(known), key=str) if known else ()
    if unknown or known and known[0] not in given:
        problem = f'field {unknown[0]}' if unknown else known[0]
        raise ValueError(f'{field} has no {problem}; its fields are '
                         f'{", ".join(known)}.')
