"""Draws the faces with the largest errors on a contact sheet."""
import sys

import cv2
from errors_files import load_errors, parser_of

from mmpose_thermal.visualization import worst_faces


def main():
    parser = parser_of(__doc__, many=False)
    parser.add_argument(
        '--count', type=int, default=24, help='number of faces (default: '
        '%(default)s)')
    parser.add_argument(
        '--out', default='worst_faces.png', help='picture to write (default: '
        '%(default)s)')
    args = parser.parse_args()
    faces, = load_errors(args).values()
    try:
        sheet = worst_faces(faces, args.count)
    except (OSError, ValueError) as error:
        sys.exit(f'ERROR: {error} Run this in the folder where you ran the test.')
    if not cv2.imwrite(args.out, sheet):
        sys.exit(f'ERROR: {args.out} could not be written.')
    print(args.out)


if __name__ == '__main__':
    main()
