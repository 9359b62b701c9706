"""The arguments that tools on files of errors share."""
import argparse
import os.path as osp
import sys

from mmpose_thermal.evaluation import FaceErrors


def parser_of(about, many=True):
    """A parser that takes files of errors.

    Args:
        about (str): What the tool does.
        many (bool): Whether it takes several.

    Returns:
        argparse.ArgumentParser: With ``errors`` and ``--titles``.
    """
    parser = argparse.ArgumentParser(
        description=about,
        epilog='ERRORS.json is written by tools/test.py CONFIG CHECKPOINT '
        '--cfg-options test_evaluator.outfile=ERRORS.json.')
    parser.add_argument(
        'errors', nargs='+' if many else 1, metavar='ERRORS.json',
        help='errors of a model on each face')
    if many:
        parser.add_argument(
            '--titles', nargs='+', help='one a file (default: their names, or '
            'their folders\' if these tell more)')
    return parser


def load_errors(args):
    """Reads the files of errors.

    Args:
        args (argparse.Namespace): Of :func:`parser_of`.

    Returns:
        dict[str, FaceErrors]: By title.
    """
    titles = getattr(args, 'titles', None) or _titles(args.errors)
    if len(titles) != len(args.errors) or len(set(titles)) != len(titles):
        sys.exit(f'ERROR: {len(args.errors)} files need as many titles, each '
                 f'another, got {titles}.')
    try:
        return {
            title: FaceErrors.load(path)
            for title, path in zip(titles, args.errors)
        }
    except (ValueError, OSError) as error:
        sys.exit(f'ERROR: {error}')


def _titles(paths):
    names = [osp.splitext(osp.basename(path))[0] for path in paths]
    if len(set(names)) == len(names):
        return names
    # Files of one name: what their paths do not share tells them apart.
    folders = [osp.dirname(osp.abspath(path)) for path in paths]
    shared = osp.commonpath(folders)
    return [osp.relpath(folder, shared) for folder in folders]
