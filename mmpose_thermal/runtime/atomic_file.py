"""Atomic file writes."""
import os
from contextlib import contextmanager
from typing import Iterator, Union

#: Suffix of files that are still being written.
UNFINISHED = '.part'


@contextmanager
def atomic_file(path: Union[str, os.PathLike]) -> Iterator[str]:
    """Yields a temporary path that replaces ``path`` when the block succeeds.

    The temporary file is flushed to disk and then renamed. If the process is
    killed or the disk is full, the previous file remains intact.
    """
    path = os.fspath(path)
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    unfinished = path + UNFINISHED
    try:
        yield unfinished
        with open(unfinished, 'rb+') as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        if os.path.exists(unfinished):
            os.remove(unfinished)
