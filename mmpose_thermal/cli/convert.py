"""Convert a data set to the COCO json that this package trains on.

docs/dataset_zoo shows how the folder of each data set must look. Annotation
files go to ROOT/annotations, with left_out.json: what was not used, and why.
"""
import argparse
import os
from importlib import import_module
from pathlib import Path

from .parsers import add_choices


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command: one parser a data set."""
    for name, data_set in add_choices(
            parser, 'data_set',
            {name: manual for name, (_, manual, _) in _DATA_SETS.items()}):
        title, _, add = _DATA_SETS[name]
        _add_common(data_set)
        add(data_set)
        data_set.set_defaults(title=title)


def run(args: argparse.Namespace) -> None:
    """Converts a data set."""
    from mmpose_thermal.components import register_components
    register_components()
    from mmpose_thermal.datasets.converter_tools import convert
    converter = import_module(
        f'mmpose_thermal.datasets.converters.{args.data_set}')
    root = Path(args.root)
    if not root.is_dir():
        raise NotADirectoryError(f'{root} is no folder.')
    tasks, left_out = converter.list_tasks(root, args)
    kinds = {kind: getattr(args, 'points', point_set)
             for kind, point_set in converter.POINT_SETS.items()}
    convert(args.root, tasks, converter.read, kinds, args.title, args.out,
            args.jobs, args.margin, left_out)


def _add_common(parser):
    parser.add_argument('root', metavar='ROOT', help='folder of the data set')
    parser.add_argument(
        '--out', metavar='DIR',
        help='write annotation files here [ROOT/annotations]')
    parser.add_argument(
        '--margin', type=float, default=.1, metavar='SHARE',
        help='widen boxes made from landmarks by this share of their size on '
        'each side [%(default)s]')
    parser.add_argument(
        '--jobs', type=int, default=os.cpu_count(), metavar='N',
        help='run N processes [%(default)s]')


def _add_split_sizes(parser, val, test):
    for split, people in (('val', val), ('test', test)):
        parser.add_argument(
            f'--{split}-subjects', type=int, default=people, metavar='N',
            help=f'keep N people for {split}; the data have no official splits '
            '[%(default)s]')


def _add_palette(parser):
    parser.add_argument(
        '--palette', choices=('gray', 'iron'), default='gray',
        help='use this copy of the thermal images [%(default)s]')


def _add_carl_visth(parser):
    parser.add_argument(
        '--labels', required=True, metavar='DIR',
        help='read the XML files of this folder in ROOT')
    _add_split_sizes(parser, 4, 8)


def _add_charlotte(parser):
    parser.add_argument(
        '--images', choices=('tiff', 'jpg'), default='tiff',
        help='use 16-bit radiometric frames or the 8-bit copies [%(default)s]')
    parser.add_argument(
        '--kelvin-per-count', type=float, default=.01, metavar='K',
        help='read 16-bit frames as K * value kelvin [%(default)s]')
    _add_split_sizes(parser, 1, 2)


def _add_labelme(parser):
    parser.add_argument(
        '--points', default='ibug68', metavar='SET',
        help='expect this point set (ibug68, sftl54, tfw, ...) or metainfo '
        'file [%(default)s]')
    parser.add_argument(
        '--rgb', metavar='DIR',
        help='take RGB partners of the same relative path and name from this '
        'folder in ROOT; register them afterwards if they are not aligned')
    parser.add_argument(
        '--subject-pattern', default='^([^_]+)_', metavar='REGEX',
        help='find the subject in a file name by the group of this regular '
        'expression [%(default)s]')
    parser.add_argument(
        '--palette',
        help='read false-colour images as iron, black-hot, ... or by a '
        'palette file')
    parser.add_argument(
        '--temperature-scale', type=float, metavar='K',
        help='read 16-bit and float images as K * value + offset kelvin')
    parser.add_argument(
        '--temperature-offset', type=float, metavar='K',
        help='the offset in kelvin')
    _add_split_sizes(parser, 1, 1)


def _add_rwth(parser):
    _add_split_sizes(parser, 9, 19)
    parser.add_argument(
        '--author-boxes', action='store_true',
        help="make boxes as SF-TL54's authors did (40 px above, 5 px "
        'elsewhere), to compare with their numbers')


def _add_sftl54(parser):
    _add_palette(parser)
    parser.add_argument(
        '--leave-out-challenging', action='store_true',
        help='leave out the frames of challenging_images.csv, as the '
        'published numbers do')


def _add_tfake(parser):
    for option, folder, what in (('warm', 'warm', 'the warm condition'),
                                 ('cold', 'cold', 'the cold condition'),
                                 ('rgb', 'FaceSynthetics', 'FaceSynthetics')):
        parser.add_argument(
            f'--{option}', default=folder, metavar='DIR',
            help=f'find {what} in this folder in ROOT [%(default)s]')
    for split in ('val', 'test'):
        parser.add_argument(
            f'--{split}-share', type=float, default=.05, metavar='SHARE',
            help=f'keep this share of the frames for {split}; the data have '
            'no official splits [%(default)s]')


def _add_tfw(parser):
    _add_palette(parser)
    parser.add_argument(
        '--rgb', metavar='DIR',
        help='pair indoor images with the aligned RGB frames of SpeakingFaces '
        'in this folder in ROOT (it may be a link)')


# By name: title, manual and own arguments.
_DATA_SETS = {
    'sftl54': ('SF-TL54', 'SF-TL54 with 54 points (LabelMe json or '
               'labels.jsonl).', _add_sftl54),
    'tfw': ('TFW', 'TFW with 5 points, several faces in an image.', _add_tfw),
    'tfake': (
        'T-FAKE', '''T-FAKE with 70 points, and FaceSynthetics as RGB partners.

Every frame is a person of its own; its warm and its cold picture go into the
same split.
''', _add_tfake),
    'charlotte': (
        'Charlotte-ThermalFace', '''Charlotte-ThermalFace with 72 or 43 points.

Front views go to {split}.json; profile views, whose 43 points stand in the
first columns under other meanings, to profile_{split}.json.
''', _add_charlotte),
    'rwth': ('RWTH-Aachen', 'RWTH-Aachen thermal faces with 68 points (Menpo '
             'ljson).', _add_rwth),
    'carl_visth': (
        'CARL / VIS-TH', '''CARL or EURECOM VIS-TH with Alpkant's 6 points.

Both modalities are labelled, in dlib's XML, one file a subject; the cameras
are not aligned, so the RGB points become "rgb_keypoints".
''', _add_carl_visth),
    'labelme': (
        'LabelMe', '''Your own images, labelled with LabelMe or X-AnyLabeling.

Each image has a json file of the same name beside it. A rectangle 'face' is
the box (optional); points, and centres of circles, are landmarks, labelled by
the names of the point set, by numbers from 0, or not at all (then all, in
order). Several faces in an image have different group ids. If ROOT has folders
train, val and test, they are the splits; otherwise people are split by
--subject-pattern.
''', _add_labelme),
}
