"""Renders the embedded data set: aligned RGB-thermal faces with landmarks."""
import argparse
import os
import sys
import time
from dataclasses import fields

from mmpose_thermal.runtime.atomic_file import write_picture
from mmpose_thermal.synthetic import (SyntheticSpec, in_style,
                                      make_synthetic_pairs, pictures_of)
from mmpose_thermal.visualization import (contact_sheet, draw_landmarks,
                                          fit_into)


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('out_dir', help='folder to write to')
    for field in fields(SyntheticSpec):
        kind = (dict(action='store_true') if field.type is bool else dict(
            type=field.type, default=field.default))
        parser.add_argument(
            f'--{field.name.replace("_", "-")}',
            help=_HELP[field.name],
            **kind)
    parser.add_argument(
        '--ict-dir',
        metavar='DIR',
        help='for --head ict: checkout or git directory of '
        'https://github.com/ICT-VGL/ICT-FaceKit')
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
    seed='seed of everything',
    style='point set: ibug68, sftl54, tfake, tfw, charlotte, rwth or '
    'carl_visth',
    condition='mixed, warm or cold people',
    faces='up to so many people in a picture',
    sequence='the pictures of a person are frames of one movement (set '
    '--per-subject to their number)',
    unaligned='RGB is taken by a camera that stands elsewhere',
    difficulty='from 0, calm frontal faces, to 1, extreme poses, covered '
    'faces and poor pictures',
    misaligned_px='RGB is shifted by so many pixels, unknown to the '
    'annotations: poorly registered pairs',
    head="shape of the heads: parametric, or ict for ICT-FaceKit's (see "
    '--ict-dir)')


def preview_pictures(spec, ict_dir):
    """Three rows of eight: frames of one person each, or eight people."""
    for row in range(3):
        if spec.sequence:
            yield list(pictures_of(spec, 'train', row, 8, ict_dir))
        else:
            yield [
                next(pictures_of(spec, 'train', person, 1, ict_dir))
                for person in range(8 * row, 8 * row + 8)
            ]


def write_preview(path, spec, ict_dir):
    rows = []
    for pictures in preview_pictures(spec, ict_dir):
        visible, thermal = [], []
        for picture in pictures:
            for name, row, image in (('rgb_keypoints', visible, picture.rgb),
                                     ('keypoints', thermal, picture.thermal)):
                for face in picture.faces:
                    points = in_style(
                        face.get(name, face['keypoints']), spec.style)
                    image = draw_landmarks(image,
                                           points[points[:, 2] > 0, :2])
                row.append(fit_into(image, spec.size))
        rows += [visible, thermal]
    write_picture(path, contact_sheet(rows))


def main():
    args = parse_args()
    try:
        spec = SyntheticSpec(**{
            field.name: getattr(args, field.name)
            for field in fields(SyntheticSpec)
        })
        if args.preview:
            return write_preview(args.preview, spec, args.ict_dir)
        started = time.perf_counter()
        paths = make_synthetic_pairs(args.out_dir, spec, max(args.jobs, 1),
                                     args.ict_dir)
    except (ValueError, OSError) as error:
        sys.exit(f'make_synthetic_pairs: {error}')
    seconds = time.perf_counter() - started
    faces = spec.train + spec.val + spec.test + spec.extra
    print(f'{faces} faces, {len(paths)} annotation files in {args.out_dir} '
          f'after {seconds:.1f} s ({faces / seconds:.0f} faces/s)')


if __name__ == '__main__':
    main()
