import os
from pathlib import Path
from typing import Union

from mmengine.fileio import LocalBackend, register_backend

from mmpose_thermal.runtime.atomic_file import atomic_file

#: ``backend_args`` of MMEngine's functions.
ATOMIC = dict(backend='atomic_local')


class AtomicLocalBackend(LocalBackend):
    """Local files that are either written completely or not at all.

    See :func:`mmpose_thermal.runtime.atomic_file.atomic_file`.
    """

    def put(self, obj: bytes, filepath: Union[str, Path]) -> None:
        """Writes a file.

        Args:
            obj (bytes): The content.
            filepath (str | Path): Where to write it.

        Raises:
            OSError: The file cannot be written; the message says what to do.
        """
        filepath = os.fspath(filepath)
        try:
            with atomic_file(filepath) as unfinished:
                Path(unfinished).write_bytes(obj)
        except OSError as error:
            raise type(error)(
                error.errno,
                f'{os.strerror(error.errno or 0)}: {filepath} '
                f'({len(obj) / 1e6:.1f} MB) cannot be written. Earlier files '
                'are untouched. Free some space or choose another folder; '
                '--resume continues a training')


register_backend(ATOMIC['backend'], AtomicLocalBackend, force=True)
