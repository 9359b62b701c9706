"""Values of a run that other processes and runs use: an LMDB file."""
import os
import warnings
from typing import Any, Callable, Dict, Optional

# Of the virtual memory: the file grows as it is filled.
_MAP_SIZE = 1 << 40
_READERS = 1024
_OPEN: dict = {}  # by path


def _close_all() -> None:
    while _OPEN:
        _OPEN.popitem()[1].close()


if hasattr(os, 'register_at_fork'):
    # LMDB's files must not be carried over into worker processes.
    os.register_at_fork(before=_close_all)


class LMDBCache:
    """Values by key in one LMDB file, which processes and runs share.

    Args:
        path (str): Of the file. Below ``/dev/shm`` it is in memory.
    """

    def __init__(self, path: str) -> None:
        try:
            import lmdb
        except ImportError:
            raise ImportError('Caching needs the package lmdb: pip install '
                              'lmdb, or leave out `cache`.')
        self._lmdb = lmdb
        self.path = path
        self._full = False

    def __getstate__(self) -> dict:
        return dict(self.__dict__, _lmdb=None)  # modules cannot be pickled

    def __setstate__(self, state: dict) -> None:
        import lmdb
        self.__dict__.update(state, _lmdb=lmdb)

    def get(self, key: bytes, convert: Callable[[memoryview], Any]) -> Any:
        """What ``convert`` makes of a value's memory, which it must not keep;
        ``None`` if there is no such value.
        """
        with self._open().begin(buffers=True) as reading:
            stored = reading.get(key)
            return None if stored is None else convert(stored)

    def put(self, values: Dict[bytes, bytes]) -> None:
        """Writes values by key. A full disk is warned of once."""
        if self._full:
            return
        try:
            with self._open().begin(write=True) as writing:
                for key, value in values.items():
                    writing.put(key, value)
        except self._lmdb.Error as error:
            self._full = True
            warnings.warn(f'{self.path} takes nothing more ({error}): what is '
                          'not in it is made anew each time.')

    def _open(self):
        # Once a process: a file may have several users.
        place = os.path.realpath(self.path)
        environment: Optional[Any] = _OPEN.get(place)
        if environment is None:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            # Not synchronised: after a power failure it may have to be made
            # anew, which is what a cache is for.
            environment = _OPEN[place] = self._lmdb.open(
                place,
                subdir=False,
                map_size=_MAP_SIZE,
                max_readers=_READERS,
                sync=False,
                metasync=False)
        return environment
