"""Errors that say where in a distiller's config they come from."""
from collections.abc import Mapping
from contextlib import contextmanager
from inspect import isclass
from typing import Any, Iterator

from mmengine.registry import Registry


def is_of(registry: Registry, config: Mapping, name: str) -> bool:
    """Whether a config builds a registered class or one of its subclasses.

    Args:
        registry (Registry): Of MMPose.
        config (dict): Its ``type`` is a class, or a name with or without
            scope, such as ``'mmpose.CrossModalDistiller'``.
        name (str): The class as it is registered.

    Returns:
        bool: False for unknown types, too.
    """
    kind = config.get('type')
    if isinstance(kind, str):
        kind = registry.get(kind)
    return isclass(kind) and issubclass(kind, registry.get(name))


@contextmanager
def naming_field(field: str) -> Iterator[None]:
    """Puts a field's name before the message of an error.

    Args:
        field (str): Its place in the config, such as ``'student.config'``.

    Raises:
        ValueError: In place of what MMPose, MMEngine and PyTorch raise for
            values that they cannot use; a missing file stays as it is.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        kind = '' if type(error) is ValueError else f'{type(error).__name__}: '
        raise ValueError(f'{field}: {kind}{error}') from error


def check_mapping(field: str, given: Any, *known: str) -> None:
    """Refuses what is not a dict, and a network's unknown fields.

    Args:
        field (str): Its place in the config.
        given: What stands there.
        *known (str): The fields that it may have, first the one that it must
            have. Without them it may have any.
    """
    if not isinstance(given, Mapping):
        raise ValueError(f'{field} is {given!r:.80}, not a dict.')
    unknown = sorted(set(given) - set(known), key=str) if known else ()
    if unknown or known and known[0] not in given:
        problem = f'field {unknown[0]}' if unknown else known[0]
        raise ValueError(f'{field} has no {problem}; its fields are '
                         f'{", ".join(known)}.')
