"""Plots the errors of models on a face map, by point and region."""
from errors_files import load_errors, parser_of

from mmpose_thermal.visualization import plot_face_map, save_figure


def main():
    parser = parser_of(__doc__)
    parser.add_argument('--out', default='face_map', help='write NAME.png and '
                        'NAME.svg (default: %(default)s)')
    args = parser.parse_args()
    print('\n'.join(save_figure(plot_face_map(load_errors(args)), args.out)))


if __name__ == '__main__':
    main()
