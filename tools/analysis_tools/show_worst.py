"""Draws the faces with the largest errors on a contact sheet."""
import sys

from errors_files import load_errors, parser_of

from mmpose_thermal.runtime.atomic_file import write_picture
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
    try:
        write_picture(args.out, sheet)
    except (OSError, ValueError) as error:
        sys.exit(f'ERROR: {error}')
    print(args.out)


if __name__ == '__main__':
    main()
