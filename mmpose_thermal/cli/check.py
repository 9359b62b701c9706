"""Check annotation files and all images they refer to.

The exit status is 0 if there are no errors (warnings are allowed), 1 if
training on these files would fail or give wrong results, 2 if they cannot be
checked.
"""
import argparse
import json
import os
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        'ann_files', nargs='+', metavar='JSON',
        help='an annotation file; give the files of all splits to find shared '
        'subjects and duplicate images')
    parser.add_argument(
        '--data-root', metavar='DIR',
        help='look for images here [the folder above the annotations]')
    parser.add_argument(
        '--img-prefix', default='', metavar='DIR',
        help='prefix of thermal image paths, like data_prefix["img"] in a '
        'config')
    parser.add_argument(
        '--rgb-prefix', default='', metavar='DIR',
        help='prefix of RGB image paths, like data_prefix["rgb"]')
    parser.add_argument(
        '--points', metavar='SET',
        help='use this point set or metainfo file: ibug68, sftl54, tfake, '
        'tfw, ... [detected by point names, else ibug68]')
    parser.add_argument(
        '--no-rgb', action='store_true', help='skip the RGB partners')
    parser.add_argument(
        '--shift-samples', type=int, default=300, metavar='N',
        help='estimate the alignment of N pairs per file [%(default)s]')
    parser.add_argument(
        '--html', metavar='FILE', help='write an HTML report with thumbnails')
    parser.add_argument(
        '--json', metavar='FILE', help='write all findings as JSON')
    parser.add_argument(
        '--jobs', type=int, default=os.cpu_count(), metavar='N',
        help='use N processes [%(default)s]')


def run(args: argparse.Namespace) -> int:
    """Runs the checks and returns the exit status."""
    from mmpose_thermal.components import register_components
    register_components()
    from mmpose_thermal.datasets.checks import html_report, inspect, text_report
    from mmpose_thermal.datasets.image_files import folder_above
    from mmpose_thermal.runtime.atomic_file import write_text
    root = args.data_root or folder_above(args.ann_files[0])
    prefix = dict(img=args.img_prefix, rgb=args.rgb_prefix)
    try:
        inspection = inspect(args.ann_files, root, prefix, args.points,
                             not args.no_rgb, args.shift_samples, args.jobs)
        print(text_report(inspection))
        if args.json:
            write_text(args.json, json.dumps(inspection.to_dict(), indent=1))
        if args.html:
            write_text(args.html, html_report(inspection, root, prefix))
    except (ValueError, OSError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    return int(inspection.failed)
