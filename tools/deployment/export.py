"""Exports a trained model, with all that is needed to use it elsewhere.

Beside the model comes NAME.onnx.json with its pre- and post-processing, points and
regions: mmpose_thermal.apis.ThermalLandmarker(..., device='onnx') needs these
two files, NumPy, OpenCV and ONNX Runtime. The export is checked against
MMPose's own inference on real crops.
"""
import argparse
import os
import sys

import numpy as np

from mmpose_thermal.deployment import (FORMATS, PRECISIONS, describe,
                                       export_model, load_model)
from mmpose_thermal.deployment.verification import (TOLERANCE_PX,
                                                    ExportedNetwork,
                                                    compare_boxes,
                                                    compare_landmarks,
                                                    face_images,
                                                    labelled_faces,
                                                    network_inputs)


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help="the student's own stock config")
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument(
        '--task',
        choices=('landmarks', 'detection'),
        help='what the model is for (default: found in the config)')
    parser.add_argument(
        '--format', choices=FORMATS, default='onnx', help='[%(default)s]')
    parser.add_argument(
        '--precision', choices=PRECISIONS, default='fp32',
        help='[%(default)s]')
    parser.add_argument(
        '--decode',
        action='store_true',
        help='compute coordinates and scores in the graph, as ThermalLandmarker '
        'needs it (detectors always do)')
    parser.add_argument(
        '--out',
        help='the file to write (default: beside the checkpoint, with the '
        'precision in its name unless it is fp32)')
    parser.add_argument(
        '--faces',
        type=int,
        default=64,
        metavar='N',
        help='test faces to check on [%(default)s]')
    parser.add_argument(
        '--calibration-faces',
        type=int,
        default=128,
        metavar='N',
        help='validation faces for int8 [%(default)s]')
    return parser.parse_args()


def default_out(args):
    stem = os.path.splitext(args.checkpoint)[0]
    if args.precision != 'fp32':
        stem += '_' + args.precision
    return stem + FORMATS[args.format]


def described(model, task, args):
    """The model's description with its origin."""
    info = describe(model, task)
    info.source = dict(
        config=os.path.basename(args.config),
        checkpoint=os.path.basename(args.checkpoint))
    return info


def export_landmarks(model, args, out):
    from mmpose_thermal.apis import ThermalLandmarker
    info = described(model, 'landmarks', args)
    calibration = None
    if args.precision == 'int8':
        faces, where = labelled_faces(model, 'val', args.calibration_faces,
                                      info)
        calibration = network_inputs(faces, info)
        print(f'calibrated on {len(faces)} faces: {where}')
    export_model(model, info, out, args.format, args.precision, args.decode,
                 calibration)
    faces, where = labelled_faces(model, 'test', args.faces, info)
    difference = compare_landmarks(
        model, ThermalLandmarker(ExportedNetwork(out, model.head.decoder)),
        faces)
    print(f'{out} ({os.path.getsize(out) / 1e6:.2f} MB): against MMPose on '
          f'{len(faces)} faces ({where}) {difference}')
    return difference.is_small


def export_detector(model, args, out):
    info = described(model, 'detection', args)
    calibration = None
    if args.precision == 'int8':
        images, where = face_images(model, 'val', args.calibration_faces, info)
        calibration = np.concatenate([image for _, image, _ in images])
        print(f'calibrated on {len(images)} images: {where}')
    export_model(model, info, out, args.format, args.precision, True,
                 calibration)
    images, where = face_images(model, 'test', args.faces, info)
    difference, count = compare_boxes(
        model, ExportedNetwork(out, task='detection'), images)
    print(f'{out} ({os.path.getsize(out) / 1e6:.2f} MB): against MMDetection '
          f'on {len(images)} images ({where}) the corners of {count} boxes '
          f'differ by at most {difference:.4f} px')
    return difference <= TOLERANCE_PX


def main():
    args = parse_args()
    out = args.out or default_out(args)
    task = args.task
    try:
        if task is None:
            from mmengine.config import Config
            scope = Config.fromfile(args.config).get('default_scope')
            task = 'detection' if scope == 'mmdet' else 'landmarks'
        model = load_model((args.config, args.checkpoint), task)
        export = dict(
            landmarks=export_landmarks, detection=export_detector)[task]
        is_alike = export(model, args, out)
    except (OSError, ValueError, NotImplementedError) as error:
        sys.exit(f'export: {error}')
    # Half precision and int8 are judged by their error.
    if args.precision == 'fp32' and not is_alike:
        sys.exit('export: the exported model differs from the trained one: do '
                 'not deploy it')


if __name__ == '__main__':
    main()
