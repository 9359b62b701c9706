"""Show the training samples that a config feeds to the network.

Each picture shows the original images with box and landmarks, the augmented
crops with landmarks, and the target heatmaps; pairs show both modalities.
"""
import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--split', choices=('train', 'val', 'test'), default='train',
        help='show samples of this split [%(default)s]')
    parser.add_argument(
        '--out-dir', default='work_dirs/browse', metavar='DIR',
        help='write PNG files here [%(default)s]')
    parser.add_argument(
        '--show', action='store_true',
        help='open a window instead; any key continues, q quits')
    parser.add_argument(
        '--number', type=int, default=16, metavar='N',
        help='show N samples, evenly spread [%(default)s]')
    parser.add_argument(
        '--seed', type=int, default=0,
        help='random seed of augmentation [%(default)s]')
    parser.add_argument(
        '--cfg-options', nargs='+', metavar='KEY=VALUE', default=(),
        help='override config settings')


def run(args: argparse.Namespace) -> None:
    """Writes or shows the pictures."""
    from mmpose_thermal.components import register_components
    register_components()
    from pathlib import Path

    import cv2
    import numpy as np

    from mmpose_thermal.config_files import read_config
    from mmpose_thermal.runtime.atomic_file import write_picture
    from mmpose_thermal.visualization.sample_panels import sample_sheets
    config = read_config(args.config, f'{args.split}_dataloader')
    config.merge_from_dict(_parsed_options(args.cfg_options))
    out, count = Path(args.out_dir), 0
    np.random.seed(args.seed)
    for index, sheet in sample_sheets(config, args.split, args.number):
        if args.show:
            cv2.imshow('mmpose-thermal browse', sheet)
            if cv2.waitKey(0) & 0xff == ord('q'):
                break
            continue
        path = out / f'{args.split}_{index:06d}.png'
        write_picture(path, sheet)
        count += 1
    if not args.show:
        print(f'{count} pictures in {out}')


def _parsed_options(options):
    from mmengine.config import DictAction
    parser = argparse.ArgumentParser()
    parser.add_argument('--options', nargs='+', action=DictAction, default={})
    return parser.parse_args(['--options', *options] if options else []).options
