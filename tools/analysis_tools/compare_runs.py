"""Compares models on the same faces; the first one is the baseline."""
import json
import sys

from errors_files import load_errors, parse_by, parser_of

from mmpose_thermal.evaluation import (area_under_ced, bootstrap_interval,
                                       failure_rate, paired_difference,
                                       threshold_label)
from mmpose_thermal.runtime.atomic_file import write_text


def parse_args():
    parser = parser_of(__doc__ + ' Values are in percent; confidence intervals '
                       'are 95 %.')
    parser.add_argument(
        '--threshold', type=float, default=.1, help='threshold of FR and AUC '
        '(default: %(default)s)')
    parser.add_argument(
        '--by', metavar='FIELD[:EDGE,EDGE,...]', help='group errors by an '
        'attribute of the faces, such as glasses or yaw_deg:-60,-20,20,60')
    parser.add_argument('--out', help='write the numbers as JSON')
    return parser.parse_args()


def summary(faces, baseline, threshold):
    """Computes the measures of one model, in percent."""
    errors = 100 * faces.nme()
    low, high = bootstrap_interval(errors, faces.subjects())
    row = {
        'NME': errors.mean(),
        'interval': [low, high],
        'FR': 100 * failure_rate(errors, 100 * threshold),
        'AUC': 100 * area_under_ced(errors, 100 * threshold),
    }
    if baseline is not None and faces is not baseline:
        if faces.images != baseline.images or faces.ids != baseline.ids:
            sys.exit('ERROR: the files have different faces. Test all models '
                     'on the same annotation file.')
        found = paired_difference(
            errors, 100 * baseline.nme(), faces.subjects())
        row['difference'] = vars(found)
    return row


def parts_of(faces, by):
    """Computes NME in percent by attribute and region."""
    parts = {
        f'region {name}': 100 * values[values == values].mean()
        for name, values in faces.region_nme().items()
    }
    if by:
        field, edges = parse_by(by)
        try:
            groups = faces.groups(field, edges)
        except ValueError as error:
            sys.exit(f'ERROR: --by {by}: {error}')
        errors = 100 * faces.nme()
        parts.update({
            f'{field} {label} ({len(chosen)})': errors[chosen].mean()
            for label, chosen in groups.items()
        })
    return parts


def main():
    args = parse_args()
    runs = load_errors(args)
    baseline = next(iter(runs.values()))
    width = max(map(len, runs))
    label = threshold_label(args.threshold)
    found = {}
    print(f'{len(baseline)} faces; with one training per model, p does not '
          'generalise to other trainings')
    for title, faces in runs.items():
        row = found[title] = summary(faces, baseline, args.threshold)
        low, high = row['interval']
        line = (f'{title:{width}}  NME {row["NME"]:6.2f} [{low:.2f}, '
                f'{high:.2f}]  FR@{label} {row["FR"]:6.2f}  '
                f'AUC@{label} {row["AUC"]:6.2f}')
        if 'difference' in row:
            d = row['difference']
            line += (f'  against the first {d["mean"]:+.2f} [{d["low"]:+.2f}, '
                     f'{d["high"]:+.2f}], p {d["p_value"]:.3g}')
        print(line)
    parts = {title: parts_of(faces, args.by) for title, faces in runs.items()}
    names = list(dict.fromkeys(name for part in parts.values()
                               for name in part))
    if names:
        print('\nNME by part, one column per model, in the order above')
    for name in names:
        print(f'{name:32}' + ''.join(
            f'{part.get(name, float("nan")):8.2f}' for part in parts.values()))
    for title, part in parts.items():
        found[title]['parts'] = part
    if args.out:
        write_text(args.out, json.dumps(found, indent=1))


if __name__ == '__main__':
    main()
