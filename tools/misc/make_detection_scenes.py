"""Renders scenes with people near and far, to train face detectors."""
import argparse
import multiprocessing
import os
import time
from pathlib import Path

import cv2
import numpy as np

from mmpose_thermal.datasets.converter_tools import write_json
from mmpose_thermal.processes import map_in_processes
from mmpose_thermal.synthetic.crowds import render_crowd, render_head

_SPLITS = ('train', 'val')
_HEADS = []  # of the split in work, shared with forked processes


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('out_dir', help='folder to write to')
    parser.add_argument('--train', type=int, default=2500, help='scenes')
    parser.add_argument('--val', type=int, default=100, help='scenes')
    parser.add_argument(
        '--people', type=int, default=500,
        help='different people in the training scenes, a tenth of them in the '
        'others')
    parser.add_argument('--seed', type=int, default=0, help='of everything')
    parser.add_argument(
        '--jobs', type=int, default=os.cpu_count(), help='processes')
    return parser.parse_args()


def render_one_head(key):
    return render_head(*key)


def write_scene(task):
    """Writes the image of a scene; returns its boxes and its size."""
    path, key = task
    crowd = render_crowd(_HEADS, np.random.default_rng(key))
    if not cv2.imwrite(str(path), crowd.grey, [cv2.IMWRITE_PNG_COMPRESSION, 1]):
        raise OSError(f'{path} could not be written.')
    return crowd.boxes.tolist(), crowd.grey.shape


def coco_json(scenes, names):
    images, annotations = [], []
    for index, ((boxes, (height, width)), name) in enumerate(
            zip(scenes, names), start=1):
        images.append(
            dict(id=index, file_name=name, width=width, height=height))
        for left, top, right, bottom in boxes:
            size = [right - left, bottom - top]
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=index,
                    category_id=1,
                    iscrowd=0,
                    bbox=[left, top, *(round(side, 2) for side in size)],
                    area=round(size[0] * size[1], 2)))
    return dict(
        info=dict(description='Rendered thermal scenes of mmpose_thermal'),
        images=images,
        annotations=annotations,
        categories=[dict(id=1, name='face')])


def main():
    args = parse_args()
    multiprocessing.set_start_method('fork', force=True)  # shares _HEADS
    started = time.perf_counter()
    out = Path(args.out_dir)
    for number, split in enumerate(_SPLITS):
        for folder in ('annotations', f'thermal/{split}'):
            (out / folder).mkdir(parents=True, exist_ok=True)
        people = max(args.people if split == 'train' else args.people // 10, 1)
        names = [f'thermal/{split}/{index:06d}.png'
                 for index in range(getattr(args, split))]
        seed = 2 * args.seed + number
        _HEADS[:] = map_in_processes(
            render_one_head, [(seed, one) for one in range(people)], args.jobs)
        scenes = map_in_processes(
            write_scene, [(out / name, [seed, 10**6 + index])
                          for index, name in enumerate(names)], args.jobs)
        write_json(out / 'annotations' / f'{split}.json',
                   coco_json(scenes, names))
    print(f'{args.train + args.val} scenes in {out} after '
          f'{time.perf_counter() - started:.0f} s')


if __name__ == '__main__':
    main()
