"""Common arguments of the tools that read error files."""
import argparse
import os.path as osp
import sys

from mmpose_thermal.evaluation import FaceErrors


def parser_of(about, many=True):
    """Makes a parser for error files.

    Args:
        about (str): Description of the tool.
        many (bool): Whether to accept several files.

    Returns:
        argparse.ArgumentParser: Has ``errors`` and, if ``many``, ``--titles``.
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
            '--titles', nargs='+', help='one title per file (default: the file '
            'names, or the folder names if the file names are equal)')
    return parser


def load_errors(args):
    """Reads the error files.

    Args:
        args (argparse.Namespace): Arguments of :func:`parser_of`.

    Returns:
        dict[str, FaceErrors]: Errors by title.
    """
    titles = titles_of(args.errors, getattr(args, 'titles', None))
    try:
        return {
            title: FaceErrors.load(path)
            for title, path in zip(titles, args.errors)
        }
    except (ValueError, OSError) as error:
        sys.exit(f'ERROR: {error}')


def titles_of(paths, given=None):
    """Returns the given titles, or the parts of the paths that differ."""
    titles = given or _titles(paths)
    if len(titles) != len(paths) or len(set(titles)) != len(titles):
        sys.exit(f'ERROR: {len(paths)} files need as many different '
                 f'titles, got {titles}.')
    return titles


def parse_by(text):
    """Splits ``FIELD[:EDGE,EDGE,...]`` for :meth:`FaceErrors.groups`."""
    field, _, edges = text.partition(':')
    try:
        return field, [float(edge) for edge in edges.split(',')] if edges else None
    except ValueError:
        sys.exit(f'ERROR: --by {text}: edges must be numbers.')


def _titles(paths):
    names = [osp.splitext(osp.basename(path))[0] for path in paths]
    if len(set(names)) == len(names):
        return names
    # For equal file names, use the parts of the paths that differ.
    folders = [osp.dirname(osp.abspath(path)) for path in paths]
    shared = osp.commonpath(folders)
    return [osp.relpath(folder, shared) for folder in folders]
