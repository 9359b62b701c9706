"""Measures landmark models on annotated faces, beside each other and their peers.

Prints tables in Markdown; errors are percent of the distance of the outer eye
corners, intervals are 95 %, resampled by person where the annotation names them.
"""
import argparse
import os
import os.path as osp
import sys
from collections import defaultdict

import numpy as np
from annotated_frames import read_faces, read_grey
from errors_files import parse_by
from landmark_models import load_model, titles_of_models

from mmpose_thermal.evaluation import (bootstrap_interval, changed_boxes,
                                       errors_of_points,
                                       failure_rate, match_faces, region_offsets)
from mmpose_thermal.labelling.detectors import load_detector
from mmpose_thermal.runtime.atomic_file import write_picture
from mmpose_thermal.visualization import worst_faces

_THRESHOLDS = (8., 10.)  # percent
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1))


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'annotation', metavar='FACES.json', help='annotated faces, a COCO json')
    parser.add_argument(
        'models', nargs='+', metavar='MODEL',
        help='a model of ours (.onnx, .xml of OpenVINO, .pt of TorchScript, or '
        'NAME.pth with its NAME.py), or a peer: the wheel of mediapipe 0.10.14 or '
        'its face_landmark.tflite, an ONNX file like PFLD, or MODULE:FUNCTION. '
        'FILE@1.5 crops 1.5 times the box for a peer')
    parser.add_argument(
        '--titles', nargs='+', help='one title per model (default: file names)')
    parser.add_argument(
        '--data-root', help='folder that image paths start from (default: that of '
        'FACES.json, or above it if it is called "annotations")')
    parser.add_argument(
        '--points', default='ibug68', help='point set (default: %(default)s)')
    parser.add_argument(
        '--where', nargs='+', default=[], metavar='CONDITION',
        help="measure only faces such as 'quality>=2' 'pose!=profile'")
    parser.add_argument(
        '--by', nargs='+', default=[], metavar='FIELD[:EDGE,EDGE,...]',
        help='group errors by attributes, such as source yaw_deg:-60,-20,20,60')
    parser.add_argument(
        '--box-scale', nargs='+', type=float, metavar='FACTOR',
        help='measure with scaled boxes too, for example 0.85 1.15 1.3')
    parser.add_argument(
        '--box-shift', type=float, metavar='SHARE', help='measure with boxes '
        'shifted by this share of their sides, left, right, down and up, too')
    parser.add_argument(
        '--detector', help='find the faces with this model too, and measure both '
        'stages together')
    parser.add_argument(
        '--min-score', type=float, default=.5, help='smallest score of a detected '
        'face (default: %(default)s)')
    parser.add_argument(
        '--iou', type=float, default=.5, help='overlap from which a box has found '
        'a face (default: %(default)s)')
    parser.add_argument(
        '--worst', metavar='PNG', help='draw the faces on which the first model '
        'is worst: truth blue, prediction orange')
    parser.add_argument(
        '--out', metavar='DIR', help='write the errors on each face to TITLE.json, '
        'for plot_ced.py, show_worst.py and the other tools')
    return parser.parse_args()


def images_of(model, faces):
    """Yields each image as a model reads it, and the indices of its faces."""
    of_image = defaultdict(list)
    for index, face in enumerate(faces):
        of_image[face['img_path']].append(index)
    for indices in of_image.values():
        yield read_grey(faces[indices[0]], getattr(model, 'gain', {})), indices


def predict(model, faces, boxes):
    """Runs a model on boxes (N, 4) of N faces; returns points (N, K, 2)."""
    found = [None] * len(faces)
    for image, chosen in images_of(model, faces):
        for index, points in zip(chosen, model(image, boxes[chosen])):
            found[index] = points[:, :2]  # without scores
    return np.array(found)


def summary_table(runs):
    """Measures of all faces; differences are paired with the first model."""
    first = None
    yield ['model', 'faces', 'mean', 'median', *(
        f'FR@{threshold / 100:.2f}' for threshold in _THRESHOLDS),
        'mean against the first']
    for title, faces in runs.items():
        errors, persons = 100 * faces.nme(), faces.subjects()
        difference = ''
        if first is None:
            first = errors
        else:
            low, high = bootstrap_interval(errors - first, persons)
            difference = f'{(errors - first).mean():+.2f} [{low:+.2f}, {high:+.2f}]'
        yield [title, len(errors), *(
            '{:.2f} [{:.2f}, {:.2f}]'.format(
                value, *bootstrap_interval(errors, persons, median=median))
            for value, median in ((errors.mean(), False),
                                  (np.median(errors), True))), *(
                f'{100 * failure_rate(errors, threshold):.1f}'
                for threshold in _THRESHOLDS), difference]


def group_table(runs, fields):
    """Mean / median by attribute."""
    yield ['faces', 'number', *runs]
    for field in fields:
        name, edges = parse_by(field)
        some = next(iter(runs.values()))
        for label, chosen in some.groups(name, edges).items():
            yield [f'{name} {label}', len(chosen), *(
                mean_and_median(100 * faces.nme()[chosen])
                for faces in runs.values())]


def region_table(runs, eyes):
    """Error by region; in parentheses where the points are on average."""
    yield ['region', *runs]
    offsets = {title: region_offsets(faces, eyes) if eyes else {}
               for title, faces in runs.items()}
    for region in next(iter(runs.values())).regions:
        row = []
        for title, faces in runs.items():
            text = f'{100 * np.nanmean(faces.region_nme()[region]):.2f}'
            if region in offsets[title]:
                out, down = 100 * np.nanmean(offsets[title][region], 0)
                text += f' ({out:+.1f} out, {down:+.1f} down)'
            row.append(text)
        yield [region, *row]


def box_table(models, given, faces, metainfo, scales, shift):
    """Mean error with changed boxes, and its ratio to that with given ones."""
    yield ['boxes', *models]
    yield ['as given', *(f'{100 * run.nme().mean():.2f}' for run in given.values())]
    boxes = annotated_boxes(faces)
    for scale in scales:
        for name, shifts in shifts_of(shift):
            if scale == 1 and not name:
                continue
            row = []
            for title, model in models.items():
                means = [
                    errors_of_points(metainfo, faces, predict(
                        model, faces, changed_boxes(boxes, scale, s))).nme().mean()
                    for s in shifts
                ]
                row.append(with_ratio(means, given[title].nme().mean()))
            yield [f'x {scale:g}{name}', *row]


def shifts_of(share):
    """Names of shifts of a box, and their shares of its sides."""
    yield '', [(0, 0)]
    if share:
        yield f', shifted by {100 * share:g} %', [
            (share * x, share * y) for x, y in _DIRECTIONS]


def with_ratio(means, given):
    """Mean over directions, and its ratio; that of the worst one, if several."""
    text = f'{100 * np.mean(means):.2f} (x {np.mean(means) / given:.2f}'
    if len(means) > 1:
        text += f', worst x {max(means) / given:.2f}'
    return text + ')'


def detected_faces(detector, faces, min_score, min_iou):
    """Finds faces with a detector: their indices, and the boxes (N, 4)."""
    chosen, boxes = [], []
    for image, indices in images_of(detector, faces):
        found, _ = detector(image, min_score)
        truth = annotated_boxes([faces[index] for index in indices])
        for box, match in zip(found, match_faces(found, truth, min_iou)):
            if match >= 0:
                chosen.append(indices[match])
                boxes.append(box)
    return chosen, np.array(boxes, float).reshape(-1, 4)


def detection_table(models, given, faces, metainfo, chosen, boxes):
    """Both stages: a face that was not found counts as a failure."""
    yield ['detector and', 'found', 'mean / median of found',
           'the same with given boxes', *(f'FR@{t / 100:.2f}, missed included'
                                          for t in _THRESHOLDS)]
    for title, model in models.items():
        errors = np.full(len(faces), np.inf)
        if chosen:
            some = [faces[index] for index in chosen]
            errors[chosen] = 100 * errors_of_points(
                metainfo, some, predict(model, some, boxes)).nme()
        yield [title, f'{100 * len(chosen) / len(faces):.1f} %',
               mean_and_median(errors[chosen]),
               mean_and_median(100 * given[title].nme()[chosen]), *(
                   f'{100 * failure_rate(errors, t):.1f}' for t in _THRESHOLDS)]


def annotated_boxes(faces):
    return np.concatenate([face['bbox'] for face in faces]).astype(float)


def mean_and_median(errors):
    return f'{errors.mean():.2f} / {np.median(errors):.2f}' if len(errors) else ''


def print_table(rows):
    """Prints rows, the first of which is the head, as Markdown."""
    for index, row in enumerate(rows):
        print('| ' + ' | '.join(map(str, row)) + ' |', flush=True)
        if not index:
            print('|---|' + '---:|' * (len(row) - 1))
    print()


def evaluate(args):
    titles = titles_of_models(args.models, args.titles)
    metainfo, faces = read_faces(
        args.annotation, args.data_root, args.points, args.where)
    models = dict(zip(titles, map(load_model, args.models)))
    boxes = annotated_boxes(faces)
    runs = {title: errors_of_points(metainfo, faces, predict(model, faces, boxes))
            for title, model in models.items()}
    print_table(summary_table(runs))
    if args.by:
        print_table(group_table(runs, args.by))
    print_table(region_table(runs, metainfo.get('interocular')))
    if args.box_scale or args.box_shift:
        print_table(box_table(models, runs, faces, metainfo,
                              args.box_scale or [1.], args.box_shift))
    if args.detector:
        print_table(detection_table(models, runs, faces, metainfo, *detected_faces(
            load_detector(args.detector), faces, args.min_score, args.iou)))
    if args.out:
        os.makedirs(args.out, exist_ok=True)
        for title, run in runs.items():
            run.save(osp.join(args.out, f'{title}.json'),
                     dict(NME=float(run.nme().mean())))
    if args.worst:
        write_picture(args.worst, worst_faces(runs[titles[0]]))


def main():
    try:
        evaluate(parse_args())
    except (ValueError, OSError, ImportError) as error:
        sys.exit(f'ERROR: {error}')


if __name__ == '__main__':
    main()
