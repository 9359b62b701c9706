"""Compares the look of rendered thermal faces with that of real ones.

Each face is cropped to its landmarks and scaled to 128x128. Grey-level
statistics of the crops are printed with the median of the real faces, the
median of the rendered faces, and their ratio. Real faces come from any COCO
json with 68 iBUG points, such as ``../shared/data/real_thermal/dev``.
"""
import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from mmpose_thermal.runtime.atomic_file import write_picture
from mmpose_thermal.synthetic import SyntheticSpec, pictures_of
from mmpose_thermal.synthetic.curves import at_points

_SIDE_PX = 128
_MARGIN = .1  # of the crop's side, around the landmarks
_BANDS_PX = (.7, 1.4, 2.8, 5.6, 11.2)
_FOREHEAD_HEIGHT = 2.  # times the height of the brows over the eyes


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('real', help='COCO json of real thermal faces')
    parser.add_argument(
        '--root', help='folder of its images; defaults to the parent of the '
        'folder of the json')
    parser.add_argument(
        '--count', type=int, default=120, help='faces to render')
    parser.add_argument(
        '--difficulty', type=float, default=.5, help='of the rendered faces')
    parser.add_argument(
        '--max-yaw-deg', type=float, default=35., help='likewise')
    parser.add_argument('--seed', type=int, default=0, help='likewise')
    parser.add_argument(
        '--ict-dir', help='render heads of ICT-FaceKit, from this folder')
    parser.add_argument(
        '--sheet', metavar='PNG', help='also write the rendered crops')
    return parser.parse_args()


def real_faces(path, root=None):
    """Yields grey image and points (68, 3) of every face of quality 2 or 3."""
    content = json.loads(Path(path).read_text())
    root = Path(root) if root else Path(path).parents[1]
    names = {image['id']: image['file_name'] for image in content['images']}
    for annotation in content['annotations']:
        if annotation.get('quality', 3) >= 2:
            yield (cv2.imread(
                str(root / names[annotation['image_id']]),
                cv2.IMREAD_GRAYSCALE),
                   np.reshape(annotation['keypoints'], (68, 3)))


def rendered_faces(count, ict_dir=None, **spec):
    """Yields grey image and points (68, 3) of one face a person."""
    spec = SyntheticSpec(head='ict' if ict_dir else 'parametric', **spec)
    for person in range(count):
        picture = next(pictures_of(spec, 'train', person, 1, ict_dir))
        yield picture.thermal, np.reshape(picture.faces[0]['keypoints'],
                                          (68, 3))


def face_crop(grey, points):
    """Scales a face to the crop: image (128, 128), float32, points (68, 2)."""
    known = points[points[:, 2] > 0, :2]
    low, high = known.min(0), known.max(0)
    scale = _SIDE_PX * (1 - 2 * _MARGIN) / (high - low).max()
    offset = (_SIDE_PX - 1) / 2 - scale * (low + high) / 2
    matrix = np.column_stack([np.eye(2) * scale, offset])
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    if scale < 1:
        # warpAffine does not average the pixels that it skips.
        grey = cv2.GaussianBlur(grey, (0, 0), .4 / scale)
    crop = cv2.warpAffine(grey, matrix, (_SIDE_PX, ) * 2, flags=flags)
    return crop.astype(np.float32), points[:, :2] * scale + offset


def _filled(outline):
    mask = np.zeros((_SIDE_PX, ) * 2, np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
    return mask > 0


def regions(points):
    """Masks (128, 128) of the parts of a face."""
    hull = cv2.convexHull(points.astype(np.float32))[:, 0]
    eyes = [points[36:42], points[42:48]]
    up = points[19:25].mean(0) - .5 * (eyes[0].mean(0) + eyes[1].mean(0))
    brows = points[17:27]
    forehead = np.concatenate(
        [brows + .6 * up, (brows + _FOREHEAD_HEIGHT * up)[::-1]])
    cheeks = [
        np.array([points[outer] * .5 + points[lid] * .5, points[ala],
                  points[mouth], points[jaw]])
        for outer, lid, ala, mouth, jaw in ((1, 41, 31, 48, 3),
                                            (15, 46, 35, 54, 13))
    ]
    return dict(
        face=_filled(hull),
        eyes=_filled(eyes[0]) | _filled(eyes[1]),
        brows=_filled(brows[:5] + .15 * up) | _filled(brows[5:] + .15 * up),
        nose=_filled(points[[27, 31, 32, 33, 34, 35]]),
        mouth=_filled(points[48:60]),
        cheeks=_filled(cheeks[0]) | _filled(cheeks[1]),
        forehead=_filled(forehead))


def statistics(crop, points):
    """The numbers of one face, by name."""
    masks = regions(points)
    face = masks.pop('face')
    found = dict(contrast=crop[face].std(), level=crop[face].mean())
    blurred = [cv2.GaussianBlur(crop, (0, 0), sigma) for sigma in _BANDS_PX]
    inside = cv2.erode(face.astype(np.uint8), np.ones((5, 5))) > 0
    found['band <0.7 px'] = (crop - blurred[0])[inside].std()
    for low, high, fine, coarse in zip(_BANDS_PX, _BANDS_PX[1:], blurred,
                                       blurred[1:]):
        found[f'band {low}-{high} px'] = (fine - coarse)[inside].std()
    for name, mask in masks.items():
        if mask.sum() > 8:
            found[f'{name} offset'] = crop[mask].mean() - crop[face].mean()
            found[f'{name} spread'] = crop[mask].std()
    gradient = np.hypot(
        cv2.Sobel(blurred[0], cv2.CV_32F, 1, 0, scale=.125),
        cv2.Sobel(blurred[0], cv2.CV_32F, 0, 1, scale=.125))
    found['gradient at landmarks'] = at_points(gradient, points[17:]).mean()
    found['gradient elsewhere'] = gradient[inside].mean()
    return found


def collected(faces):
    """Statistics of many faces: arrays by name, and the crops."""
    rows, crops = [], []
    for grey, points in faces:
        crop, moved = face_crop(grey, points)
        rows.append(statistics(crop, moved))
        crops.append(crop)
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {
        name: np.array([row[name] for row in rows if name in row])
        for name in names
    }, crops


def main():
    args = parse_args()
    real, _ = collected(real_faces(args.real, args.root))
    rendered, crops = collected(
        rendered_faces(
            args.count, args.ict_dir, seed=args.seed,
            difficulty=args.difficulty,
            max_yaw_deg=args.max_yaw_deg))
    print(f'{"median":24}{"real":>8}{"rendered":>10}{"ratio":>8}'
          f'{"real 10-90 %":>18}{"rendered":>18}')
    for name, values in real.items():
        mine = rendered[name]
        ratio = np.median(mine) / np.median(values)
        ranges = ''.join(
            '{:>9.1f}{:>9.1f}'.format(*np.percentile(v, [10, 90]))
            for v in (values, mine))
        print(f'{name:24}{np.median(values):8.2f}{np.median(mine):10.2f}'
              f'{ratio:8.2f}{ranges}')
    if args.sheet:
        crops = crops[:len(crops) // 10 * 10]
        write_picture(args.sheet, np.vstack([
            np.hstack(crops[start:start + 10]) for start in range(0, len(crops), 10)]))


if __name__ == '__main__':
    main()
