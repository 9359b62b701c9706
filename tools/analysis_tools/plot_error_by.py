"""Plots the error against a measurement: head pose, face size, distance."""
import sys

import numpy as np
from errors_files import load_errors, parser_of

from mmpose_thermal.visualization import plot_error_against, save_figure


def measurement(faces, field):
    """Returns a measurement of each face, (N, ); NaN if missing."""
    if field == 'size':
        return np.sqrt(np.prod(faces.boxes[:, 2:] - faces.boxes[:, :2], 1))
    values = [a.get(field) for a in faces.attributes]
    try:
        return np.array([np.nan if v is None else v for v in values], float)
    except ValueError:
        sys.exit(f'ERROR: "{field}" is not a number. compare_runs.py --by '
                 f'{field} lists the errors by value.')


def main():
    parser = parser_of(__doc__)
    parser.add_argument(
        '--field', default='yaw_deg', help='field of the annotation, or "size": '
        'square root of the box area in pixels (default: %(default)s)')
    parser.add_argument('--label', help='axis label (default: the field)')
    parser.add_argument(
        '--absolute', action='store_true', help='use absolute values, for '
        'example to combine yaw to both sides')
    parser.add_argument(
        '--bins', type=int, default=8, help='number of bins with equally many '
        'faces (default: %(default)s)')
    parser.add_argument('--out', help='write NAME.png and NAME.svg (default: '
                        'error_by_FIELD)')
    args = parser.parse_args()
    runs = load_errors(args)
    values = {t: measurement(faces, args.field) for t, faces in runs.items()}
    if all(np.isnan(v).all() for v in values.values()):
        sys.exit(f'ERROR: no face has the field "{args.field}". Known fields: '
                 f'{sorted(next(iter(runs.values())).attributes[0])} and '
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
