"""Lists RGB-thermal pairs in a folder or an annotation file."""
import csv
import os.path as osp
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Counter as CounterOf, Dict, Iterator, List, Optional, Tuple

from mmpose_thermal.datasets.annotations import read_annotations
from mmpose_thermal.datasets.image_files import (check_inside, files_below,
                                                folder_above, head_of)
from mmpose_thermal.runtime.frames import IMAGES
from mmpose_thermal.runtime.jpeg import radiometric_kind
from mmpose_thermal.runtime.radiometric_jpeg import FlyrMissing, read_thermogram

_CSV = 'pairs.csv'
_JPEG = ('.jpg', '.jpeg')
_LABELS = 'annotations'
_NUMBERS = ('temperature_scale', 'temperature_offset')  # columns of the csv
_UNREADABLE = 'thermal image missing or unreadable'
_THERMAL = ('thermal', 'thermal16')
# What is written anew; anything else is an attribute of the face.
_REPLACED = ('id', 'image_id', 'category_id', 'iscrowd', 'area', 'keypoints',
             'num_keypoints', 'rgb_keypoints', 'keypoint_scores', 'score')


@dataclass
class Pair:
    """A thermal image with its RGB partner.

    Attributes:
        image (dict): Its record in an annotation file, without ``id``.
        faces (list[dict]): Known faces: ``bbox`` and attributes, without labels.
    """
    image: Dict[str, Any]
    faces: List[Dict[str, Any]] = field(default_factory=list)


@dataclass
class PairList:
    """Pairs with the folder that their file names are relative to.

    Attributes:
        root (str): The folder.
        out (str): Where their labels go by default.
        pairs (list[Pair]): The pairs.
        dropped (Counter[str]): Numbers of images without partner, by reason.
        examples (dict[str, str]): One dropped file by reason, and its error if
            it has one.
    """
    root: str
    out: str
    pairs: List[Pair]
    dropped: CounterOf[str]
    examples: Dict[str, str] = field(default_factory=dict)

    def drop(self, reason: str, example: str) -> None:
        """Counts a file that is left out."""
        self.dropped[reason] += 1
        self.examples.setdefault(reason, example)


def read_pairs(where: str, data_root: Optional[str] = None) -> PairList:
    """Lists pairs; see :func:`.label_pairs` for what ``where`` may be.

    Raises:
        FileNotFoundError: It does not exist, or holds no pairs.
        ValueError: A file is malformed.
    """
    path = Path(where)
    if path.suffix == '.json':
        return _of_annotations(str(path), data_root)
    if path.suffix == '.csv':
        path = path.parent
    if not path.is_dir():
        raise FileNotFoundError(f'{where} does not exist.')
    found = PairList(str(path), str(path / _LABELS / 'labelled.json'), [], Counter())
    if (path / _CSV).is_file():
        listed = _of_csv(path / _CSV)
    elif _thermal_folder(path):
        listed = _of_folders(path, found.dropped)
    else:
        listed = _of_radiometric_jpegs(path, found)
    for thermal, rgb, fields in listed:
        try:
            found.pairs.append(Pair(_image(path, thermal, rgb, fields)))
        except (OSError, ValueError) as error:
            found.drop(_UNREADABLE, str(error))
    if not found.pairs and not found.dropped:
        raise FileNotFoundError(f'{where} lists no pairs.')
    return found


def _image(root: Path, thermal: str, rgb: str, fields: Dict[str, Any]):
    head = head_of(str(root / thermal), with_size=True)
    assert head.size is not None
    image = dict(fields, file_name=thermal, rgb_file_name=rgb,
                 width=head.size[0], height=head.size[1])
    if head.bits != 8:
        image['bit_depth'] = head.bits
    return image


def _of_csv(path: Path) -> Iterator[Tuple[str, str, Dict[str, Any]]]:
    with open(path, newline='', encoding='utf-8-sig') as file:  # as Excel writes it
        for number, row in enumerate(csv.DictReader(file), start=2):
            thermal, rgb = row.pop('thermal', None), row.pop('rgb', None)
            if not thermal or not rgb:
                raise ValueError(f'{path}: each line needs "thermal" and "rgb", '
                                 'the columns in its header with file names '
                                 'relative to its folder.')
            fields: Dict[str, Any] = {name: value for name, value in row.items()
                                      if name and value}
            try:
                check_inside([str(path.parent / name) for name in (thermal, rgb)],
                             [str(path.parent)])
                fields.update({name: float(fields[name]) for name in _NUMBERS
                               if name in fields})
            except ValueError as error:
                raise ValueError(f'{path}, line {number}: {error}') from None
            yield thermal, rgb, fields


def _thermal_folder(root: Path) -> Optional[str]:
    """The folder of thermal images beside ``rgb/``, if there are both."""
    found = next((name for name in _THERMAL if (root / name).is_dir()), None)
    return found if (root / 'rgb').is_dir() else None


def _of_folders(root: Path, dropped) -> Iterator[Tuple[str, str, Dict[str, Any]]]:
    thermal = _thermal_folder(root)
    assert thermal is not None
    partners, images = _by_stem(root, 'rgb'), _by_stem(root, thermal)
    for stem, name in images.items():
        if stem in partners:
            yield name, partners[stem], {}
    dropped.update({
        'thermal image without RGB partner': len(images.keys() - partners.keys()),
        'RGB image without thermal partner': len(partners.keys() - images.keys())})


def _of_radiometric_jpegs(
        root: Path, found: PairList) -> Iterator[Tuple[str, str, Dict[str, Any]]]:
    """Files that hold both images, and the camera's registration of them."""
    paths = [path for path in files_below(root) if path.suffix.lower() in _JPEG
             and root / _LABELS not in path.parents]  # a contact sheet
    files = []
    for path in paths:
        if radiometric_kind(path.read_bytes()) == 'FLIR':
            files.append(path)
        else:
            found.drop('JPEG without thermal data', str(path))
    if not files:
        raise FileNotFoundError(
            f'{root} holds no pairs: it needs rgb/ and thermal/ (or thermal16/) with '
            f'equal file names except for the suffix, or {_CSV} with the columns '
            'thermal and rgb, or FLIR radiometric JPEGs with a visible-light photo.')
    for path in files:
        name = path.relative_to(root).as_posix()
        try:
            thermogram = read_thermogram(path.read_bytes(), str(path))
        except FlyrMissing:
            raise
        except ValueError as error:
            found.drop(_UNREADABLE, str(error))
            continue
        if thermogram.photo is None:
            found.drop('radiometric JPEG without visible-light photo', str(path))
        elif thermogram.photo_to_thermal is None:
            yield name, name, {}
        else:
            yield name, name, dict(
                rgb_homography=thermogram.photo_to_thermal.ravel().tolist())


def _by_stem(root: Path, folder: str) -> Dict[str, str]:
    """Names of images relative to root, by their name in the folder without suffix."""
    found = [path for path in files_below(root / folder)
             if path.suffix.lower() in IMAGES]
    return {path.relative_to(root / folder).with_suffix('').as_posix():
            path.relative_to(root).as_posix() for path in found}


def _of_annotations(path: str, data_root: Optional[str]) -> PairList:
    found = read_annotations(path)
    found.refuse_faults()
    pairs = [Pair({key: value for key, value in image.items() if key != 'id'})
             for image in found.images]
    for face, index in zip(found.faces, found.image_of):
        pairs[index].faces.append({key: value for key, value in face.items()
                                   if key not in _REPLACED})
    paired = [pair for pair in pairs if pair.image.get('rgb_file_name')]
    return PairList(
        data_root or folder_above(path), f'{osp.splitext(path)[0]}_labelled.json',
        paired, Counter({'thermal image without RGB partner':
                         len(pairs) - len(paired)}))
