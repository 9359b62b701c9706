"""Plots the error against a measurement: head pose, face size, distance."""
import sys

import numpy as np
from errors_files import load_errors, parser_of

from mmpose_thermal.visualization import plot_error_against, save_figure


def measurement(faces, field):
    """A number of each face, (N, ); NaN where it is not stated."""
    if field == 'size':
        return np.sqrt(np.prod(faces.boxes[:, 2:] - faces.boxes[:, :2], 1))
    values = [a.get(field) for a in faces.attributes]
    try:
        return np.array([np.nan if v is None else v for v in values], float)
    except ValueError:
        sys.exit(f'ERROR: "{field}" is no number. compare_runs.py --by '
                 f'{field} lists the errors of its values.')


def main():
    parser = parser_of(__doc__)
    parser.add_argument(
        '--field', default='yaw_deg', help='of the annotation, or "size": '
        'root of the box area in pixels (default: %(default)s)')
    parser.add_argument('--label', help='of the axis (default: the field)')
    parser.add_argument(
        '--absolute', action='store_true', help='regardless of the sign, such '
        'as of yaw to either side')
    parser.add_argument(
        '--bins', type=int, default=8, help='of equally many faces (default: '
        '%(default)s)')
    parser.add_argument('--out', help='NAME.png and NAME.svg (default: '
                        'error_by_FIELD)')
    args = parser.parse_args()
    runs = load_errors(args)
    values = {t: measurement(faces, args.field) for t, faces in runs.items()}
    if all(np.isnan(v).all() for v in values.values()):
        sys.exit(f'ERROR: no face states "{args.field}". Known are '
                 f'{sorted(next(iter(runs.values())).attributes[0])}, and '
                 '"size".')
    if args.absolute:
        values = {title: np.abs(v) for title, v in values.items()}
    label = args.label or (
        'size of the face (px)' if args.field == 'size' else args.field)
    figure = plot_error_against(runs, label, values, args.bins)
    print('\n'.join(
        save_figure(figure, args.out or f'error_by_{args.field}')))


if __name__ == '__main__':
    main()
