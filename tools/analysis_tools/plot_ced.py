"""Plots cumulative error distributions of several models on common axes."""
from errors_files import load_errors, parser_of

from mmpose_thermal.visualization import plot_ced, save_figure


def main():
    parser = parser_of(__doc__)
    parser.add_argument(
        '--limit', type=float, default=.2, help='largest NME shown '
        '(default: %(default)s)')
    parser.add_argument(
        '--threshold', type=float, default=.1, help='failure threshold to mark '
        '(default: %(default)s)')
    parser.add_argument('--out', default='ced', help='write NAME.png and '
                        'NAME.svg (default: %(default)s)')
    args = parser.parse_args()
    runs = {
        title: [faces.nme()]
        for title, faces in load_errors(args).items()
    }
    figure = plot_ced(runs, args.limit, args.threshold)
    print('\n'.join(save_figure(figure, args.out)))


if __name__ == '__main__':
    main()
