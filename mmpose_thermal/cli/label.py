"""Label thermal images with a landmark model for their RGB partners.

PAIRS is a folder with rgb/ and thermal/ (or thermal16/), whose files have the
same names except for the suffix, or with pairs.csv (columns rgb and thermal;
others, such as session, can be named by --per); or an annotation file, whose
labels are replaced. The teacher is one of
  * mediapipe-0.10.14-*.whl or its face_landmark.tflite: MediaPipe's FaceMesh
    (`pip download --no-deps mediapipe==0.10.14`; OpenCV runs it);
  * CONFIG CHECKPOINT: a landmark model of MMPose;
  * NAME.onnx with its .json, or NAME.pth with its .py: a model of ours;
  * MODULE:FUNCTION: called with an image (BGR) and boxes (N, 4), it returns
    points (N, K, 2), or (N, K, 3) with scores.
Each point's score tells how well several looks at the face agree on it. Without
--aligned, pairs are registered by the points that the shipped landmarker finds
in the thermal images. The result is an annotation file, and a contact sheet,
which you should look at.
"""
import argparse

from .parsers import add_registration_arguments, one_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.usage = '%(prog)s PAIRS [options]'
    parser.add_argument(
        'pairs', metavar='PAIRS', help='folder of pairs, or annotation file')
    parser.add_argument(
        '--teacher', nargs='+', metavar='MODEL',
        help='find the points in RGB images with this model')
    parser.add_argument(
        '--detector', nargs='+', metavar='MODEL',
        help='find the faces in RGB images with this model: CONFIG CHECKPOINT of '
        'MMDetection, a detector of ours, an ONNX file of YuNet, the wheel of '
        'mediapipe, or MODULE:FUNCTION, called with an image (BGR) and the smallest '
        'score, which returns boxes (N, 4) and scores (N) [boxes of the annotation '
        "file, else BlazeFace in the teacher's wheel]")
    parser.add_argument(
        '--out', metavar='JSON', help='write this annotation file '
        '[PAIRS/annotations/labelled.json or PAIRS_labelled.json]')
    parser.add_argument(
        '--sheet', metavar='FILE', help='draw faces, thermal and RGB side by side, '
        'into this .jpg or .png [the name of the annotation file with .jpg]')
    parser.add_argument(
        '--data-root', metavar='DIR',
        help='look for images here [the folder above the annotations]')
    parser.add_argument(
        '--points', default='ibug68', metavar='SET',
        help='write this point set: ibug68, sftl54, tfw, ... [%(default)s]')
    parser.add_argument(
        '--teacher-points', metavar='SET',
        help="the teacher's point set, if it does not tell [that of --points]")
    add_registration_arguments(parser)
    parser.add_argument(
        '--min-score', type=float, default=.5, metavar='SCORE',
        help='drop faces whose points have a lower mean score [%(default)s]')
    parser.add_argument(
        '--min-point-score', type=float, default=.3, metavar='SCORE',
        help='drop points with a lower score [%(default)s]')
    parser.add_argument(
        '--boxes-only', action='store_true',
        help='write only the boxes of the faces, as unlabelled faces, or to train a '
        'thermal detector')


def run(args: argparse.Namespace) -> None:
    """Labels the pairs and reports what was dropped."""
    from mmpose_thermal.components import register_components
    register_components()
    from mmpose_thermal.labelling import label_pairs
    result = label_pairs(
        args.pairs, one_model(args.teacher, '--teacher'), args.out,
        detector=one_model(args.detector, '--detector'), data_root=args.data_root,
        points=args.points, teacher_points=args.teacher_points,
        registration='aligned' if args.aligned else 'fit', per=args.per,
        min_score=args.min_score, min_point_score=args.min_point_score,
        boxes_only=args.boxes_only, sheet=args.sheet or True)
    print(result.summary())
