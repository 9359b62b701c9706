"""Exports a trained pose estimator to ONNX and checks it numerically."""
import argparse
import os
import sys

from mmpose.apis import init_model

import mmpose_thermal  # noqa: F401
from mmpose_thermal.apis import compare_with_pytorch, export_onnx

# float32 in another order of summation differs by about 1e-6.
_TOLERANCE = 1e-4


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('config', help="the student's own stock config")
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument(
        '--out', help='the file to write (default: beside the checkpoint)')
    return parser.parse_args()


def main():
    args = parse_args()
    out = args.out or os.path.splitext(args.checkpoint)[0] + '.onnx'
    for path in (args.config, args.checkpoint):
        if not os.path.isfile(path):
            sys.exit(f'export: {path} does not exist')
    model = init_model(args.config, args.checkpoint, device='cpu')
    input_size = model.cfg.codec['input_size']
    export_onnx(model, out, input_size)
    difference = compare_with_pytorch(model, out, input_size)
    print(f'{out}: largest difference to PyTorch {difference:.1e} of the '
          'largest heatmap value')
    if difference > _TOLERANCE:
        sys.exit(f'export: that is above {_TOLERANCE:.0e}: do not deploy it')


if __name__ == '__main__':
    main()
