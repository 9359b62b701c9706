"""Builds and writes the annotation files of converters."""
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Set, Union

import numpy as np

from mmpose_thermal.runtime.atomic_file import atomic_file

from ..alignment import as_homography, moved
from ..annotations.rules import box_breach
from ..point_sets import face_category
from .records import box_around, box_fields, listed, with_visibility

_OF_THERMAL = ('rgb_file_name', 'rgb_homography', 'bit_depth', 'palette',
               'temperature_scale', 'temperature_offset')
_OURS = '"generator":"mmpose_thermal"'  # marks files written by a converter


def write_json(path: Union[str, Path], content: Any) -> None:
    """Writes a file completely or not at all."""
    write_jsons({path: content})


def write_jsons(contents: Mapping[Any, Any]) -> None:
    """Writes all files completely, or none of them."""
    with ExitStack() as all_of_them:
        for path, content in contents.items():
            unfinished = all_of_them.enter_context(atomic_file(path))
            with open(unfinished, 'w') as file:
                json.dump(content, file, separators=(',', ':'))


def _rgb_annotation(annotation: dict, image: dict, rgb_size) -> dict:
    """Converts a face's annotation to the coordinates of the RGB image."""
    found = {key: value for key, value in annotation.items()
             if key != 'rgb_keypoints'}
    if 'keypoints' not in annotation:
        return dict(found, **_rgb_box(annotation['bbox'], image, rgb_size))
    keypoints = np.reshape(annotation['keypoints'], (-1, 3)).astype(float)
    if 'rgb_keypoints' in annotation:
        keypoints = np.reshape(annotation['rgb_keypoints'], (-1, 3))
    elif 'rgb_homography' in image:
        keypoints[:, :2] = _to_rgb(keypoints[:, :2], image)
    else:
        return found
    return dict(
        found,
        keypoints=listed(with_visibility(keypoints)),
        **box_fields(box_around(keypoints, .1), rgb_size))


def _to_rgb(points: np.ndarray, image: dict) -> np.ndarray:
    """Maps points (N, 2) of a thermal image to its RGB partner."""
    return moved(points, np.linalg.inv(as_homography(image['rgb_homography'])))


def _rgb_box(box, image: dict, rgb_size) -> dict:
    """Box fields of an unlabelled face in the RGB image."""
    if 'rgb_homography' not in image:
        return {}
    x, y, width, height = box
    corners = np.array([[x, y], [x + width, y], [x, y + height],
                        [x + width, y + height]])
    return box_fields(box_around(_to_rgb(corners, image), 0.), rgb_size)


def visible_records(records: List[dict]) -> List[dict]:
    """Makes one record per RGB partner, with the faces inside it."""
    found: Dict[str, dict] = {}
    for record in records:
        image = record['image']
        name = image.get('rgb_file_name')
        if not name or name in found:
            continue
        width, height = record['rgb_size']
        fields = {key: value for key, value in image.items()
                  if key not in _OF_THERMAL}
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
    """Combines records (``image`` and its ``annotations``) into one COCO json."""
    images, annotations = [], []
    for number, record in enumerate(records, start=1):
        images.append(dict(id=number, **record['image']))
        for annotation in record['annotations']:
            annotations.append(
                dict(id=len(annotations) + 1, image_id=number, category_id=1,
                     iscrowd=0, **annotation))
    return dict(
        info=dict(generator='mmpose_thermal', description=description),
        images=images,
        annotations=annotations,
        categories=[face_category(metainfo)])


def remove_stale(out: Path, names: Iterable[str], written: Set[Path]) -> None:
    """Removes files of an earlier run that could be mistaken for this run's."""
    for name in names:
        path = out / f'{name}.json'
        if path not in written and _is_ours(path):
            path.unlink()
            print(f'  removed {path.name} from an earlier run')
        derived = out / f'{name}_registered.json'
        if derived.exists():
            print(f'  {derived.name} was made from an earlier {path.name}: '
                  'run tools/misc/register_pairs.py again')


def _is_ours(path: Path) -> bool:
    """Whether a converter wrote the file; users may keep their own in the folder."""
    if not path.is_file():
        return False
    with open(path, errors='replace') as file:
        return _OURS in file.read(200)
