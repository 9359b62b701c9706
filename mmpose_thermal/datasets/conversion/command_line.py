"""The command line that all converters share."""
import argparse
import os
import sys
from pathlib import Path
from typing import Any, Callable, Dict

from .convert import convert
from .records import ConversionError, Picture


def converter_parser(description: str) -> argparse.ArgumentParser:
    """The arguments that all converters share; to be extended."""
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('root', help='folder of the data set')
    parser.add_argument(
        '--out', help='folder of the annotation files, instead of '
        'ROOT/annotations')
    parser.add_argument(
        '--margin', type=float, default=.1,
        help='margin of boxes that are made from landmarks: a share of their '
        'size, on each side')
    parser.add_argument(
        '--jobs', type=int, default=os.cpu_count(), help='processes')
    return parser


def add_palette_choice(parser: argparse.ArgumentParser) -> None:
    """For sets that have the same frames in grey and in the iron palette."""
    parser.add_argument(
        '--palette', choices=['gray', 'iron'], default='gray',
        help='which of the two copies of the thermal images to use')


def run_converter(args: argparse.Namespace,
                  list_tasks: Callable,
                  read: Callable[[Path, Any], Picture],
                  point_sets: Dict[str, str],
                  description: str) -> None:
    """Runs a converter from the command line; exits with one clear message.

    ``list_tasks`` makes of the root (a ``Path``) and ``args`` the tasks, and what
    is left out already with the reason. For the others see :func:`convert`.
    """
    try:
        root = Path(args.root)
        if not root.is_dir():
            raise ConversionError(f'{root} is no folder.')
        tasks, left_out = list_tasks(root, args)
        convert(args.root, tasks, read, point_sets, description, args.out,
                args.jobs, args.margin, left_out)
    except (ConversionError, OSError) as error:
        sys.exit(f'{Path(sys.argv[0]).name}: {error}')
