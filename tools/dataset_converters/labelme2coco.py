"""Your own images, labelled with LabelMe, to COCO json.

Each image has a json file of the same name beside it, of LabelMe or
X-AnyLabeling. A rectangle 'face' is the box (optional); points, and centres of
circles, are landmarks, labelled by the names of the point set, by numbers from
0, or not at all (then all, in order). Several faces in an image have different
group ids. If ROOT has folders train, val and test, they are the splits;
otherwise people are split by --subject-pattern.
"""
import re
from pathlib import Path

from mmpose_thermal.datasets.conversion import (SPLITS, ConversionError,
                                                Picture, converter_parser,
                                                run_converter,
                                                split_by_subject)
from mmpose_thermal.datasets.conversion.labelme import (
    faces_of_shapes, labelled_size, labelme_content, numbers_of)
from mmpose_thermal.datasets.point_sets import keypoint_names, load_metainfo

_SUFFIXES = ('.png', '.tiff', '.tif', '.npy', '.jpg', '.jpeg', '.bmp', '.webp')


def parse_args():
    parser = converter_parser(__doc__)
    parser.add_argument(
        '--points',
        default='ibug68',
        help='the point set: ibug68, sftl54, tfw, ..., or a metainfo file')
    parser.add_argument(
        '--rgb',
        help='folder in ROOT of the RGB partners, of the same relative path '
        'and name without extension; they must be aligned, or be registered '
        'afterwards (tools/misc/register_pairs.py)')
    parser.add_argument(
        '--subject-pattern',
        default=r'^([^_]+)_',
        help='regular expression whose group finds the subject in a file name')
    parser.add_argument(
        '--palette',
        help='of false-colour images: iron, black-hot, or a file')
    parser.add_argument('--temperature-scale', type=float,
                        help='kelvin a count, of 16-bit and float images')
    parser.add_argument('--temperature-offset', type=float,
                        help='kelvin at count 0')
    for split in ('val', 'test'):
        parser.add_argument(
            f'--{split}-subjects',
            type=int,
            default=1,
            help=f'how many people are for {split}, if there are no folders')
    return parser.parse_args()


def by_stem(folder):
    """Images below a folder, by their path without extension."""
    found = {}
    for path in sorted(folder.rglob('*')):
        if path.suffix.lower() in _SUFFIXES:
            stem = str(path.relative_to(folder).with_suffix(''))
            found.setdefault(stem, []).append(path)
    return found


def list_tasks(root, args):
    visible = by_stem(root / args.rgb) if args.rgb else {}
    partners = {path for paths in visible.values() for path in paths}
    visible = {stem: paths[0] for stem, paths in visible.items()}
    images, labelled, left_out = {}, [], []
    for stem, paths in by_stem(root).items():
        paths = [path for path in paths if path not in partners]
        if not paths:
            continue
        images[stem] = paths[0]
        if any('\\' in part for part in Path(stem).parts):
            # Annotation files of Windows have backslashes for slashes.
            left_out.append((stem, 'file name with a backslash: rename it'))
        elif not (root / f'{stem}.json').exists():
            left_out.append((stem, 'no json file'))
        elif len(paths) > 1:
            # Which of them was labelled? RGB partners belong into --rgb.
            left_out.append((stem, 'several images of one name: ' + ', '.join(
                path.suffix for path in paths)))
        else:
            labelled.append(stem)
    if not labelled:
        reason = left_out[0][1] if left_out else 'no image'
        raise ConversionError(f'{root} holds no image with a json file of the '
                              f'same name beside it ({reason}).')
    folders = [split for split in SPLITS if (root / split).is_dir()]
    subjects = {}
    for stem in labelled:
        match = re.search(args.subject_pattern, Path(stem).name)
        if match is None and not folders:
            raise ConversionError(
                f'--subject-pattern {args.subject_pattern!r} finds no subject '
                f'in "{Path(stem).name}". Without subjects, splits would '
                'share people; make folders train, val and test instead.')
        subjects[stem] = match and match.group(1)
    if folders:
        splits = {stem: stem.split('/')[0] for stem in labelled}
        outside = [stem for stem in labelled if splits[stem] not in SPLITS]
        if outside:
            raise ConversionError(f'{root / outside[0]}.json lies outside the '
                                  f'folders {folders}.')
    else:
        of_person = split_by_subject(subjects.values(), args.val_subjects,
                                     args.test_subjects)
        splits = {stem: of_person[subjects[stem]] for stem in labelled}
    fields = {
        name: getattr(args, name)
        for name in ('palette', 'temperature_scale', 'temperature_offset')
        if getattr(args, name) is not None
    }
    names = keypoint_names(load_metainfo(dict(from_file=args.points)))
    tasks = []
    for stem in labelled:
        person = subjects[stem]
        extra = dict(fields, subject_id=person) if person else fields
        rgb = visible.get(stem)
        tasks.append((stem, (stem, str(images[stem].relative_to(root)),
                             splits[stem], names, extra,
                             rgb and str(rgb.relative_to(root)))))
    return tasks, left_out


def read(root, task):
    stem, file_name, split, names, fields, rgb = task
    content = labelme_content(root / f'{stem}.json')
    faces, ignored = faces_of_shapes(content['shapes'], names)
    return Picture(file_name, split, faces, rgb, fields=fields,
                   labelled_size=labelled_size(content), ignored=ignored,
                   numbers=numbers_of(content['shapes'], names))


if __name__ == '__main__':
    arguments = parse_args()
    run_converter(arguments, list_tasks, read, {'': arguments.points},
                  f'LabelMe, {arguments.points}')
