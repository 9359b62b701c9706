"""Draws each thermal augmentation next to the original, for the documentation."""
import argparse
import sys

import cv2
import numpy as np
from mmpose.structures.bbox import get_warp_matrix

from mmpose_thermal.datasets.point_sets import load_metainfo
from mmpose_thermal.runtime.radiometry import to_grey
from mmpose_thermal.datasets.transforms import EFFECTS
from mmpose_thermal.synthetic import render_pair, sample_subject, sample_view
from mmpose_thermal.visualization import contact_sheet

_SIDE_PX = 224


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('out', help='PNG to write')
    parser.add_argument('--seed', type=int, default=3, help='seed of the face')
    return parser.parse_args()


def main():
    args = parse_args()
    rng = np.random.default_rng(args.seed)
    subject = sample_subject(rng)
    view = sample_view(rng, subject, max_yaw_deg=15)
    view.glasses = False
    pair = render_pair(subject, view, rng)
    skin_k = float(np.median(pair.temperature_k[96:160, 96:160]))
    grey, kelvin_per_level = to_grey(
        pair.temperature_k, 'window', (skin_k - 8, skin_k + 3))
    # The crop that a network sees.
    low, high = pair.keypoints.min(0), pair.keypoints.max(0)
    side = 1.5 * (high - low).max()
    crop = get_warp_matrix((low + high) / 2, np.full(2, side), 0.,
                           (_SIDE_PX, _SIDE_PX))
    grey = cv2.warpAffine(grey, crop, (_SIDE_PX, _SIDE_PX))
    keypoints = pair.keypoints @ crop[:, :2].T + crop[:, 2]
    sample = dict(
        img=cv2.merge([grey] * 3),
        kelvin_per_level=kelvin_per_level,
        keypoints=keypoints[None],
        keypoints_visible=np.ones((1, 68)),
        regions=load_metainfo(dict(from_file='ibug68'))['regions'])
    rows, labels = [], []
    for effect in EFFECTS:
        row = [sample['img']]
        for number in range(4):
            np.random.seed(number)
            row.append(effect(prob=1.)(dict(sample))['img'])
        rows.append(row)
        labels.append(effect.__name__)
    half = len(rows) // 2
    sheets = [contact_sheet(rows[:half], labels[:half]),
              contact_sheet(rows[half:], labels[half:])]
    sheet = np.concatenate(sheets, 1)
    if not cv2.imwrite(args.out, cv2.resize(
            sheet, None, fx=.6, fy=.6, interpolation=cv2.INTER_AREA)):
        sys.exit(f'{args.out} could not be written: give a .png file in a '
                 'folder that exists.')


if __name__ == '__main__':
    main()
