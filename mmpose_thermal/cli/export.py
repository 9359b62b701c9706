"""Export a trained model to ONNX, TorchScript or OpenVINO.

This also writes NAME.onnx.json, which describes the model's input, points and
regions; `mmpose-thermal predict` needs both files. The exported model is
compared with MMPose's own inference on face crops.
"""
import argparse
import json
import os

from .parsers import at_least_one


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument('config', help='config of the model')
    parser.add_argument('checkpoint', help='checkpoint of the model')
    parser.add_argument(
        '--format', choices=('onnx', 'torchscript', 'openvino'),
        default='onnx', help='write this format [%(default)s]')
    parser.add_argument(
        '--precision', choices=('fp32', 'fp16', 'int8'), default='fp32',
        help='fp16 halves the file, int8 also computes in 8 bits [%(default)s]')
    parser.add_argument(
        '--no-decode', dest='decode', action='store_false',
        help="return the head's raw outputs instead of coordinates and scores "
        '(landmark models only; `predict` cannot use the result)')
    parser.add_argument(
        '--out', metavar='FILE',
        help='write this file [named after the checkpoint, plus the precision '
        'unless it is fp32]')
    parser.add_argument(
        '--faces', type=at_least_one, default=64, metavar='N',
        help='check on N test faces [%(default)s]')
    parser.add_argument(
        '--calibration-faces', type=at_least_one, default=128, metavar='N',
        help='calibrate int8 on N validation faces [%(default)s]')


def run(args: argparse.Namespace) -> None:
    """Exports and checks a model.

    Raises:
        ValueError: The exported fp32 model differs from the trained one.
    """
    from mmpose_thermal.components import register_components
    register_components()
    from mmpose_thermal.deployment import load_model
    task = _task_of(args.config)
    model = load_model((args.config, args.checkpoint), task)
    export = dict(landmarks=_export_landmarks, detection=_export_detector)[task]
    out = args.out or _default_out(args)
    try:
        is_alike = export(model, args, out)
    except KeyboardInterrupt:
        print(f'{out} was not checked: export it again.')
        raise
    # For fp16 and int8, the user judges the reported error.
    if args.precision == 'fp32' and not is_alike:
        raise ValueError('the exported model differs from the trained one: do '
                         'not deploy it')


def _task_of(config):
    """Tells detectors by their default scope, MMDetection's."""
    from mmpose_thermal.config_files import read_config
    scope = read_config(config, 'model').get('default_scope')
    return 'detection' if scope == 'mmdet' else 'landmarks'


def _default_out(args):
    from mmpose_thermal.deployment import FORMATS
    stem = os.path.splitext(args.checkpoint)[0]
    if args.precision != 'fp32':
        stem += '_' + args.precision
    return stem + FORMATS[args.format]


def _described(model, task, args):
    """Describes a model, with its config and checkpoint as source."""
    from mmpose_thermal.deployment import describe
    info = describe(model, task)
    info.source = dict(
        config=os.path.basename(args.config),
        checkpoint=os.path.basename(args.checkpoint))
    _take_calibration(info, args.checkpoint)
    return info


def _take_calibration(info, checkpoint):
    """Takes over that of the export which ships with a checkpoint, if any."""
    from mmpose_thermal.checkpoints import load_checkpoint
    beside = os.path.splitext(checkpoint)[0] + '.onnx.json'
    if not os.path.isfile(beside):
        return
    with open(beside) as file:
        exported = json.load(file)
    source = exported.get('source', {})
    meta = load_checkpoint(checkpoint).get('meta', {})
    if 'parameters' in meta and all(
            source.get(name) == meta.get(name) for name in ('config', 'parameters')):
        info.calibration = exported.get('calibration', {})
        info.source = source  # by which the next export knows it


def _export_landmarks(model, args, out):
    from mmpose_thermal.apis import ThermalLandmarker
    from mmpose_thermal.deployment import export_model
    from mmpose_thermal.deployment.verification import (ExportedNetwork,
                                                        compare_landmarks,
                                                        labelled_faces,
                                                        network_inputs)
    info = _described(model, 'landmarks', args)
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


def _export_detector(model, args, out):
    import numpy as np

    from mmpose_thermal.deployment import export_model
    from mmpose_thermal.deployment.verification import (TOLERANCE_PX,
                                                        ExportedNetwork,
                                                        compare_boxes,
                                                        face_images)
    info = _described(model, 'detection', args)
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
