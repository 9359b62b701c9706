"""Find landmarks and skin temperatures in images, videos or a camera.

  mmpose-thermal predict face.png
  mmpose-thermal predict 0 --camera lepton --show
  mmpose-thermal predict rtsp://HOST/PATH
  mmpose-thermal predict --model student.onnx --detector face_detector video.mp4

The output folder gets pictures (or a video), results.jsonl (one line per frame)
and results.csv (one line per face). Of cameras and streams, frames that cannot
be processed in time are dropped. If the command is stopped, the results so far
are kept. The exit status is 1 if an input failed, and 130 if the command was
stopped before the end of a file.
"""
import argparse

from .parsers import add_input_arguments, add_model_arguments, at_least_one
from .stopping import stop_on_signals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.usage = '%(prog)s [options] INPUT [INPUT ...]'
    parser.add_argument(
        'inputs', nargs='+', metavar='INPUT',
        help='an image, folder, glob pattern, video, stack of frames (.npy, '
        '.npz, .tif), camera index, /dev/videoN or address of a stream')
    add_model_arguments(parser)
    add_input_arguments(parser)
    parser.add_argument(
        '--out-dir', default='work_dirs/predict', metavar='DIR',
        help='write results here [%(default)s]')
    parser.add_argument(
        '--show', action='store_true',
        help='show results in a window; q or Esc quits')
    parser.add_argument(
        '--box', action='append', metavar='X1,Y1,X2,Y2',
        help='use this face box in every frame instead of a detector, in pixels '
        'of the thermal image, not of the enlarged picture that is written')
    parser.add_argument(
        '--sequence', action='store_true',
        help='treat the images of a folder or pattern as a video')
    parser.add_argument(
        '--detect-every', type=at_least_one, default=10, metavar='N',
        help='in videos, detect faces in every Nth frame and track them in '
        'between [%(default)s]')
    parser.add_argument(
        '--min-box-score', type=float, default=.5, metavar='SCORE',
        help='drop detections below this score [%(default)s]')
    parser.add_argument(
        '--min-face-score', type=float, metavar='SCORE',
        help='drop faces without --box whose landmarks score lower on average '
        '[0; 0.3 where faces are tracked]')
    parser.add_argument(
        '--palette', metavar='NAME',
        help='palette of 8-bit images: white-hot, black-hot, iron, ... or a '
        'palette file; of radiometric JPEGs, read the picture [white-hot; '
        'radiometric JPEGs by their temperatures]')
    parser.add_argument(
        '--temperature-scale', type=float, metavar='K',
        help='read pixels as K * value + offset kelvin [0.01 for 16 bits, 1 '
        'for floats]')
    parser.add_argument(
        '--temperature-offset', type=float, default=0., metavar='K',
        help='offset in kelvin [%(default)s]')
    parser.add_argument(
        '--picture-palette', metavar='NAME', default='white-hot',
        help='draw on pictures of this palette [%(default)s]')
    parser.add_argument(
        '--regions', action='store_true',
        help='outline the skin regions that have a temperature')
    parser.add_argument(
        '--max-frames', type=at_least_one, metavar='N',
        help='stop after N frames of each input')


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns the exit status."""
    from .prediction_run import PredictionRun
    stop_on_signals()
    return PredictionRun(args).run()
