"""Measures face detectors on annotated frames: recall and false alarms by threshold.

Prints tables in Markdown. Faces smaller than --min-side need not be found; boxes on
them, or in crowds (iscrowd), are no false alarms. The palette of false colours is
guessed if the annotation does not name it; frames of no known palette become
luminance.
"""
import argparse
import json
import sys
from collections import defaultdict

import numpy as np
from annotated_frames import read_frames, read_grey
from evaluate_landmarks import print_table
from landmark_models import titles_of_models

from mmpose_thermal.evaluation import (DetectedFrame, best_point,
                                       operating_points)
from mmpose_thermal.labelling.detectors import load_detector
from mmpose_thermal.runtime.atomic_file import write_text

_THRESHOLDS = np.arange(.1, .91, .1)
_LEAST_SCORE = .05  # of the boxes that are looked at


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'annotation', metavar='BOXES.json', help='annotated frames, a COCO json; '
        'frames without a face count too')
    parser.add_argument(
        'detectors', nargs='+', metavar='DETECTOR', help='an exported detector '
        '(.onnx, .xml, .pt), NAME.pth with its NAME.py, or MODULE:FUNCTION')
    parser.add_argument(
        '--titles', nargs='+', help='one title per detector (default: file names)')
    parser.add_argument(
        '--data-root', help='folder that image paths start from (default: that of '
        'BOXES.json, or above it if it is called "annotations")')
    parser.add_argument(
        '--min-side', type=float, default=40., metavar='PX', help='smallest mean '
        'side, the square root of the area, of a face to find (default: '
        '%(default)g)')
    parser.add_argument(
        '--iou', type=float, default=.5, help='overlap from which a box has found '
        'a face (default: %(default)s)')
    parser.add_argument(
        '--false-alarms', type=float, default=.1, metavar='RATE', help='report the '
        'recall at so many false alarms per frame (default: %(default)s)')
    parser.add_argument(
        '--by', metavar='FIELD', help='report groups of frames, such as source')
    parser.add_argument('--out', metavar='JSON', help='write the curves')
    return parser.parse_args()


def detect(detector, frames):
    """Runs a detector on all frames."""
    gain = getattr(detector, 'gain', {})
    return [DetectedFrame(*detector(read_grey(record, gain), _LEAST_SCORE), *boxes)
            for record, *boxes in frames]


def groups_of(frames, field):
    """Indices of the frames by a field of their image, after all of them."""
    groups = defaultdict(list, {'all': list(range(len(frames)))})
    for index, (record, *_) in enumerate(frames):
        if field:
            groups[f'{field} {record.get(field, "(not stated)")}'].append(index)
    return groups


def curve_table(curves):
    """Recall / false alarms per frame by threshold."""
    yield ['threshold', *curves]
    for points in zip(*curves.values()):
        yield [f'{points[0].threshold:.1f}', *map(shown, points)]


def best_table(runs, best, groups, options):
    """Recall / false alarms per frame of groups, at each detector's best threshold."""
    yield ['frames', 'number', f'faces of {options["min_side_px"]:g} px', *(
        f'{title} at {point.threshold:.2f}' for title, point in best.items())]
    for label, chosen in groups.items():
        points = [
            operating_points([run[index] for index in chosen],
                             [best[title].threshold], **options)[0]
            for title, run in runs.items()
        ]
        yield [label, len(chosen), points[0].faces, *map(shown, points)]


def shown(point):
    return f'{100 * point.recall:.1f} % / {point.false_alarms_per_frame:.3f}'


def evaluate(args):
    titles = titles_of_models(args.detectors, args.titles)
    frames = read_frames(args.annotation, args.data_root)
    options = dict(min_iou=args.iou, min_side_px=args.min_side)
    runs = {title: detect(load_detector(path), frames)
            for title, path in zip(titles, args.detectors)}
    curves = {title: operating_points(run, _THRESHOLDS, **options)
              for title, run in runs.items()}
    if not curves[titles[0]][0].faces:
        raise ValueError(f'{args.annotation}: no face has a side of '
                         f'{args.min_side:g} px or more. Lower --min-side.')
    best = {title: best_point(run, args.false_alarms, **options)
            for title, run in runs.items()}
    print('Recall / false alarms per frame\n')
    print_table(curve_table(curves))
    print_table(best_table(runs, best, groups_of(frames, args.by), options))
    if args.out:
        write_text(args.out, json.dumps(
            {title: [point._asdict() for point in curve]
             for title, curve in curves.items()}, indent=1))


def main():
    try:
        evaluate(parse_args())
    except (ValueError, OSError, ImportError) as error:
        sys.exit(f'ERROR: {error}')


if __name__ == '__main__':
    main()
