"""Find landmarks and skin temperatures in images, videos or a camera.

  mmpose-thermal predict --model student.onnx face.png
  mmpose-thermal predict --model student.onnx --detector detector.onnx 0 --show

Pictures (or a video), results.jsonl (a line for each frame) and results.csv (a
line for each face) go to the output folder; they are complete up to the last
frame whenever the command stops. The exit status is 1 if an input failed.
"""
import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.usage = '%(prog)s --model MODEL [options] INPUT [INPUT ...]'
    parser.add_argument(
        'inputs', nargs='+', metavar='INPUT',
        help='an image, folder, pattern, video, stack of frames (.npy, .npz, '
        ".tif) or a camera's number")
    parser.add_argument(
        '--model', required=True,
        help='an exported NAME.onnx, or NAME.pth with NAME.py beside it')
    parser.add_argument(
        '--detector', metavar='MODEL',
        help='find faces with this model; without it the whole image is taken '
        'as one face')
    parser.add_argument(
        '--device', help='run on onnx, cpu or cuda [onnx for .onnx, else cpu]')
    parser.add_argument(
        '--out-dir', default='work_dirs/predict', metavar='DIR',
        help='write results here [%(default)s]')
    parser.add_argument(
        '--show', action='store_true',
        help='show results in a window; q or Esc ends it')
    parser.add_argument(
        '--box', action='append', metavar='X1,Y1,X2,Y2',
        help='take this face in every frame instead of running a detector')
    parser.add_argument(
        '--sequence', action='store_true',
        help='treat images of a folder or pattern as a video: track faces')
    parser.add_argument(
        '--detect-every', type=int, default=10, metavar='N',
        help='detect in each Nth frame of a video and track faces between '
        '[%(default)s]')
    parser.add_argument(
        '--min-box-score', type=float, default=.4, metavar='SCORE',
        help='drop detections below this score [%(default)s]')
    parser.add_argument(
        '--palette', default='white-hot',
        help='read 8-bit images as white-hot, black-hot, iron, ... or by a '
        'palette file [%(default)s]')
    parser.add_argument(
        '--temperature-scale', type=float, metavar='K',
        help='read pixels as K * value + offset kelvin [0.01 for 16 bits, 1 '
        'for floats]')
    parser.add_argument(
        '--temperature-offset', type=float, default=0., metavar='K',
        help='the offset in kelvin [%(default)s]')
    parser.add_argument(
        '--max-frames', type=int, metavar='N',
        help='stop after N frames of each input')


def run(args: argparse.Namespace) -> int:
    """Runs the command; the exit status."""
    from .prediction_run import PredictionRun
    return PredictionRun(args).run()
