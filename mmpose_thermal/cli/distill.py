"""Train a light model on a folder of RGB-thermal pairs.

A teacher finds the landmarks in the RGB images; they are moved to the thermal
ones, and networks learn from them. Everything goes into one folder: labels,
trainings, the exported model, and a report with pictures that compares it with
the shipped one. Run the same command again after an interruption: finished
stages are skipped, and a training continues from its last checkpoint.

DIR has the folders rgb/ and thermal/ (or thermal16/) with equal file names, or
a pairs.csv; `mmpose-thermal label --help` has more. An annotation file that
already has landmarks is used as it is, and needs no teacher. Run this in the
root of the repository; docs/tutorials/unlabelled.md explains the stages.
"""
import argparse

from .parsers import add_registration_arguments, one_model
from .stopping import stop_on_signals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.usage = '%(prog)s DIR --teacher TEACHER [options]'
    parser.add_argument('pairs', metavar='DIR',
                        help='folder of pairs, or an annotation file')
    parser.add_argument(
        '--teacher', nargs='+', metavar='TEACHER',
        help="finds landmarks in RGB images: MediaPipe's wheel, an exported "
        '.onnx, MODULE:FUNCTION, or an MMPose config and its checkpoint; see '
        '`mmpose-thermal label --help`')
    parser.add_argument(
        '--detector', nargs='+', metavar='MODEL',
        help="finds faces in RGB images, if the teacher is not MediaPipe's wheel; "
        'see `mmpose-thermal label --help`')
    parser.add_argument(
        '--teacher-points', metavar='SET',
        help="the teacher's point set, if it does not tell [ibug68]")
    add_registration_arguments(parser)
    parser.add_argument(
        '--student', choices=('light', ), default='light',
        help='train this network [%(default)s: that of the shipped model]')
    parser.add_argument(
        '--work-dir', metavar='DIR',
        help='write everything here [work_dirs/distill/NAME, after DIR]')
    parser.add_argument(
        '--levels', choices=('auto', 'both', 'direct'), default='auto',
        help='both: the teacher teaches a large thermal network, which teaches '
        'the light one; direct: the light one learns from the labels; auto: '
        'both from 200 labelled faces on [%(default)s]')
    parser.add_argument(
        '--rendered', type=int, default=3000, metavar='N',
        help='mix in N rendered faces, so that the networks do not forget other '
        'faces [%(default)s]')
    parser.add_argument(
        '--epochs', type=int, metavar='N',
        help="train each network for N epochs [the configs': 16, or 8 for direct]")
    parser.add_argument(
        '--test', metavar='ANN_FILE',
        help='also measure the error on these labelled thermal faces')


def run(args: argparse.Namespace) -> int:
    """Runs all stages that are left to do."""
    from mmpose_thermal.components import register_components
    register_components()
    from mmpose_thermal.distilling import distill

    stop_on_signals()  # of a training, too
    try:
        report = distill(
            args.pairs, one_model(args.teacher, '--teacher'), args.work_dir,
            levels=args.levels, rendered=args.rendered, epochs=args.epochs,
            test=args.test, detector=one_model(args.detector, '--detector'),
            aligned=args.aligned, per=args.per,
            teacher_points=args.teacher_points)
    except KeyboardInterrupt:
        print('\nInterrupted. Run the same command to continue.')
        return 130
    with open(report) as file:
        print('\n' + file.read())
    print(f'the report is {report}')
    return 0
