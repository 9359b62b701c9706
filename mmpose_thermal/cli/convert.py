"""Convert a data set to COCO JSON for training.

docs/dataset_zoo shows the expected folder layout of each data set. Annotation
files are written to ROOT/annotations; left_out.json lists skipped files and the
reasons.
"""
import argparse
import os
from importlib import import_module
from pathlib import Path

from .parsers import add_choices


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments, with one parser per data set."""
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
        raise NotADirectoryError(f'{root} is not a folder.')
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
        help='enlarge boxes around landmarks by this share of their size on '
        'each side [%(default)s]')
    parser.add_argument(
        '--jobs', type=int, default=os.cpu_count(), metavar='N',
        help='use N processes [%(default)s]')


def _add_split_sizes(parser, val, test):
    for split, people in (('val', val), ('test', test)):
        parser.add_argument(
            f'--{split}-subjects', type=int, default=people, metavar='N',
            help=f'use N people for {split}; there are no official splits '
            '[%(default)s]')


def _add_palette(parser):
    parser.add_argument(
        '--palette', choices=('gray', 'iron'), default='gray',
        help='use this version of the thermal images [%(default)s]')


def _add_carl_visth(parser):
    parser.add_argument(
        '--labels', required=True, metavar='DIR',
        help='read the XML files in this folder of ROOT')
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
        help='point set (ibug68, sftl54, tfw, ...) or metainfo file of the '
        'labels [%(default)s]')
    parser.add_argument(
        '--rgb', metavar='DIR',
        help='use RGB partners with the same relative path and name from this '
        'folder of ROOT; if unaligned, register them afterwards')
    parser.add_argument(
        '--subject-pattern', default='^([^_]+)_', metavar='REGEX',
        help='regular expression whose group matches the subject in a file '
        'name [%(default)s]')
    parser.add_argument(
        '--palette',
        help='palette of false-colour images: iron, black-hot, ... or a '
        'palette file')
    parser.add_argument(
        '--temperature-scale', type=float, metavar='K',
        help='read 16-bit and float images as K * value + offset kelvin')
    parser.add_argument(
        '--temperature-offset', type=float, metavar='K',
        help='offset in kelvin')
    _add_split_sizes(parser, 1, 1)


def _add_rwth(parser):
    _add_split_sizes(parser, 9, 19)
    parser.add_argument(
        '--author-boxes', action='store_true',
        help="make boxes like SF-TL54's authors (40 px above, 5 px on other "
        'sides), to compare with their results')


def _add_sftl54(parser):
    _add_palette(parser)
    parser.add_argument(
        '--leave-out-challenging', action='store_true',
        help='leave out the frames in challenging_images.csv, as in the '
        'published results')


def _add_tfake(parser):
    for option, folder, what in (('warm', 'warm', 'the warm condition'),
                                 ('cold', 'cold', 'the cold condition'),
                                 ('rgb', 'FaceSynthetics', 'FaceSynthetics')):
        parser.add_argument(
            f'--{option}', default=folder, metavar='DIR',
            help=f'folder of ROOT with {what} [%(default)s]')
    for split in ('val', 'test'):
        parser.add_argument(
            f'--{split}-share', type=float, default=.05, metavar='SHARE',
            help=f'use this share of the frames for {split}; there are no '
            'official splits [%(default)s]')


def _add_tfw(parser):
    _add_palette(parser)
    parser.add_argument(
        '--rgb', metavar='DIR',
        help='pair indoor images with the aligned RGB frames of SpeakingFaces '
        'in this folder of ROOT (it may be a link)')


# By name: title, help text and specific arguments.
_DATA_SETS = {
    'sftl54': ('SF-TL54', 'SF-TL54 with 54 points (LabelMe json or '
               'labels.jsonl).', _add_sftl54),
    'tfw': ('TFW', 'TFW with 5 points, several faces per image.', _add_tfw),
    'tfake': (
        'T-FAKE', '''T-FAKE with 70 points, and FaceSynthetics as RGB partners.

Every frame shows a different person; its warm and cold pictures go into the
same split.
''', _add_tfake),
    'charlotte': (
        'Charlotte-ThermalFace', '''Charlotte-ThermalFace with 72 or 43 points.

Front views go to {split}.json, profile views to profile_{split}.json; their 43
points use the same columns with different meanings.
''', _add_charlotte),
    'rwth': ('RWTH-Aachen', 'RWTH-Aachen thermal faces with 68 points (Menpo '
             'ljson).', _add_rwth),
    'carl_visth': (
        'CARL / VIS-TH', '''CARL or EURECOM VIS-TH with Alpkant's 6 points.

Both modalities are labelled in dlib XML, one file per subject; the cameras
are not aligned, so the RGB points become "rgb_keypoints".
''', _add_carl_visth),
    'labelme': (
        'LabelMe', '''Your own images, labelled with LabelMe or X-AnyLabeling.

Each image needs a json file with the same name in the same folder. An optional
rectangle 'face' is the box. Points, and centres of circles, are landmarks:
label them with the names of the point set or with numbers from 0, or leave all
of them unlabelled, in order. Give several faces in an image different group
ids. If ROOT has folders train, val and test, they are the splits; otherwise
people are split by --subject-pattern.
''', _add_labelme),
}
