"""Plots the losses and validation errors of trainings."""
import argparse
import glob
import json
import os.path as osp
import sys

from mmpose_thermal.visualization import plot_training, save_figure


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


def lines_of(work_dir):
    """Reads the log of a training, including all parts of a resumed one."""
    found = {}
    # Later parts replace steps that were repeated after resuming.
    for path in sorted(glob.glob(
            osp.join(work_dir, '2*', 'vis_data', 'scalars.json'))):
        with open(path) as file:
            for text in file:
                line = json.loads(text)
                if 'step' in line:
                    found['lr' in line, line['step']] = line
    if not found:
        sys.exit(f'ERROR: {work_dir} holds no log of a training '
                 '(*/vis_data/scalars.json). Give the --work-dir of '
                 'tools/train.py.')
    return [found[key] for key in sorted(found)]


def main():
    args = parse_args()
    titles = args.titles or args.work_dirs
    if len(titles) != len(args.work_dirs):
        sys.exit(f'ERROR: {len(args.work_dirs)} trainings need as many titles.')
    runs = {title: lines_of(w) for title, w in zip(titles, args.work_dirs)}
    print('\n'.join(save_figure(plot_training(runs), args.out)))


if __name__ == '__main__':
    main()
