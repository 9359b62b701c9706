"""Plots the losses and validation errors of trainings."""
import argparse
import sys

from mmpose_thermal.visualization import plot_training, save_figure, training_log


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'work_dirs', nargs='+', help='work directories of tools/train.py')
    parser.add_argument(
        '--titles', nargs='+', help='one title per training (default: the '
        'folders)')
    parser.add_argument('--out', default='training', help='write NAME.png and '
                        'NAME.svg (default: %(default)s)')
    return parser.parse_args()


def main():
    args = parse_args()
    titles = args.titles or args.work_dirs
    if len(titles) != len(args.work_dirs):
        sys.exit(f'ERROR: {len(args.work_dirs)} trainings need as many titles.')
    try:
        runs = {title: training_log(w) for title, w in zip(titles, args.work_dirs)}
    except FileNotFoundError as error:
        sys.exit(f'ERROR: {error}')
    print('\n'.join(save_figure(plot_training(runs), args.out)))


if __name__ == '__main__':
    main()
