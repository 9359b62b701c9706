"""Your own images, labelled with LabelMe or X-AnyLabeling, to COCO json."""
import re
from pathlib import Path

from ..converter_tools import SPLITS, ConversionError, Picture, split_by_subject
from ..converter_tools.labelme import (faces_of_shapes, labelled_size,
                                       labelme_content, numbers_of)
from ..image_files import files_below
from ..point_sets import keypoint_names, load_metainfo

POINT_SETS = {'': 'ibug68'}  # default of --points
_SUFFIXES = ('.png', '.tiff', '.tif', '.npy', '.jpg', '.jpeg', '.bmp', '.webp')
_FIELDS = ('palette', 'temperature_scale', 'temperature_offset')


def _by_stem(folder):
    """Images below a folder, grouped by their path without extension."""
    found = {}
    for path in files_below(folder):
        if path.suffix.lower() in _SUFFIXES:
            stem = str(path.relative_to(folder).with_suffix(''))
            found.setdefault(stem, []).append(path)
    return found


def list_tasks(root, args):
    """Lists the labelled images, and the skipped ones with the reason."""
    visible = _by_stem(root / args.rgb) if args.rgb else {}
    partners = {path for paths in visible.values() for path in paths}
    images, left_out = _labelled(root, partners)
    if not images:
        reason = left_out[0][1] if left_out else 'no image'
        raise ConversionError(f'{root} holds no image with a json file of the '
                              f'same name next to it ({reason}).')
    folders = [split for split in SPLITS if (root / split).is_dir()]
    subjects = {stem: _subject(stem, args.subject_pattern, folders)
                for stem in images}
    if folders:
        splits = {stem: _split_of_folder(root, stem, folders)
                  for stem in images}
    else:
        of_person = split_by_subject(subjects.values(), args.val_subjects,
                                     args.test_subjects)
        splits = {stem: of_person[subjects[stem]] for stem in images}
    fields = {name: getattr(args, name) for name in _FIELDS
              if getattr(args, name) is not None}
    names = keypoint_names(load_metainfo(dict(from_file=args.points)))
    tasks = []
    for stem, image in images.items():
        person = subjects[stem]
        extra = dict(fields, subject_id=person) if person else fields
        rgb = visible[stem][0].relative_to(root) if stem in visible else None
        tasks.append((stem, (stem, str(image.relative_to(root)), splits[stem],
                             names, extra, rgb and str(rgb))))
    return tasks, left_out


def _labelled(root, partners):
    """Labelled thermal images by their stem, and the others with the reason."""
    images, left_out = {}, []
    for stem, paths in _by_stem(root).items():
        paths = [path for path in paths if path not in partners]
        if not paths:
            continue
        if any('\\' in part for part in Path(stem).parts):
            # Annotation files treat backslashes as slashes, as on Windows.
            left_out.append((stem, 'file name with a backslash: rename it'))
        elif not (root / f'{stem}.json').exists():
            left_out.append((stem, 'no json file'))
        elif len(paths) > 1:
            # It is unclear which one was labelled; --rgb holds RGB partners.
            left_out.append((stem, 'several images with one name: ' + ', '.join(
                path.suffix for path in paths)))
        else:
            images[stem] = paths[0]
    return images, left_out


def _subject(stem, pattern, folders):
    match = re.search(pattern, Path(stem).name)
    if match is None and not folders:
        raise ConversionError(
            f'--subject-pattern {pattern!r} finds no subject in '
            f'"{Path(stem).name}". Without subjects, splits would share '
            'people. Correct the pattern, or make folders train, val and test.')
    return match and match.group(1)


def _split_of_folder(root, stem, folders):
    split = stem.split('/')[0]
    if split not in SPLITS:
        raise ConversionError(f'{root / stem}.json is outside the folders '
                              f'{folders}.')
    return split


def read(root, task):
    """Reads one image with its faces."""
    stem, file_name, split, names, fields, rgb = task
    content = labelme_content(root / f'{stem}.json')
    faces, ignored = faces_of_shapes(content['shapes'], names)
    return Picture(file_name, split, faces, rgb, fields=fields,
                   labelled_size=labelled_size(content), ignored=ignored,
                   numbers=numbers_of(content['shapes'], names))
