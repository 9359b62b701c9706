"""Shows what a config's data loader gives the network.

Side by side: the original images with box and landmarks, the augmented crops
with theirs, and the target heatmaps. Of pairs, both modalities.
"""
import argparse
import copy
import sys
from pathlib import Path

import cv2
import mmengine
import numpy as np
from mmengine.config import Config, DictAction
from mmengine.registry import init_default_scope

from mmpose_thermal.visualization import (contact_sheet, draw_landmarks,
                                          fit_into, overlay_heatmaps)

_PANEL_PX = 256


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--split', choices=['train', 'val', 'test'], default='train')
    parser.add_argument(
        '--out-dir', default='work_dirs/browse', help='folder for the PNGs')
    parser.add_argument(
        '--show',
        action='store_true',
        help='a window instead of files; any key goes on, q ends')
    parser.add_argument(
        '--number', type=int, default=16, help='of samples, evenly spread')
    parser.add_argument('--seed', type=int, default=0, help='of augmentation')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction,
                        help='override settings of the config')
    return parser.parse_args()


def build_dataset(config, split):
    from mmpose.registry import DATASETS
    settings = copy.deepcopy(config[f'{split}_dataloader'].dataset)
    if settings.pipeline and 'Pack' in str(settings.pipeline[-1]['type']):
        settings.pipeline[-1]['pack_transformed'] = True
    return DATASETS.build(settings)


def as_image(tensor):
    """A packed image, (C, H, W), as OpenCV has it."""
    image = np.ascontiguousarray(tensor.numpy().transpose(1, 2, 0))
    return image if image.shape[2] == 3 else cv2.cvtColor(
        image, cv2.COLOR_GRAY2BGR)


def original_panels(dataset, index):
    """The images as they are loaded, before any geometry."""
    sample = dataset.get_data_info(index)
    for transform in dataset.pipeline.transforms:
        if not type(transform).__name__.startswith('Load'):
            break
        sample = transform(sample)
    images = sample['img'] if isinstance(sample['img'],
                                         list) else [sample['img']]
    first = images[0] if images[0].ndim == 3 else cv2.cvtColor(
        images[0], cv2.COLOR_GRAY2BGR)
    scale = max(first.shape) / _PANEL_PX
    visible = sample['keypoints_visible'][0].reshape(
        len(sample['keypoints'][0]), -1)[:, 0] > 0
    drawn = draw_landmarks(
        first, sample['keypoints'][0][visible], radius_px=max(1.8 * scale, 1))
    left, top, right, bottom = sample['bbox'][0].round().astype(int).tolist()
    cv2.rectangle(drawn, (left, top), (right, bottom), (0, 160, 255),
                  max(round(scale), 1))
    return [drawn, *images[1:]]


def network_panels(packed):
    """The crops that the network gets, and the targets."""
    inputs, labels = packed['inputs'], packed['data_samples']
    crops = [
        as_image(tensor) for tensor in (
            inputs.values() if isinstance(inputs, dict) else [inputs])
    ]
    panels = list(crops)
    instances = labels.gt_instances
    if 'transformed_keypoints' in instances:
        points = np.asarray(instances.transformed_keypoints)[0]
        visible = np.asarray(instances.keypoints_visible)[0].reshape(
            len(points), -1)[:, 0] > 0
        size = np.array(crops[0].shape[1::-1])
        panels = [
            draw_landmarks(crop, points[visible] *
                           (np.array(crop.shape[1::-1]) / size),
                           radius_px=max(crop.shape) / 140) for crop in crops
        ]
    if 'gt_fields' in labels and 'heatmaps' in labels.gt_fields:
        heatmaps = labels.gt_fields.heatmaps.numpy()
        panels.append(overlay_heatmaps(crops[0], heatmaps))
    return panels


def main():
    args = parse_args()
    config = Config.fromfile(args.config)
    if args.cfg_options:
        config.merge_from_dict(args.cfg_options)
    init_default_scope(config.get('default_scope', 'mmpose'))
    try:
        dataset = build_dataset(config, args.split)
    except (ValueError, FileNotFoundError) as error:
        sys.exit(f'browse_dataset: {error}')
    chosen = np.unique(
        np.linspace(0, len(dataset) - 1, args.number).round().astype(int))
    out = Path(args.out_dir)
    if not args.show:
        out.mkdir(parents=True, exist_ok=True)
    np.random.seed(args.seed)
    for index in mmengine.track_iter_progress(chosen.tolist()):
        try:
            panels = original_panels(dataset, index) + network_panels(
                dataset[index])
        except (ValueError, FileNotFoundError, KeyError) as error:
            sys.exit(f'\nbrowse_dataset: {error}')
        sheet = contact_sheet([[fit_into(panel, _PANEL_PX)
                                for panel in panels]])
        if args.show:
            cv2.imshow('browse_dataset', sheet)
            if cv2.waitKey(0) & 0xff == ord('q'):
                break
        else:
            name = f'{args.split}_{index:06d}.png'
            if not cv2.imwrite(str(out / name), sheet):
                sys.exit(f'\nbrowse_dataset: {out / name} could not be '
                         'written.')
    if not args.show:
        print(f'\n{len(chosen)} pictures in {out}')


if __name__ == '__main__':
    main()
