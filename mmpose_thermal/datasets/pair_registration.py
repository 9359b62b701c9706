"""Registers unaligned RGB-thermal pairs and writes the maps to annotation files."""
import csv
import os.path as osp
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Tuple

import cv2
import mmengine
import numpy as np

from ..runtime.atomic_file import write_picture
from ..visualization import contact_sheet, fit_into, overlay_pair
from .alignment import Registration, fit_map, register_groups
from .annotations import parse_json
from .converter_tools import write_json
from .image_files import folder_above
from .point_sets import convert_keypoints, keypoint_mapping
from .transforms.loading import LoadThermalImage, read_image

_PREVIEW_PAIRS = 6
_PREVIEW_PX = 320


@dataclass
class RegisteredPairs:
    """The result of registering the pairs of an annotation file.

    Attributes:
        out (str): The annotation file that was written.
        root (str): Folder that its file names are relative to.
        faces (list[tuple]): Image and annotation of each pair.
        found (dict[int, Registration]): Registrations by image id.
        failed (list[tuple[str, str]]): Names of pairs and why they have no share in
            the maps; they may get the map of their group.
            Those that have neither a map nor points of their RGB image are left
            out of the file, where they would count as aligned.
    """
    out: str
    root: str
    faces: List[Tuple[dict, dict]]
    found: Dict[int, Registration]
    failed: List[Tuple[str, str]]


def register_pairs(args) -> RegisteredPairs:
    """Registers the pairs of an annotation file, and writes a new file with the maps.

    Args:
        args (argparse.Namespace): Arguments of :mod:`mmpose_thermal.cli.register`.

    Returns:
        RegisteredPairs: The maps, and the pairs without one.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is malformed, or no pair could be registered.
    """
    ann_file = Path(args.ann_file)
    root = args.data_root or folder_above(args.ann_file)
    out = args.out or str(
        ann_file.with_name(f'{ann_file.stem}_registered.json'))
    coco = parse_json(ann_file.read_bytes())
    faces = _first_faces(coco)
    if not faces:
        raise ValueError(f'{ann_file} has no image with "rgb_file_name".')
    found, failed = _registrations(args, faces, root)
    if not found:
        raise ValueError(f'no pair could be registered; first reason: '
                         f'{failed[0][0]}: {failed[0][1]}')
    for image, _ in faces:
        if image['id'] in found:
            image['rgb_homography'] = found[
                image['id']].matrix.round(8).ravel().tolist()
    with_points = {face['image_id'] for face in coco['annotations']
                   if face.get('rgb_keypoints')}
    lost = {image['id'] for image, _ in faces
            if not image.get('rgb_homography') and image['id'] not in with_points}
    coco['images'] = [image for image in coco['images'] if image['id'] not in lost]
    coco['annotations'] = [annotation for annotation in coco['annotations']
                           if annotation['image_id'] not in lost]
    for annotation in coco['annotations']:
        # It would take precedence over the homography.
        if annotation['image_id'] in found:
            annotation.pop('rgb_keypoints', None)
    write_json(out, coco)
    return RegisteredPairs(out, root, faces, found, failed)


def draw_preview(path: str, pairs: RegisteredPairs) -> None:
    """Draws overlays of some pairs before and after registration.

    Args:
        path (str): Picture to write.
        pairs (RegisteredPairs): Result of :func:`register_pairs`.

    Raises:
        ValueError: The picture cannot be written.
    """
    shown = [image for image, _ in pairs.faces if image['id'] in pairs.found]
    shown = shown[::max(len(shown) // _PREVIEW_PAIRS, 1)][:_PREVIEW_PAIRS]
    before, after = [], []
    for image in shown:
        thermal = LoadThermalImage(channels=1)(dict(
            image, img_path=osp.join(pairs.root, image['file_name'])))['img']
        rgb = read_image(
            osp.join(pairs.root, image['rgb_file_name']), colour=True)
        warped = cv2.warpPerspective(rgb, pairs.found[image['id']].matrix,
                                     thermal.shape[::-1])
        before.append(fit_into(overlay_pair(thermal, rgb), _PREVIEW_PX))
        after.append(fit_into(overlay_pair(thermal, warped), _PREVIEW_PX))
    sheet = contact_sheet([before, after],
                          ['before (RGB resized)', 'after'])
    write_picture(path, sheet)


def _first_faces(coco):
    """Image and first annotation of each pair, a labelled one if there is any."""
    images = {image['id']: image for image in coco['images']}
    first = {}
    for annotation in sorted(coco['annotations'], key=lambda each: not any(
            each.get('keypoints', ()))):
        first.setdefault(annotation['image_id'], annotation)
    return [(images[i], annotation) for i, annotation in first.items()
            if images[i].get('rgb_file_name')]


def _points_of(keypoints):
    return np.reshape(keypoints, (-1, 3)).astype(float)


def _detected(json_file):
    """Reads the points of RGB images from a COCO json, by file name."""
    coco = parse_json(Path(json_file).read_bytes())
    names = {image['id']: image['file_name'] for image in coco['images']}
    return {
        names[annotation['image_id']]: _points_of(annotation['keypoints'])
        for annotation in coco['annotations'] if annotation.get('keypoints')
    }


def _detect(config, checkpoint, faces, root):
    """Runs a landmark model on the RGB images.

    The face's box in the RGB image is unknown. The first guess is the thermal
    box, scaled to the RGB image and widened; then the box is refined from the
    detected landmarks.
    """
    from mmpose_thermal.labelling.confidence import boxes_around
    from mmpose_thermal.labelling.teachers import MMPoseTeacher
    teacher = MMPoseTeacher(config, checkpoint)
    found = {}
    for image, annotation in mmengine.track_iter_progress(faces):
        rgb = read_image(
            osp.join(root, image['rgb_file_name']), colour=True)
        x, y, w, h = annotation['bbox']
        scale = np.array(rgb.shape[1::-1]) / (image['width'], image['height'])
        low, high = (np.array([x - .25 * w, y - .25 * h]),
                     np.array([x + 1.25 * w, y + 1.25 * h]))
        box = np.concatenate([low * scale, high * scale])[None]
        for _ in range(3):
            points = teacher(rgb, box)[..., :2]
            box = boxes_around(points)
        found[image['rgb_file_name']] = np.column_stack(
            [points[0], np.full(points.shape[1], 2.)])
    print()
    return found


def group_of(image: dict, per: str) -> str:
    """The group whose pairs share a map with an image's record.

    Args:
        image (dict): Record of the image.
        per (str): ``'frame'``, ``'folder'``, ``'dataset'`` or a field of images.

    Raises:
        ValueError: The image has no such field.
    """
    if per == 'dataset':
        return 'all'
    if per == 'frame':
        return image['file_name']
    if per == 'folder':
        return osp.dirname(image['file_name'])
    if per not in image:
        raise ValueError(f'image "{image["file_name"]}" has no field "{per}" '
                         'to group by. Use --per frame, folder or dataset.')
    return image[per]


def _calibrated(path, model):
    with open(path, newline='') as file:
        rows = list(csv.DictReader(file))
    try:
        numbers = np.array([[
            float(row[name])
            for name in ('rgb_x', 'rgb_y', 'thermal_x', 'thermal_y')
        ] for row in rows])
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(f'{path}: {error}. It needs a header and the columns '
                         'rgb_x, rgb_y, thermal_x, thermal_y.')
    return fit_map(numbers[:, :2], numbers[:, 2:], model)


def _rgb_landmarks(args, faces, root):
    """Returns the points of RGB images by file name."""
    if args.rgb_landmarks:
        return _detected(args.rgb_landmarks)
    if args.rgb_model:
        return _detect(*args.rgb_model, faces, root)
    landmarks = {
        image['rgb_file_name']: _points_of(annotation['rgb_keypoints'])
        for image, annotation in faces if 'rgb_keypoints' in annotation
    }
    if not landmarks:
        raise ValueError(f'{args.ann_file} has no "rgb_keypoints". Give '
                         '--rgb-landmarks, --rgb-model or --calibration.')
    return landmarks


def _registrations(args, faces, root):
    """Returns registrations by image id, and failures with their reason."""
    if args.calibration:
        one = _calibrated(args.calibration, args.model)
        return {image['id']: one for image, _ in faces}, []
    landmarks = _rgb_landmarks(args, faces, root)
    mapping = keypoint_mapping(*args.points) if args.points else None
    pairs, failed = [], []
    for image, annotation in faces:
        thermal = _points_of(annotation.get('keypoints', ()))
        rgb = landmarks.get(image['rgb_file_name'])
        if not thermal.any():
            failed.append((image['file_name'], 'no thermal landmarks'))
            continue
        if rgb is None:
            failed.append((image['file_name'], 'no RGB landmarks'))
            continue
        if mapping is not None:
            rgb = convert_keypoints(rgb, mapping, len(thermal))
        if len(rgb) != len(thermal):
            raise ValueError(
                f'{image["rgb_file_name"]} has {len(rgb)} RGB landmarks, but the '
                f'annotation has {len(thermal)}. Name the sets with --points.')
        pairs.append((group_of(image, args.per), rgb, thermal))
    groups, no_map = register_groups(pairs, args.model)
    failed += no_map
    found = {}
    for image, annotation in faces:
        registration = groups.get(group_of(image, args.per))
        side = np.sqrt(annotation['bbox'][2] * annotation['bbox'][3])
        if registration is None:
            continue
        if registration.residual_px > args.max_residual * side:
            failed.append((image['file_name'],
                           f'the residual of {registration.residual_px:.1f} '
                           f'pixels is too large for a box of {side:.0f}'))
        else:
            found[image['id']] = registration
    return found, failed
