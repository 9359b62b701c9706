"""Time of converting T-FAKE at its full size.

Makes a tree of links to one thermal and one RGB file of the set's size and
kind, so that as many files are opened as in the real one, and converts it.
"""
import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

_CONVERTER = Path(__file__).parents[1] / 'dataset_converters/tfake2coco.py'


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument(
        '--entries', type=int, default=100_000, help='thermal images; half of '
        'them warm, half cold')
    parser.add_argument('--jobs', type=int, default=2, help='processes')
    return parser.parse_args()


def make_tree(root, frames):
    rng = np.random.default_rng(0)
    originals = dict(
        thermal=rng.integers(0, 65535, (512, 512)).astype(np.uint16),
        rgb=rng.integers(0, 255, (512, 512, 3)).astype(np.uint8))
    for name, image in originals.items():
        cv2.imwrite(str(root / f'{name}.png'), image)
    points = '\n'.join(f'{x:.4f} {y:.4f}'
                       for x, y in rng.uniform(100, 400, (70, 2)))
    for folder in ('warm', 'cold', 'FaceSynthetics'):
        (root / folder).mkdir()
    for frame in range(frames):
        stem = f'{frame:06d}'
        for condition in ('warm', 'cold'):
            (root / condition / f'{stem}_thermal.png').symlink_to(
                root / 'thermal.png')
        (root / f'FaceSynthetics/{stem}.png').symlink_to(root / 'rgb.png')
        (root / f'FaceSynthetics/{stem}_ldmks.txt').write_text(points)


def main():
    args = parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_tree(Path(folder), args.entries // 2)
        started = time.perf_counter()
        result = subprocess.run([
            sys.executable, str(_CONVERTER), folder, '--jobs', str(args.jobs)
        ])
        seconds = time.perf_counter() - started
    if result.returncode:
        sys.exit(result.returncode)
    print(f'{args.entries} entries in {seconds:.1f} s, {args.jobs} processes')


if __name__ == '__main__':
    main()
