"""Registers the RGB images of unaligned cameras: writes "rgb_homography".

Corresponding points come from one of
  * the annotation file's own "rgb_keypoints" (the default),
  * --rgb-landmarks: a COCO json of the RGB images, by any landmark detector,
  * --rgb-model: an MMPose landmark model, which is run here,
  * --calibration: a csv with a header and columns rgb_x, rgb_y, thermal_x,
    thermal_y, one line a point, for cameras that do not move.
The thermal points are the annotation's. A rig whose faces keep their distance
needs one map a sequence (less noise); otherwise one a frame.
"""
import argparse
import csv
import os.path as osp
import sys
from pathlib import Path

import cv2
import mmengine
import numpy as np

from mmpose_thermal.datasets.conversion import write_json
from mmpose_thermal.datasets.annotations import parse_json
from mmpose_thermal.datasets.point_sets import keypoint_mapping
from mmpose_thermal.datasets.alignment import (MODELS, fit_map,
                                               register_groups)
from mmpose_thermal.datasets.transforms.loading import (LoadThermalImage,
                                                        read_image)
from mmpose_thermal.visualization import (contact_sheet, fit_into,
                                          overlay_pair)

_PREVIEW_PAIRS = 6
_PREVIEW_PX = 320


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('ann_file', help='annotation file of the pairs')
    parser.add_argument(
        '--data-root', help='folder that file names are relative to (default: '
        'the folder above the annotations)')
    parser.add_argument(
        '--out', help='annotation file to write (default: '
        '{ann_file}_registered.json)')
    source = parser.add_mutually_exclusive_group()
    source.add_argument('--rgb-landmarks', metavar='JSON')
    source.add_argument(
        '--rgb-model', nargs=2, metavar=('CONFIG', 'CHECKPOINT'))
    source.add_argument('--calibration', metavar='CSV')
    parser.add_argument(
        '--points', nargs=2, metavar=('RGB', 'THERMAL'),
        help='point sets, if those of the RGB landmarks differ from the '
        'annotation\'s,\nsuch as: --points wflw sftl54')
    parser.add_argument(
        '--per', default='frame',
        help='one map for each: frame (default), dataset, folder, or a field '
        'of the images\nsuch as subject_id or sequence_id')
    parser.add_argument(
        '--model', choices=MODELS, default='affine',
        help='of the map (default: affine; homography needs points all over '
        'the image)')
    parser.add_argument(
        '--max-residual', type=float, default=.1, metavar='SHARE',
        help='frames whose points fit worse than this share of the face box '
        'get no map\n(default: 0.1)')
    parser.add_argument(
        '--preview', metavar='PNG', help='write overlays before and after')
    return parser.parse_args()


def points_of(keypoints):
    return np.reshape(keypoints, (-1, 3)).astype(float)


def detected(json_file):
    """The points of RGB images by their name, of a COCO json."""
    coco = parse_json(Path(json_file).read_bytes())
    names = {image['id']: image['file_name'] for image in coco['images']}
    return {
        names[annotation['image_id']]: points_of(annotation['keypoints'])
        for annotation in coco['annotations']
    }


def detect(config, checkpoint, faces, root):
    """Runs a landmark model on the RGB images.

    Unaligned, the face's box there is not known. The thermal box at the same
    share of the image starts, widened; the box of what is found there follows.
    """
    from mmpose.apis import inference_topdown, init_model

    from mmpose_thermal.checkpoints import check_checkpoint
    check_checkpoint(checkpoint)
    model = init_model(config, checkpoint, device='cpu')
    found = {}
    for image, annotation in mmengine.track_iter_progress(faces):
        rgb = read_image(
            osp.join(root, image['rgb_file_name']), colour=True)
        x, y, w, h = annotation['bbox']
        scale = np.array(rgb.shape[1::-1]) / (image['width'], image['height'])
        low, high = (np.array([x - .25 * w, y - .25 * h]),
                     np.array([x + 1.25 * w, y + 1.25 * h]))
        box = np.concatenate([low * scale, high * scale])
        for _ in range(3):
            instances = inference_topdown(model, rgb, box[None])[0]
            points = instances.pred_instances.keypoints[0]
            low, high = points.min(0), points.max(0)
            margin = .1 * (high - low)
            box = np.concatenate([low - margin, high + margin])
        found[image['rgb_file_name']] = np.column_stack(
            [points, np.full(len(points), 2.)])
    print()
    return found


def convert_points(points, sets, count):
    """RGB points in the annotation's order."""
    if sets is None:
        return points
    converted = np.zeros((count, 3))
    for source, target in keypoint_mapping(*sets):
        both = np.atleast_1d(source)
        converted[target] = [*points[both, :2].mean(0), points[both, 2].min()]
    return converted


def group_of(image, per):
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


def calibrated(path, model):
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


def registrations(args, coco, faces, root):
    """A registration for each image id, and failures with their reason."""
    if args.calibration:
        one = calibrated(args.calibration, args.model)
        return {image['id']: one for image, _ in faces}, []
    if args.rgb_landmarks:
        landmarks = detected(args.rgb_landmarks)
    elif args.rgb_model:
        landmarks = detect(*args.rgb_model, faces, root)
    else:
        landmarks = {
            image['rgb_file_name']: points_of(annotation['rgb_keypoints'])
            for image, annotation in faces if 'rgb_keypoints' in annotation
        }
        if not landmarks:
            raise ValueError(
                f'{args.ann_file} has no "rgb_keypoints". Give '
                '--rgb-landmarks, --rgb-model or --calibration.')
    pairs, failed = [], []
    for image, annotation in faces:
        thermal = points_of(annotation['keypoints'])
        rgb = landmarks.get(image['rgb_file_name'])
        if rgb is None:
            failed.append((image['file_name'], 'no RGB landmarks'))
            continue
        rgb = convert_points(rgb, args.points, len(thermal))
        if len(rgb) != len(thermal):
            raise ValueError(
                f'{image["rgb_file_name"]} has {len(rgb)} RGB landmarks, the '
                f'annotation {len(thermal)}. Name the sets with --points.')
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
                           f'points fit to {registration.residual_px:.1f} '
                           f'pixels only, of a box of {side:.0f}'))
        else:
            found[image['id']] = registration
    return found, failed


def preview(path, faces, found, root):
    shown = [pair for pair in faces if pair[0]['id'] in found]
    shown = shown[::max(len(shown) // _PREVIEW_PAIRS, 1)][:_PREVIEW_PAIRS]
    before, after = [], []
    for image, _ in shown:
        thermal = LoadThermalImage(channels=1)(dict(
            image, img_path=osp.join(root, image['file_name'])))['img']
        rgb = read_image(
            osp.join(root, image['rgb_file_name']), colour=True)
        warped = cv2.warpPerspective(rgb, found[image['id']].matrix,
                                     thermal.shape[::-1])
        before.append(fit_into(overlay_pair(thermal, rgb), _PREVIEW_PX))
        after.append(fit_into(overlay_pair(thermal, warped), _PREVIEW_PX))
    sheet = contact_sheet([before, after],
                          ['before (RGB resized)', 'after'])
    if not cv2.imwrite(path, sheet):
        raise ValueError(f'{path} could not be written: name a .png file in a '
                         'folder that exists.')


def main():
    args = parse_args()
    ann_file = Path(args.ann_file)
    root = args.data_root or str(ann_file.resolve().parents[1])
    out = args.out or str(ann_file.with_name(f'{ann_file.stem}_registered'
                                             '.json'))
    try:
        coco = parse_json(ann_file.read_bytes())
        images = {image['id']: image for image in coco['images']}
        first = {}
        for annotation in coco['annotations']:
            first.setdefault(annotation['image_id'], annotation)
        faces = [(images[i], annotation) for i, annotation in first.items()
                 if images[i].get('rgb_file_name')]
        if not faces:
            raise ValueError(f'{ann_file} has no image with "rgb_file_name".')
        found, failed = registrations(args, coco, faces, root)
        if not found:
            raise ValueError(f'no pair could be registered; first reason: '
                             f'{failed[0][0]}: {failed[0][1]}')
        for image, _ in faces:
            if image['id'] in found:
                image['rgb_homography'] = found[
                    image['id']].matrix.round(8).ravel().tolist()
        for annotation in coco['annotations']:
            # It would go before the homography.
            if annotation['image_id'] in found:
                annotation.pop('rgb_keypoints', None)
        write_json(out, coco)
        if args.preview:
            preview(args.preview, faces, found, root)
    except (ValueError, OSError) as error:
        sys.exit(f'register_pairs: {error}')
    residuals = [registration.residual_px for registration in found.values()]
    print(f'{len(found)} of {len(faces)} pairs registered; residual of the '
          f'points: median {np.median(residuals):.2f}, worst '
          f'{max(residuals):.2f} thermal pixels. Written to {out}')
    for name, reason in failed[:10]:
        print(f'  without: {name}: {reason}')
    if len(failed) > 10:
        print(f'  and {len(failed) - 10} more')


if __name__ == '__main__':
    main()
