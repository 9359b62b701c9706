"""Register the RGB images of unaligned cameras.

Writes "rgb_homography" into an annotation file. The RGB points come from
  * the annotation file's "rgb_keypoints" (default),
  * --rgb-landmarks: a COCO json of the RGB images from any landmark detector,
  * --rgb-model: an MMPose landmark model, which this command runs, or
  * --calibration: a csv with the columns rgb_x, rgb_y, thermal_x, thermal_y
    (with header) and one line per point, for fixed cameras.
Without --calibration, the thermal points come from the annotations. If faces
keep their distance to fixed cameras, fit one map per sequence (less noise);
otherwise one per frame.
"""
import argparse

_SHOWN_FAILURES = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
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
        '--rgb-landmarks', metavar='JSON', help='read RGB points from this file')
    source.add_argument(
        '--rgb-model', nargs=2, metavar=('CONFIG', 'CHECKPOINT'),
        help='find RGB points with this model')
    source.add_argument(
        '--calibration', metavar='CSV',
        help='read RGB and thermal points from this file')
    parser.add_argument(
        '--points', nargs=2, metavar=('RGB', 'THERMAL'),
        help='the two point sets, if they differ: --points wflw sftl54')
    parser.add_argument(
        '--per', default='frame',
        help='fit one map per frame, folder, dataset, or value of an image '
        'field such as subject_id [%(default)s]')
    parser.add_argument(
        '--model', choices=('similarity', 'affine', 'homography'),
        default='affine',
        help='type of map to fit; homography needs points all over the image '
        '[%(default)s]')
    parser.add_argument(
        '--max-residual', type=float, default=.1, metavar='SHARE',
        help='drop maps whose points fit worse than this share of the face '
        'box [%(default)s]')
    parser.add_argument(
        '--preview', metavar='PNG',
        help='draw pairs before and after registration')


def run(args: argparse.Namespace) -> None:
    """Registers the pairs and reports the residuals."""
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
    if result.failed:
        print('without a share in the maps; left out if they have none of their '
              'group, and no points of the RGB image:')
    for name, reason in result.failed[:_SHOWN_FAILURES]:
        print(f'  failed: {name}: {reason}')
    if len(result.failed) > _SHOWN_FAILURES:
        print(f'  and {len(result.failed) - _SHOWN_FAILURES} more')
