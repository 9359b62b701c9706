"""Files that are written whole or not at all."""
import os
from contextlib import contextmanager
from typing import Iterator, Union

#: Ends the names of files that are being written.
UNFINISHED = '.part'


@contextmanager
def atomic_file(path: Union[str, os.PathLike]) -> Iterator[str]:
    """Yields where to write a file, which is then there whole or not at all.

    What is written beside its place is forced to the disk and moved there: a
    process that is killed and a disk that is full leave what was there.
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
