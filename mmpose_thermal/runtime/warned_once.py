"""Warnings that a long run should give once, not with every frame."""
import warnings
from typing import Set

_GIVEN: Set[str] = set()


def warn_once(kind: str, message: str) -> None:
    """Warns, unless it did so in this process for this kind."""
    if kind not in _GIVEN:
        _GIVEN.add(kind)
        warnings.warn(message + ' Further cases are not reported.',
                      stacklevel=3)
