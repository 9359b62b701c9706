"""What is checked of the images of a set before training on them."""
import os
import os.path as osp
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, Iterable, List, Sequence

from mmpose_thermal.runtime.image_files import stored_bits

from .transforms.loading import read_image, require_bit_depth

#: So many files of a set are looked at for their depth, evenly spaced.
MAX_DEPTHS_READ = 5000
_THREADS = 8  # headers are waited for, above all in network folders


def is_remote(path: str) -> bool:
    """Whether a path is one of MMEngine's remote storages."""
    return '://' in path


def check_inside(paths: Iterable[str], roots: Sequence[str]) -> None:
    """No record reads what is not the data set's.

    Args:
        paths (Iterable[str]): Of images.
        roots (Sequence[str]): Folders, one of which each path must be in.

    Raises:
        ValueError: One is not.
    """
    inside = tuple(osp.join(osp.abspath(root), '') for root in roots if root)
    if not inside:
        return
    for folder in {osp.dirname(path) for path in paths}:
        if not osp.join(osp.abspath(folder), '').startswith(inside):
            raise ValueError(
                f'a file lies in {folder}, which is outside of data_root '
                f'({", ".join(root for root in roots if root)}). Set '
                '`data_root` to a folder that holds all images, or correct '
                'the names in the file.')


def missing_files(paths: Iterable[str]) -> List[str]:
    """Files that are not there; one listing a folder, not a stat each.

    Args:
        paths (Iterable[str]): Remote ones are not looked for.

    Returns:
        list[str]: In the order of ``paths``.
    """
    local = [path for path in paths if not is_remote(path)]
    folders = {osp.dirname(path) for path in local}
    present = {
        osp.join(folder, entry.name)
        for folder in folders if osp.isdir(folder or '.')
        for entry in os.scandir(folder or '.') if not entry.is_dir()
    }
    return [path for path in local if path not in present]


def similar_name(path: str) -> str:
    """A hint at a file whose name differs in case or in its accents' form.

    Windows and macOS take such names for the same, Linux does not.

    Args:
        path (str): Of a file that is missing.

    Returns:
        str: Part of a sentence; empty if there is none.
    """
    folder, name = osp.split(path)

    def plain(text):
        return unicodedata.normalize('NFC', text).casefold()

    for other in os.listdir(folder or '.') if osp.isdir(folder or '.') else ():
        if plain(other) == plain(name) and other != name:
            return (f' (there is "{other}": this system tells capitals and '
                    'forms of accents apart)')
    return ''


def _bits_of(path: str) -> int:
    try:
        return stored_bits(path)
    except OSError as error:  # a link to nowhere, or no permission
        raise ValueError(f'Image {path} cannot be read ({error}).') from error


def check_depths(depths: Dict[str, int],
                 most: int = MAX_DEPTHS_READ) -> None:
    """Looks into files for the depth that they are declared with.

    Args:
        depths (dict[str, int]): Declared bits by path; remote ones are left
            alone.
        most (int): How many files are looked into; of more, so many at equal
            distances.

    Raises:
        ValueError: Some have another depth.
    """
    paths = [path for path in depths if not is_remote(path)]
    paths = paths[::max(-(-len(paths) // most), 1)]
    with ThreadPoolExecutor(_THREADS) as threads:
        stored = list(threads.map(_bits_of, paths))
    other = [path for path, bits in zip(paths, stored)
             if bits != depths[path]]
    if not other:
        return
    try:
        require_bit_depth(read_image(other[0]), depths[other[0]], other[0])
    except ValueError as error:
        raise ValueError(
            f'{len(other)} of {len(paths)} files that were looked into have '
            f'another depth than declared. {error}') from None
    raise AssertionError(f'{other[0]}: its depth is not that of its header')


def check_files(ann_file: str, samples: Sequence[dict],
                roots: Sequence[str]) -> None:
    """All images exist, below the data's root, and of the declared depth.

    Remote storage is not listed: there a missing file shows when it is read.

    Args:
        ann_file (str): Named in errors.
        samples (Sequence[dict]): Each with ``img_path`` and ``bit_depth``, and
            perhaps ``rgb_path``.
        roots (Sequence[str]): Folders of the data.

    Raises:
        FileNotFoundError: Some are not there.
        ValueError: They lie elsewhere, or have another depth.
    """
    paths = {
        sample[key]: key
        for sample in samples for key in ('img_path', 'rgb_path')
        if key in sample
    }
    try:
        check_inside(paths, roots)
    except ValueError as error:
        raise ValueError(f'{ann_file}: {error}') from None
    missing = missing_files(paths)
    if missing:
        role = 'RGB partner' if paths[missing[0]] == 'rgb_path' else 'image'
        raise FileNotFoundError(
            f'{ann_file}: {len(missing)} of {len(paths)} files do not exist, '
            f'first the {role} {missing[0]}{similar_name(missing[0])}. Check '
            '`data_root` and `data_prefix` of the data set, or complete the '
            'download.')
    try:
        check_depths(
            {sample['img_path']: sample['bit_depth'] for sample in samples})
    except ValueError as error:
        raise ValueError(f'{ann_file}: {error}') from None
