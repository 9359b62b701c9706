"""Checks that the image files of a data set exist and match the declarations."""
import os
import os.path as osp
import random
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple, Union

from mmpose_thermal.runtime.file_headers import ImageHead, image_head
from mmpose_thermal.runtime.images import decode_image

from .transforms.loading import read_image, require_bit_depth, require_size

#: Maximum number of files whose depth and size are checked, drawn at random.
MAX_HEADS_READ = 5000
_THREADS = 8  # reading headers is mostly waiting, especially on network drives


def files_below(folder: Union[str, Path]) -> List[Path]:
    """All files below a folder, sorted; linked folders are entered."""
    return sorted(Path(where, name)
                  for where, _, names in os.walk(folder, followlinks=True)
                  for name in names)


def folder_above(ann_file: str) -> str:
    """Returns the parent of the folder that contains an annotation file.

    Symbolic links are not resolved, because the annotations or the whole data
    set may be linked.
    """
    here = os.environ.get('PWD', '')
    if not (osp.isdir(here) and osp.samefile(here, os.getcwd())):
        here = os.getcwd()  # unlike PWD, this has links resolved
    path = osp.normpath(osp.join(here, ann_file))
    return osp.dirname(osp.dirname(path))


def image_folder(ann_file: str) -> str:
    """The folder that image paths start from, if no data root is given.

    The one above the annotation file's if that is called ``annotations``, else its
    own.
    """
    above = folder_above(ann_file)
    own = osp.join(above, osp.basename(osp.dirname(osp.abspath(ann_file))))
    return above if osp.basename(own) == 'annotations' else own


def head_of(path: str, with_size: bool = False,
            palette: Optional[str] = None) -> ImageHead:
    """Reads bits and size from a header; decodes the image only if necessary."""
    head = image_head(path, palette)
    if head is None or (with_size and head.size is None):
        image = decode_image(Path(path).read_bytes(), str(path),
                             palette=palette)
        head = ImageHead(8 * image.dtype.itemsize, image.shape[1::-1])
    return head


def _readable_head(path: str, palette: Optional[str]) -> ImageHead:
    try:
        return head_of(path, palette=palette)
    except OSError as error:  # no permission
        raise ValueError(f'Image {path} cannot be read ({error}).') from error


def _is_remote(path: str) -> bool:
    return '://' in path


def check_inside(paths: Iterable[str], roots: Sequence[str]) -> None:
    """Raises ValueError if a path is outside all of the data set's folders."""
    for path in paths:
        if _is_remote(path) and '/' in path.split('://')[0]:
            raise ValueError(
                f'"{path}" is a URL joined to a local folder. Download the '
                'images and give their paths relative to that folder, or set '
                '`data_root` or `data_prefix` to the URL of their common '
                'folder.')
    inside = tuple(osp.join(osp.abspath(root), '') for root in roots if root)
    if not inside:
        return
    for folder in {osp.dirname(path) for path in paths}:
        if not osp.join(osp.abspath(folder), '').startswith(inside):
            raise ValueError(
                f'a file lies in {folder}, which is outside of data_root '
                f'({", ".join(root for root in roots if root)}). Set '
                '`data_root` to a folder that holds all images, or correct '
                'the file names in the annotation file.')


def _missing_files(paths: Iterable[str]) -> List[str]:
    """Finds local files that do not exist, by listing each folder once."""
    local = [path for path in paths if not _is_remote(path)]
    folders = {osp.dirname(path) for path in local}
    present = {
        osp.join(folder, entry.name)
        for folder in folders if osp.isdir(folder or '.')
        for entry in os.scandir(folder or '.') if entry.is_file()
    }
    # Splitting and joining normalises 'a//b.png' to 'a/b.png'.
    return [path for path in local if osp.join(*osp.split(path)) not in present]


def similar_name(path: str) -> str:
    """Explains a missing file, as part of a sentence; empty if there is no reason.

    The path may be a broken link, or there may be a file with a name that
    differs in case or in the encoding of accents. Windows and macOS treat such
    names as equal, Linux does not.
    """
    folder, name = osp.split(path)
    if osp.islink(path):
        return (f' (a link to {os.readlink(path)}, which does not exist: copy '
                'the file there, or correct the link)')

    def plain(text):
        return unicodedata.normalize('NFC', text).casefold()

    for other in os.listdir(folder or '.') if osp.isdir(folder or '.') else ():
        if plain(other) == plain(name) and other != name:
            return (f' (there is "{other}": names on this system are sensitive '
                    'to case and to the encoding of accents)')
    return ''


def check_heads(declared: Dict[str, Tuple[int, Optional[Sequence[int]]]],
                most: int = MAX_HEADS_READ,
                palettes: Optional[Dict[str, str]] = None) -> None:
    """Raises ValueError if files have another depth or size than declared.

    Args:
        declared (dict[str, tuple]): Bits, and (width, height) or None, by path.
            Remote files are not checked.
        most (int): Maximum number of files to check. If there are more, the
            same random sample is checked each time.
        palettes (dict[str, str], optional): Declared palettes by path.
    """
    palette_of = (palettes or {}).get
    paths = [path for path in declared if not _is_remote(path)]
    if len(paths) > most:
        paths = random.Random(0).sample(paths, most)
    with ThreadPoolExecutor(_THREADS) as threads:
        heads = dict(zip(paths, threads.map(
            _readable_head, paths, map(palette_of, paths))))

    def differs(path, head):
        bits, size = declared[path]
        return head.bits != bits or (
            size and head.size and head.size != tuple(size))

    other = [path for path, head in heads.items() if differs(path, head)]
    for path in other:
        bits, size = declared[path]
        try:  # headers may be wrong, so check the decoded image
            image = read_image(path, palette=palette_of(path))
            require_bit_depth(image, bits, path)
            require_size(image, size or image.shape[1::-1], path)
        except ValueError as error:
            raise ValueError(
                f'{len(other)} of {len(paths)} files that were checked have '
                f'another depth or size than declared. {error}') from None


def check_files(dataset: Any, samples: Sequence[dict]) -> None:
    """Checks that all images exist below ``data_root`` and match the declarations.

    Remote storage is not listed; a missing remote file fails when it is read.

    Args:
        dataset (Any): Has ``ann_file``, ``data_root`` and ``data_prefix``.
        samples (Sequence[dict]): Each has ``img_path`` and ``bit_depth``, and
            optionally ``rgb_path`` and ``declared_size``.

    Raises:
        FileNotFoundError: An image does not exist.
        ValueError: An image is outside ``data_root`` or differs from its
            declaration.
    """
    paths = {
        sample[key]: key
        for sample in samples for key in ('img_path', 'rgb_path')
        if key in sample
    }
    try:
        check_inside(paths, [dataset.data_root] if dataset.data_root else
                     list(dataset.data_prefix.values()))
        missing = _missing_files(paths)
        if missing:
            role = 'RGB partner' if paths[missing[0]] == 'rgb_path' else 'image'
            raise FileNotFoundError(
                f'{dataset.ann_file}: {len(missing)} of {len(paths)} files do '
                f'not exist, first the {role} {missing[0]}'
                f'{similar_name(missing[0])}. Check `data_root` and '
                '`data_prefix` of the data set, or complete the download.')
        check_heads({sample['img_path']: (sample['bit_depth'],
                                          sample.get('declared_size'))
                     for sample in samples},
                    palettes={sample['img_path']: sample['palette']
                              for sample in samples if 'palette' in sample})
    except ValueError as error:
        raise ValueError(f'{dataset.ann_file}: {error}') from None
