"""Warnings that a long run should give once, not with every frame."""
import warnings
from typing import Set

_GIVEN: Set[str] = set()


def warn_once(kind: str, message: str) -> None:
    """Warns, unless a warning of this kind was given in this process.

    Args:
        kind (str): Of the warning.
        message (str): Its text.
    """
    if kind not in _GIVEN:
        _GIVEN.add(kind)
        warnings.warn(message + ' Further cases are not reported.',
                      stacklevel=3)
