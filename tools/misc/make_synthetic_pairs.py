"""Renders the embedded data set: aligned RGB-thermal faces with landmarks."""
import argparse
import os
import sys
import time
from dataclasses import fields

import cv2
import numpy as np

from mmpose_thermal.synthetic import (SyntheticSpec, automatic_gain,
                                      make_synthetic_pairs, render_pair,
                                      sample_subject, sample_view)
from mmpose_thermal.visualization import contact_sheet, draw_landmarks


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('out_dir', help='folder to write to')
    for field in fields(SyntheticSpec):
        parser.add_argument(
            f'--{field.name.replace("_", "-")}',
            type=field.type,
            default=field.default,
            help=_HELP[field.name])
    parser.add_argument(
        '--jobs', type=int, default=os.cpu_count(), help='processes')
    parser.add_argument(
        '--preview',
        metavar='PNG',
        help='instead of a data set, write a contact sheet of 24 faces in '
        'both modalities with their landmarks')
    return parser.parse_args()


_HELP = dict(
    train='RGB-thermal pairs to train on',
    val='pairs to validate on',
    test='pairs to test on',
    extra='further RGB faces, for the RGB teacher',
    per_subject='pictures of one person',
    size='side of the images in pixels',
    max_yaw_deg='largest head rotation to either side',
    seed='seed of everything')


def write_preview(path, spec):
    rows = []
    for start in range(0, 24, 8):
        visible, thermal = [], []
        for subject_id in range(start, start + 8):
            rng = np.random.default_rng([spec.seed, subject_id])
            subject = sample_subject(rng)
            view = sample_view(rng, subject, spec.max_yaw_deg)
            pair = render_pair(subject, view, rng, spec.size)
            grey = automatic_gain(pair.temperature_k, rng)
            visible.append(draw_landmarks(pair.rgb, pair.keypoints))
            thermal.append(draw_landmarks(grey, pair.keypoints))
        rows += [visible, thermal]
    if not cv2.imwrite(path, contact_sheet(rows)):
        sys.exit(f'{path} could not be written: name a .png file in a folder '
                 'that exists.')


def main():
    args = parse_args()
    try:
        spec = SyntheticSpec(**{
            field.name: getattr(args, field.name)
            for field in fields(SyntheticSpec)
        })
        if args.preview:
            return write_preview(args.preview, spec)
        started = time.perf_counter()
        paths = make_synthetic_pairs(args.out_dir, spec, max(args.jobs, 1))
    except (ValueError, OSError) as error:
        sys.exit(f'make_synthetic_pairs: {error}')
    seconds = time.perf_counter() - started
    faces = spec.train + spec.val + spec.test + spec.extra
    print(f'{faces} faces, {len(paths)} annotation files in {args.out_dir} '
          f'after {seconds:.1f} s ({faces / seconds:.0f} faces/s)')


if __name__ == '__main__':
    main()
