"""Register the RGB images of unaligned cameras.

Writes "rgb_homography" into an annotation file. Corresponding points are from
  * the annotation file's own "rgb_keypoints" (the default),
  * --rgb-landmarks: a COCO json of the RGB images, by any landmark detector,
  * --rgb-model: an MMPose landmark model, which is run here,
  * --calibration: a csv with a header and columns rgb_x, rgb_y, thermal_x,
    thermal_y, one line a point, for cameras that do not move.
The thermal points are the annotation's. A rig whose faces keep their distance
needs one map a sequence (less noise); otherwise one a frame.
"""
import argparse

_SHOWN_FAILURES = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.usage = '%(prog)s [options] ANN_FILE'
    parser.add_argument(
        'ann_file', metavar='ANN_FILE', help='annotation file of the pairs')
    parser.add_argument(
        '--data-root', metavar='DIR',
        help='look for images here [the folder above the annotations]')
    parser.add_argument(
        '--out', metavar='JSON',
        help='write this annotation file [ANN_FILE_registered.json]')
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        '--rgb-landmarks', metavar='JSON', help='take RGB points from here')
    source.add_argument(
        '--rgb-model', nargs=2, metavar=('CONFIG', 'CHECKPOINT'),
        help='find RGB points with this model')
    source.add_argument(
        '--calibration', metavar='CSV', help='take both points from here')
    parser.add_argument(
        '--points', nargs=2, metavar=('RGB', 'THERMAL'),
        help='name both point sets if they differ: --points wflw sftl54')
    parser.add_argument(
        '--per', default='frame',
        help='fit one map for each frame, folder, dataset, or value of a field '
        'of the images such as subject_id [%(default)s]')
    parser.add_argument(
        '--model', choices=('similarity', 'affine', 'homography'),
        default='affine',
        help='fit such a map; homography needs points all over the image '
        '[%(default)s]')
    parser.add_argument(
        '--max-residual', type=float, default=.1, metavar='SHARE',
        help='drop maps whose points fit worse than this share of the face '
        'box [%(default)s]')
    parser.add_argument(
        '--preview', metavar='PNG', help='draw pairs before and after')


def run(args: argparse.Namespace) -> None:
    """Registers, and reports how well it went."""
    from mmpose_thermal.components import register_components
    register_components()
    from statistics import median

    from mmpose_thermal.datasets.pair_registration import (draw_preview,
                                                           register_pairs)
    result = register_pairs(args)
    if args.preview:
        draw_preview(args.preview, result)
    residuals = [one.residual_px for one in result.found.values()]
    print(f'{len(result.found)} of {len(result.faces)} pairs registered; '
          f'residual of the points: median {median(residuals):.2f}, worst '
          f'{max(residuals):.2f} thermal pixels. Written to {result.out}')
    for name, reason in result.failed[:_SHOWN_FAILURES]:
        print(f'  without: {name}: {reason}')
    if len(result.failed) > _SHOWN_FAILURES:
        print(f'  and {len(result.failed) - _SHOWN_FAILURES} more')
