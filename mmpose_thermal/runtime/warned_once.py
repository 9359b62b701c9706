"""Warnings that are given once per process instead of once per frame."""
import warnings
from typing import Set

_GIVEN: Set[str] = set()


def warn_once(kind: str, message: str) -> None:
    """Warns unless a warning of this kind was given before."""
    if kind not in _GIVEN:
        _GIVEN.add(kind)
        warnings.warn(message + ' Further cases are not reported.',
                      stacklevel=3)


class WarnOnce:
    """As :func:`warn_once`, once per object."""

    def __init__(self) -> None:
        self._given: Set[str] = set()

    def __call__(self, kind: str, message: str) -> None:
        """Warns unless a warning of this kind was given before."""
        if kind not in self._given:
            self._given.add(kind)
            warnings.warn(message)
