"""What is checked of the images of a set before training on them."""
import os
import os.path as osp
import random
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

from mmpose_thermal.runtime.images import stored_bits
from mmpose_thermal.runtime.file_headers import ImageHead, image_head

from .transforms.loading import read_image, require_bit_depth, require_size

#: So many files of a set are looked into for depth and size, drawn at random.
MAX_HEADS_READ = 5000
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
    for path in paths:
        if is_remote(path) and '/' in path.split('://')[0]:
            raise ValueError(
                f'"{path}" is an address behind a folder. Download the images '
                'and name them relative to that folder, or give the address '
                'of their common folder as `data_root` or `data_prefix`.')
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
        for entry in os.scandir(folder or '.') if entry.is_file()
    }
    # Split and joined: 'a//b.png' is 'a/b.png'.
    return [path for path in local if osp.join(*osp.split(path)) not in present]


def similar_name(path: str) -> str:
    """A hint at what is there in the place of a file that is missing.

    A link to nowhere; or a file whose name differs in case or in its accents'
    form: Windows and macOS take such names for the same, Linux does not.

    Args:
        path (str): Of a file that is missing.

    Returns:
        str: Part of a sentence; empty if there is none.
    """
    folder, name = osp.split(path)
    if osp.islink(path):
        return (f' (a link to {os.readlink(path)}, which does not exist: copy '
                'the file there, or make the link anew)')

    def plain(text):
        return unicodedata.normalize('NFC', text).casefold()

    for other in os.listdir(folder or '.') if osp.isdir(folder or '.') else ():
        if plain(other) == plain(name) and other != name:
            return (f' (there is "{other}": this system tells capitals and '
                    'forms of accents apart)')
    return ''


def _head_of(path: str) -> ImageHead:
    try:
        return image_head(path) or ImageHead(stored_bits(path))
    except OSError as error:  # no permission
        raise ValueError(f'Image {path} cannot be read ({error}).') from error


def check_heads(declared: Dict[str, Tuple[int, Optional[Sequence[int]]]],
                most: int = MAX_HEADS_READ) -> None:
    """Looks into files for the depth and size that they are declared with.

    Args:
        declared (dict[str, tuple]): Bits, and width and height if they are
            declared, by path; remote ones are left alone.
        most (int): How many files are looked into; of more, so many at
            random, and always the same.

    Raises:
        ValueError: Some have another depth or size.
    """
    paths = [path for path in declared if not is_remote(path)]
    if len(paths) > most:
        paths = random.Random(0).sample(paths, most)
    with ThreadPoolExecutor(_THREADS) as threads:
        heads = dict(zip(paths, threads.map(_head_of, paths)))
    other = []
    for path, head in heads.items():
        bits, size = declared[path]
        if head.bits != bits or (size and head.size not in (None,
                                                            tuple(size))):
            other.append(path)
    for path in other:
        bits, size = declared[path]
        try:  # of the image itself, which is what counts
            image = read_image(path)
            require_bit_depth(image, bits, path)
            require_size(image, size or image.shape[1::-1], path)
        except ValueError as error:
            raise ValueError(
                f'{len(other)} of {len(paths)} files that were looked into '
                f'have another depth or size than declared. {error}') from None


def check_files(ann_file: str, samples: Sequence[dict],
                roots: Sequence[str]) -> None:
    """All images exist, below the data's root, and are as they are declared.

    Remote storage is not listed: there a missing file shows when it is read.

    Args:
        ann_file (str): Named in errors.
        samples (Sequence[dict]): Each with ``img_path`` and ``bit_depth``, and
            perhaps ``rgb_path`` and ``declared_size``.
        roots (Sequence[str]): Folders of the data.

    Raises:
        FileNotFoundError: Some are not there.
        ValueError: They lie elsewhere, or have another depth or size.
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
        check_heads({
            sample['img_path']: (sample['bit_depth'],
                                 sample.get('declared_size'))
            for sample in samples
        })
    except ValueError as error:
        raise ValueError(f'{ann_file}: {error}') from None
