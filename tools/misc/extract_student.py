"""Writes the student of a distillation run as a stock checkpoint and config.

StudentCheckpointHook does this during training. This tool is for other runs, and
for checkpoints of MMRazor, DWPose and the like, which store the student under a
prefix.
"""
import argparse
import os
import sys

from mmengine.registry import init_default_scope

import mmpose_thermal  # noqa: F401
from mmpose_thermal.apis import extract_student
from mmpose_thermal.config_files import read_config


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'config', help="the run's config, or the student's own stock config")
    parser.add_argument('checkpoint', help='checkpoint of the run')
    parser.add_argument(
        '--out',
        help='checkpoint to write; the config is written next to it as .py '
        '(default: student.pth next to the checkpoint)')
    parser.add_argument(
        '--prefix',
        help="prefix of the student's weights in the checkpoint, such as "
        '"architecture." (default: detected)')
    return parser.parse_args()


def main():
    args = parse_args()
    for path in (args.config, args.checkpoint):
        if not os.path.isfile(path):
            sys.exit(f'extract_student: {path} does not exist')
    out = args.out or os.path.join(
        os.path.dirname(args.checkpoint), 'student.pth')
    if os.path.realpath(out) == os.path.realpath(args.checkpoint):
        sys.exit(f'extract_student: {out} is the checkpoint itself; choose '
                 'another --out')
    init_default_scope('mmpose')
    try:
        extract_student(
            read_config(args.config, 'model'), args.checkpoint, out, args.prefix)
    except ValueError as error:
        sys.exit(f'extract_student: {error}')
    print(f'{out} and {os.path.splitext(out)[0]}.py')


if __name__ == '__main__':
    main()
