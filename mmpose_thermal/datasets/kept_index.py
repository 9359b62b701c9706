"""Parsed annotations as a data set serialises them, kept on disk."""
import hashlib
import json
import os
import shutil
import tempfile
from typing import Optional, Tuple

import numpy as np

_ABOUT, _BYTES, _ADDRESSES = 'about.json', 'samples.npy', 'addresses.npy'


def fingerprint(ann_file: str, **options) -> str:
    """What an index depends on.

    Args:
        ann_file (str): The annotation file.
        **options: All that decides about its samples.

    Returns:
        str: Hexadecimal digits.
    """
    status = os.stat(ann_file)
    parts = [os.path.abspath(ann_file), status.st_mtime_ns, status.st_size,
             sorted(options.items())]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def load_index(folder: str,
               mark: str) -> Optional[Tuple[np.ndarray, np.ndarray, dict]]:
    """Maps an index into memory, which all processes share.

    Args:
        folder (str): Where it is kept.
        mark (str): Of :func:`fingerprint`.

    Returns:
        tuple | None: The samples' bytes, where each ends, and the metainfo
        that was read with them; None if there is no such index.
    """
    try:
        with open(os.path.join(folder, _ABOUT)) as file:
            about = json.load(file)
        if about['fingerprint'] != mark:
            return None
        samples, addresses = (
            np.load(os.path.join(folder, name), mmap_mode='r')
            for name in (_BYTES, _ADDRESSES))
    except (OSError, ValueError, KeyError, EOFError):
        return None
    # These are looked up at every sample.
    return samples, np.array(addresses), about['metainfo']


def save_index(folder: str, mark: str, samples: np.ndarray,
               addresses: np.ndarray, metainfo: dict) -> None:
    """Writes an index aside and moves it: there is never half of one.

    Args:
        folder (str): Where to keep it; an older one is replaced.
        mark (str): Of :func:`fingerprint`.
        samples (np.ndarray): Bytes, uint8.
        addresses (np.ndarray): Where each sample ends.
        metainfo (dict): Ready for JSON.
    """
    folder = os.path.abspath(folder)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    aside = tempfile.mkdtemp(
        prefix=os.path.basename(folder), dir=os.path.dirname(folder))
    try:
        np.save(os.path.join(aside, _BYTES), samples)
        np.save(os.path.join(aside, _ADDRESSES), addresses)
        with open(os.path.join(aside, _ABOUT), 'w') as file:
            json.dump(dict(fingerprint=mark, metainfo=metainfo), file)
        if os.path.isdir(folder):
            if not os.path.exists(os.path.join(folder, _ABOUT)):
                raise ValueError(
                    f'{folder} exists and is no index of annotations: choose '
                    'another folder for `index`.')
            shutil.rmtree(folder, ignore_errors=True)
        try:
            os.rename(aside, folder)
        except OSError:
            pass  # another process was as fast
    finally:
        shutil.rmtree(aside, ignore_errors=True)
