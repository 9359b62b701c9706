import os
from pathlib import Path
from typing import Union

from mmengine.fileio import LocalBackend, register_backend

#: Of files that are being written.
UNFINISHED = '.part'
#: ``backend_args`` of MMEngine's functions.
ATOMIC = dict(backend='atomic_local')


class AtomicLocalBackend(LocalBackend):
    """Local files that are either written completely or not at all.

    A file is written beside its place, forced to the disk and moved there: a
    process that is killed and a disk that is full leave what was there.
    """

    def put(self, obj: bytes, filepath: Union[str, Path]) -> None:
        """Writes a file.

        Args:
            obj (bytes): Its content.
            filepath (str | Path): Its place.

        Raises:
            OSError: It cannot be written; the message says what to do.
        """
        filepath = os.fspath(filepath)
        unfinished = filepath + UNFINISHED
        try:
            os.makedirs(os.path.dirname(os.path.abspath(filepath)),
                        exist_ok=True)
            with open(unfinished, 'wb') as file:
                file.write(obj)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, filepath)
        except OSError as error:
            if os.path.exists(unfinished):
                os.remove(unfinished)
            raise type(error)(
                error.errno,
                f'{os.strerror(error.errno or 0)}: {filepath} '
                f'({len(obj) / 1e6:.1f} MB) cannot be written. Earlier files '
                'are untouched: make room or choose another folder. A '
                'training goes on with --resume')


register_backend(ATOMIC['backend'], AtomicLocalBackend, force=True)
