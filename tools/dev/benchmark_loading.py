"""Times the loading of pairs, compared with MMPose loading the same images.

For comparison, MMPose's single-image pipeline runs once for the thermal and once for
the RGB image ("two passes"), and also without the target in the second pass ("one
target"), which is the same amount of work as ours. Ours is also timed with MMPose's
RandomBBoxTransform. All variants are interleaved on the same samples in one process.
With --workers, the training pipeline of a config is also timed with worker processes,
with and without cached images (--cache).
"""
import argparse
import sys
import tempfile
import time
from functools import partial

import cv2
import numpy as np
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmpose_thermal  # noqa: F401  registers the transforms
from mmpose_thermal.apis import time_in_turns


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument(
        '--data-root', default='data/synthetic', help='folder of aligned pairs')
    parser.add_argument(
        '--ann-file', default='annotations/train.json',
        help='annotation file, relative to the folder')
    parser.add_argument(
        '--samples', type=int, default=200, help='samples per round')
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument(
        '--input-size', type=int, default=256, help='side of the crops')
    parser.add_argument(
        '--workers', type=int, nargs='+', default=[],
        help='numbers of worker processes to time')
    parser.add_argument(
        '--config',
        default='configs/thermal_face_2d_keypoint/mlcm_kd/sftl54/'
        'ktl-dikd_hrnetv2-w18_1xb64-60e_sftl54-256x256.py',
        help='config of the training pipeline for --workers')
    return parser.parse_args()


def by_workers(args):
    """Measures pairs/s of a training pipeline, from files and from a cache."""
    from mmengine.dataset import pseudo_collate, worker_init_fn
    from mmpose.registry import DATASETS
    from torch.utils.data import DataLoader, RandomSampler
    steps = Config.fromfile(args.config).train_dataloader.dataset.pipeline
    print(f'\ntraining pipeline of {args.config}: pairs/s')
    with tempfile.TemporaryDirectory(
            dir='/dev/shm' if sys.platform == 'linux' else None) as folder:
        for cache in (None, f'{folder}/images.lmdb'):
            dataset = DATASETS.build(
                dict(
                    type='ThermalFaceDataset',
                    data_root=args.data_root,
                    ann_file=args.ann_file,
                    with_rgb=True,
                    cache=cache,
                    pipeline=steps))
            if cache:  # the first epoch fills it
                for index in range(len(dataset)):
                    dataset[index]
            for workers in args.workers:
                # In proportion, so that what was loaded ahead does not count.
                samples = args.samples * max(workers, 1)
                loader = DataLoader(
                    dataset,
                    16,
                    sampler=RandomSampler(
                        dataset, True, (2 + args.rounds) * samples),
                    num_workers=workers,
                    collate_fn=pseudo_collate,
                    worker_init_fn=lambda index: worker_init_fn(
                        index, workers, 0, 0))
                batches = iter(loader)
                warm = 2 * samples // 16
                for _ in range(warm):
                    next(batches)
                start, count = time.perf_counter(), 0
                for batch in batches:
                    count += len(batch['data_samples'])
                rate = count / (time.perf_counter() - start)
                how = 'kept in memory' if cache else 'from files'
                print(f'{how:15s} {workers:2d} workers {rate:8.1f}', flush=True)


def geometry(size, boxes='RandomBBoxTransform'):
    return [
        dict(type='GetBBoxCenterScale'),
        dict(type='RandomFlip', direction='horizontal'),
        dict(type=boxes),
        dict(type='TopdownAffine', input_size=(size, size)),
    ]


def target(size):
    return dict(
        type='GenerateTarget',
        encoder=dict(
            type='MSRAHeatmap',
            input_size=(size, size),
            heatmap_size=(size // 4, size // 4),
            sigma=2.))


def compose(steps):
    from mmpose.registry import TRANSFORMS
    return Compose([TRANSFORMS.build(step) for step in steps])


def main():
    args = parse_args()
    cv2.setNumThreads(1)
    init_default_scope('mmpose')
    from mmpose.registry import DATASETS
    try:
        dataset = DATASETS.build(
            dict(
                type='ThermalFaceDataset',
                data_root=args.data_root,
                ann_file=args.ann_file,
                with_rgb=True))
    except (FileNotFoundError, ValueError) as error:
        sys.exit(f'benchmark_loading: {error}')
    size = args.input_size
    ours, slow_boxes = (compose([
        dict(type='LoadThermalImage'),
        dict(type='LoadRGBPartner'), *geometry(size, boxes),
        target(size),
        dict(type='PackPairInputs')
    ]) for boxes in ('FastRandomBBoxTransform', 'RandomBBoxTransform'))
    single = compose([
        dict(type='LoadImage'), *geometry(size),
        target(size),
        dict(type='PackPoseInputs')
    ])
    no_target = compose([
        dict(type='LoadImage'), *geometry(size),
        dict(type='PackPoseInputs')
    ])

    def of_rgb(sample):
        return dict(sample, img_path=sample['rgb_path'])

    ways = {
        'ours, pairs': lambda info: ours(info()),
        "ours, MMPose's RandomBBoxTransform": lambda info: slow_boxes(info()),
        'MMPose, two passes': lambda info:
        (single(info()), single(of_rgb(info()))),
        'MMPose, two passes, one target': lambda info:
        (single(info()), no_target(of_rgb(info()))),
    }
    def a_pass(way):
        np.random.seed(0)  # the same augmentation for all variants
        for index in range(args.samples):
            way(lambda: dataset.get_data_info(index % len(dataset)))

    times = time_in_turns(
        {name: partial(a_pass, way) for name, way in ways.items()}, args.rounds,
        warmup=1)
    print(f'{args.samples} pairs, {size}x{size} crops, one process, median of '
          f'{args.rounds} rounds')
    for name, ms in times.items():
        ratio = np.median(ms / times['ours, pairs'])
        print(f'{name:34s} {1e3 * args.samples / np.median(ms):7.1f} pairs/s   '
              f'ours is {ratio:.2f} times as fast')
    if args.workers:
        by_workers(args)


if __name__ == '__main__':
    main()
