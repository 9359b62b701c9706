"""Draws the README's picture: the shipped models on rendered thermal frames."""
import argparse

import cv2
import numpy as np

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.runtime.atomic_file import write_picture
from mmpose_thermal.runtime.drawing import draw_faces
from mmpose_thermal.synthetic import SyntheticSpec
from mmpose_thermal.synthetic.pictures import pictures_of

_COLUMNS, _SIDE = 5, 220


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--out', default='docs/images/shipped_model.jpg',
        help='picture to write [%(default)s]')
    parser.add_argument(
        '--people', type=int, nargs='+', default=list(range(2 * _COLUMNS)),
        help='numbers of the people to render, who were in no training')
    args = parser.parse_args()
    landmarker = ThermalLandmarker()
    spec = SyntheticSpec(seed=2026, size=256)
    tiles = [tile(landmarker, spec, person) for person in args.people]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % _COLUMNS)
    rows = [np.hstack(tiles[start:start + _COLUMNS])
            for start in range(0, len(tiles), _COLUMNS)]
    write_picture(args.out, np.vstack(rows))
    print(args.out)


def tile(landmarker, spec, person):
    """One rendered frame with what the models find in it."""
    picture = next(iter(pictures_of(spec, 'test', person, 1)))
    drawn = draw_faces(picture.thermal, landmarker(picture.thermal),
                       landmarker.info)
    return cv2.resize(drawn, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)


if __name__ == '__main__':
    main()
