"""Check annotation files and every image they name.

The exit status is 0 if nothing is wrong (there may be warnings), 1 if training
on these files would be wrong or fail, 2 if they cannot be checked.
"""
import argparse
import json
import os
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument(
        'ann_files', nargs='+', metavar='JSON',
        help='an annotation file; give those of all splits, so that subjects '
        'and duplicates across splits are found')
    parser.add_argument(
        '--data-root', metavar='DIR',
        help='look for images here [the folder above the annotations]')
    parser.add_argument(
        '--img-prefix', default='', metavar='DIR',
        help="prepend this to thermal images, as a config's "
        'data_prefix["img"]')
    parser.add_argument(
        '--rgb-prefix', default='', metavar='DIR',
        help='likewise to RGB images, data_prefix["rgb"]')
    parser.add_argument(
        '--points', metavar='SET',
        help='take this point set or metainfo file: ibug68, sftl54, tfake, '
        'tfw, ... [found by the names of the points, else ibug68]')
    parser.add_argument(
        '--no-rgb', action='store_true', help='leave the RGB partners alone')
    parser.add_argument(
        '--shift-samples', type=int, default=300, metavar='N',
        help='estimate the alignment of N pairs of each file [%(default)s]')
    parser.add_argument(
        '--html', metavar='FILE', help='write a page with thumbnails')
    parser.add_argument(
        '--json', metavar='FILE', help='write all findings as JSON')
    parser.add_argument(
        '--jobs', type=int, default=os.cpu_count(), metavar='N',
        help='run N processes [%(default)s]')


def run(args: argparse.Namespace) -> int:
    """Runs the command; the exit status."""
    from mmpose_thermal.components import register_components
    register_components()
    from mmpose_thermal.datasets.checks import html_report, inspect, text_report
    root = args.data_root or folder_above(args.ann_files[0])
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
        print(f'error: {error}', file=sys.stderr)
        return 2
    return int(inspection.failed)


def folder_above(ann_file: str) -> str:
    """The folder above the annotations, by the path as it was given.

    Not by what links lead to: the annotations, or the whole set, may be one.
    """
    here = os.environ.get('PWD', '')
    if not (os.path.isdir(here) and os.path.samefile(here, os.getcwd())):
        here = os.getcwd()  # a shell's PWD has the links that were followed
    path = os.path.normpath(os.path.join(here, ann_file))
    return os.path.dirname(os.path.dirname(path))
