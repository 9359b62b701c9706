"""Names of results that never meet."""
from pathlib import Path
from typing import Set, Tuple

_MAX_LENGTH = 120  # file systems end at 255 bytes


class UniqueNames:
    """Hands out names for files, each once.

    Names that differ in case only are the same: they are on some systems.
    """

    def __init__(self) -> None:
        self._taken: Set[str] = set()

    def take(self, *wanted: str) -> str:
        """The first of the wanted names that is free, else the last of them
        with a number.

        Args:
            *wanted (str): The best first; characters that are not for files
                are replaced.

        Returns:
            str: A name that was not handed out before.
        """
        names = [_safe(name) for name in wanted]
        number, name = 2, next(filter(self._is_free, names), names[-1])
        while not self._is_free(name):
            name = f'{names[-1]}_{number}'
            number += 1
        self._taken.add(name.casefold())
        return name

    def _is_free(self, name):
        return name.casefold() not in self._taken


def names_for(path: str) -> Tuple[str, ...]:
    """Names for what comes from a file, to :meth:`UniqueNames.take` from.

    Args:
        path (str): Of a file.

    Returns:
        tuple[str]: The stem; with its folder; with its suffix as well.
    """
    file = Path(path)
    folder = file.resolve().parent.name
    return (file.stem, f'{folder}_{file.stem}',
            f'{folder}_{file.stem}_{file.suffix[1:]}')


def _safe(name):
    return ''.join(c if c.isalnum() or c in '-_.' else '_'
                   for c in name)[:_MAX_LENGTH] or '_'
