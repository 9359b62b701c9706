"""Writes the student of a distillation run as a stock checkpoint and config.

StudentCheckpointHook does so during training; this is for any other run, and
for checkpoints of MMRazor, DWPose and the like, whose student lies under a
prefix.
"""
import argparse
import os
import sys

from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmpose_thermal  # noqa: F401
from mmpose_thermal.apis import extract_student


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'config', help="the run's config, or the student's own stock config")
    parser.add_argument('checkpoint', help='what the run saved')
    parser.add_argument(
        '--out',
        help='the checkpoint to write; the config goes beside it as .py '
        '(default: student.pth beside the checkpoint)')
    parser.add_argument(
        '--prefix',
        help='where the student lies in the checkpoint, such as '
        '"architecture." (default: found by the names of its weights)')
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
            Config.fromfile(args.config), args.checkpoint, out, args.prefix)
    except ValueError as error:
        sys.exit(f'extract_student: {error}')
    print(f'{out} and {os.path.splitext(out)[0]}.py')


if __name__ == '__main__':
    main()
