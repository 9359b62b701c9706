"""What the networks learn from: labelled pairs, some held out, and rendered faces."""
import hashlib
import json
import os
import os.path as osp
from pathlib import Path
from typing import Dict, List, Set, Tuple, Union

from mmpose_thermal.datasets.annotations import read_annotations
from mmpose_thermal.datasets.converter_tools import write_json
from mmpose_thermal.datasets.image_files import files_below
from mmpose_thermal.datasets.point_sets import load_metainfo
from mmpose_thermal.synthetic import SyntheticSpec, make_synthetic_pairs

#: The point set of the networks.
POINTS = 'ibug68'
_HELD_OUT, _MOST_HELD_OUT = .1, .3
_FEWEST_FACES = 10
# What images share that are too alike to learn from one and test on another.
_GROUPS = ('subject_id', 'sequence_id', 'session')
_TRAIN_PER_VAL, _FEWEST_VAL = 20, 8
_SIDE_PX, _SEED = 192, 11


def digest(pairs: str, without: str) -> str:
    """Identifies the content of an annotation file, or the files of a folder.

    Args:
        pairs (str): Folder or annotation file.
        without (str): Folder below it whose files do not count.
    """
    found = hashlib.sha256()
    if osp.isfile(pairs):
        found.update(Path(pairs).read_bytes())
    root, own = Path(osp.abspath(pairs)), Path(osp.abspath(without))
    holds_own = root in own.parents
    for path in files_below(root):
        if path.is_file() and not (holds_own and own in path.parents):
            found.update(os.fsencode(f'{path.relative_to(root)} {stamp(path)}\n'))
    return found.hexdigest()[:16]


def stamp(path: Union[str, Path]) -> str:
    """Size and time of the last change of a file."""
    about = os.stat(path)
    return f'{about.st_size} {about.st_mtime_ns}'


def is_labelled(ann_file: str) -> bool:
    """Whether a file is an annotation file of which a face has landmarks."""
    if not osp.isfile(ann_file):
        return False
    found = read_annotations(ann_file, load_metainfo(dict(from_file=POINTS)),
                             unlabelled=True)
    found.refuse_faults()
    return any(face['num_keypoints'] for face in found.faces)


def split(ann_file: str, out_dir: str) -> dict:
    """Splits an annotation file into faces to learn from and faces to measure on.

    Whole subjects, sequences, sessions or folders are held out where they are
    known and small enough, otherwise the last tenth of the images. Held-out faces
    have labels with both outer eye corners, which normalise errors.

    Args:
        ann_file (str): The labelled pairs.
        out_dir (str): Folder for ``train.json`` and ``held_out.json``.

    Returns:
        dict: ``train`` and ``held_out``, the files; ``labelled``, ``unlabelled``
        and ``measured``, numbers of faces in them; ``held_out_by``; ``digest``.

    Raises:
        ValueError: There are too few faces with labels.
    """
    metainfo = load_metainfo(dict(from_file=POINTS))
    found = read_annotations(ann_file, metainfo, unlabelled=True)
    found.refuse_faults()
    labelled = sum(face['num_keypoints'] > 0 for face in found.faces)
    if labelled < _FEWEST_FACES:
        raise ValueError(
            f'{ann_file}: {labelled} faces have landmarks, but at least '
            f'{_FEWEST_FACES} are needed to learn from some and measure on others. '
            'Add pairs, or see the contact sheet and the reasons for what was '
            'dropped.')
    faces: List[List[dict]] = [[] for _ in found.images]
    for face, number in zip(found.faces, found.image_of):
        faces[number].append(face)
    eyes = sum(metainfo['interocular'], [])

    def is_measurable(face):
        return all(face['keypoints'][3 * eye + 2] for eye in eyes)

    held_out, by = _held_out(found.images, [
        sum(map(is_measurable, own)) for own in faces])
    parts = dict(train=[], held_out=[])
    for number, own in enumerate(faces):
        parts['held_out' if number in held_out else 'train'] += [
            face for face in own if number not in held_out or is_measurable(face)]
    if not parts['held_out']:
        raise ValueError(
            f'{ann_file}: no face has labels of both outer eye corners, so '
            'nothing can be measured. Add pairs with frontal faces.')
    files = {}
    for name, chosen in parts.items():
        ids = {face['image_id'] for face in chosen}
        files[name] = osp.join(out_dir, f'{name}.json')
        write_json(files[name], dict(
            images=[image for image in found.images if image['id'] in ids],
            annotations=chosen, categories=found.categories))
    learnt = sum(face['num_keypoints'] > 0 for face in parts['train'])
    return dict(
        files, labelled=learnt, unlabelled=len(parts['train']) - learnt,
        measured=len(parts['held_out']), held_out_by=by,
        digest=digest(files['train'], out_dir) + digest(files['held_out'], out_dir))


def _held_out(images: List[dict], counts: List[int]) -> Tuple[Set[int], str]:
    """Indices of the images to hold out, and how they were chosen.

    Only images with measurable faces, of which there are ``counts``, are chosen.
    """
    wanted = _HELD_OUT * sum(counts)
    for key in (*_GROUPS, 'folder'):
        groups: Dict[object, List[int]] = {}
        for number, image in enumerate(images):
            value = osp.dirname(image['file_name']) if key == 'folder' else \
                image.get(key)
            groups.setdefault(value, []).append(number)
        if None in groups:
            continue
        chosen: List[int] = []
        for group in sorted(groups.values(), key=len):
            measurable = any(counts[i] for i in group)
            if measurable and sum(counts[i] for i in chosen) < wanted:
                chosen += group
        if sum(counts[i] for i in chosen) <= _MOST_HELD_OUT * sum(counts):
            return set(chosen), f'whole values of "{key}"'
    last = [number for number, count in enumerate(counts) if count]
    while sum(counts[i] for i in last[1:]) >= wanted:
        last = last[1:]
    return set(last), 'the last tenth of the images'


def render(count: int, out_dir: str) -> Dict[str, str]:
    """Renders faces to mix in; returns their folder and annotation files.

    ``train`` and ``val`` are thermal images without RGB partners: their labels
    are exact, and a teacher of real faces may be wrong on rendered ones.
    """
    paths = make_synthetic_pairs(
        out_dir,
        SyntheticSpec(
            train=count, val=max(count // _TRAIN_PER_VAL, _FEWEST_VAL), test=1,
            extra=0, per_subject=1, size=_SIDE_PX, seed=_SEED),
        os.cpu_count() or 1)
    found = dict(root=out_dir)
    for name in ('train', 'val'):
        with open(paths[name]) as file:
            content = json.load(file)
        for image in content['images']:
            del image['rgb_file_name']
        found[name] = osp.join(out_dir, 'annotations', f'{name}_thermal.json')
        write_json(found[name], content)
    return found
