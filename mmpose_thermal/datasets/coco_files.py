"""Annotation files of converters: their contents, and how they are kept."""
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Set, Union

import numpy as np

from mmpose_thermal.runtime.atomic_file import atomic_file

from .alignment import as_homography
from .annotation_rules import box_breach
from .face_records import (box_around, box_fields, clipped, listed,
                           with_visibility)
from .point_sets import face_category

_OURS = '"generator":"mmpose_thermal"'  # marks what a converter wrote


def write_json(path: Union[str, Path], content: Any) -> None:
    """Writes a whole file or none.

    Args:
        path (str | Path): Where.
        content: What.
    """
    write_jsons({path: content})


def write_jsons(contents: Mapping[Union[str, Path], Any]) -> None:
    """Writes whole files, all or none.

    Args:
        contents (Mapping): What, by path.
    """
    with ExitStack() as all_of_them:
        for path, content in contents.items():
            unfinished = all_of_them.enter_context(atomic_file(path))
            with open(unfinished, 'w') as file:
                json.dump(content, file, separators=(',', ':'))


def _rgb_annotation(annotation: dict, image: dict, rgb_size) -> dict:
    """The same face as labelled in the RGB image."""
    found = {
        key: value
        for key, value in annotation.items() if key != 'rgb_keypoints'
    }
    keypoints = np.reshape(annotation['keypoints'], (-1, 3)).astype(float)
    if 'rgb_keypoints' in annotation:
        keypoints = np.reshape(annotation['rgb_keypoints'], (-1, 3))
    elif 'rgb_homography' in image:
        back = np.linalg.inv(as_homography(image['rgb_homography']))
        moved = np.column_stack([keypoints[:, :2], np.ones(len(keypoints))
                                 ]) @ back.T
        keypoints[:, :2] = moved[:, :2] / moved[:, 2:]
    else:
        return found
    return dict(
        found,
        keypoints=listed(with_visibility(keypoints)),
        **box_fields(clipped(box_around(keypoints, .1), rgb_size)))


def visible_records(records: List[dict]) -> List[dict]:
    """The RGB partners as pictures of their own, each once.

    Args:
        records (list[dict]): Of thermal images.

    Returns:
        list[dict]: Likewise, of RGB images; faces that lie outside of an
        unaligned partner are none of it.
    """
    found: Dict[str, dict] = {}
    for record in records:
        image = record['image']
        name = image.get('rgb_file_name')
        if not name or name in found:
            continue
        width, height = record['rgb_size']
        fields = {
            key: value
            for key, value in image.items()
            if key not in ('rgb_file_name', 'rgb_homography', 'bit_depth',
                           'palette', 'temperature_scale',
                           'temperature_offset')
        }
        faces = [
            _rgb_annotation(annotation, image, record['rgb_size'])
            for annotation in record['annotations']
        ]
        found[name] = dict(
            image=dict(fields, file_name=name, width=width, height=height),
            annotations=[
                face for face in faces
                if not box_breach(face['bbox'], width, height, name)
            ])
    return [record for record in found.values() if record['annotations']]


def coco(records: List[dict], metainfo: dict, description: str) -> dict:
    """Numbers records into one COCO json.

    Args:
        records (list[dict]): Each with ``image`` and its ``annotations``.
        metainfo (dict): Parsed, of the point set.
        description (str): Of the data set.

    Returns:
        dict: What the annotation file holds.
    """
    images, annotations = [], []
    for number, record in enumerate(records, start=1):
        images.append(dict(id=number, **record['image']))
        for annotation in record['annotations']:
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=number,
                    category_id=1,
                    iscrowd=0,
                    **annotation))
    return dict(
        info=dict(generator='mmpose_thermal', description=description),
        images=images,
        annotations=annotations,
        categories=[face_category(metainfo)])


def remove_stale(out: Path, names: Iterable[str], written: Set[Path]) -> None:
    """Removes files of an earlier run, which could be taken for this one's.

    Args:
        out (Path): Folder of the annotation files.
        names (Iterable[str]): Of all files that a run may write.
        written (set[Path]): What it has written.
    """
    for name in names:
        path = out / f'{name}.json'
        if path not in written and _is_ours(path):
            path.unlink()
            print(f'  removed {path.name}, of an earlier run')
        derived = out / f'{name}_registered.json'
        if derived.exists():
            print(f'  {derived.name} was made from an earlier {path.name}: '
                  'make it anew')


def _is_ours(path: Path) -> bool:
    """Whether a converter wrote a file; people keep their own beside."""
    if not path.is_file():
        return False
    with open(path, errors='replace') as file:
        return _OURS in file.read(200)
