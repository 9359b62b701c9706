"""The data doctor: checks annotation files and every image they name.

Exit status: 0 if nothing is wrong (there may be warnings), 1 if training on
these files would be wrong or fail, 2 if they cannot be checked.
"""
import argparse
import json
import os
import sys
from pathlib import Path

from mmpose_thermal.datasets.checks import html_report, inspect, text_report


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument(
        'ann_files',
        nargs='+',
        metavar='JSON',
        help='annotation files, one a split; give all of them, so that '
        'subjects and duplicates across splits are found')
    parser.add_argument(
        '--data-root',
        help='folder that file names are relative to (default: the folder '
        'above the annotations)')
    parser.add_argument(
        '--img-prefix', default='', help='data_prefix["img"] of the config')
    parser.add_argument(
        '--rgb-prefix', default='', help='data_prefix["rgb"] of the config')
    parser.add_argument(
        '--points',
        help='the point set: ibug68, sftl54, tfake, tfw, charlotte, '
        'charlotte_profile, rwth, carl_visth, or a metainfo file (default: '
        'by the names of the points in the first file, else ibug68)')
    parser.add_argument(
        '--no-rgb', action='store_true', help='leave the RGB partners alone')
    parser.add_argument(
        '--shift-samples',
        type=int,
        default=300,
        help='pairs of each file whose alignment is estimated')
    parser.add_argument('--html', metavar='FILE', help='write a page with '
                        'thumbnails')
    parser.add_argument('--json', metavar='FILE', help='write all as json')
    parser.add_argument(
        '--jobs', type=int, default=os.cpu_count(), help='processes')
    return parser.parse_args()


def folder_above(ann_file):
    """The folder above the annotations, by the path as it was given.

    Not by what links lead to: the annotations, or the whole set, may be one.
    """
    here = os.environ.get('PWD', '')
    if not (os.path.isdir(here) and os.path.samefile(here, os.getcwd())):
        here = os.getcwd()  # a shell's PWD has the links that were followed
    path = os.path.normpath(os.path.join(here, ann_file))
    return os.path.dirname(os.path.dirname(path))


def main():
    args = parse_args()
    root = args.data_root
    if root is None:
        root = folder_above(args.ann_files[0])
    prefix = dict(img=args.img_prefix, rgb=args.rgb_prefix)
    try:
        inspection = inspect(args.ann_files, root, prefix, args.points,
                             not args.no_rgb, args.shift_samples, args.jobs)
        print(text_report(inspection))
        if args.json:
            Path(args.json).write_text(
                json.dumps(inspection.to_dict(), indent=1))
        if args.html:
            Path(args.html).write_text(html_report(inspection, root, prefix))
    except (ValueError, OSError) as error:
        print(f'check_dataset: {error}', file=sys.stderr)
        sys.exit(2)
    sys.exit(int(inspection.failed))


if __name__ == '__main__':
    main()
