"""Times FaceAlignmentMetric, compared with MMPose's NME."""
import argparse
import time

import numpy as np
from mmpose.registry import METRICS

import mmpose_thermal  # noqa: F401


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--faces', type=int, default=10000)
    parser.add_argument('--points', type=int, default=478)
    parser.add_argument('--repeats', type=int, default=3)
    return parser.parse_args()


def random_samples(faces, points):
    """Makes predictions and truth in the format of a test loop."""
    rng = np.random.default_rng(0)
    truth = rng.uniform(0, 256, (faces, 1, points, 2)).astype(np.float32)
    predicted = truth + rng.normal(0, 3, truth.shape).astype(np.float32)
    visible = np.ones((faces, 1, points), np.float32)
    box = np.array([[0, 0, 256, 256]], np.float32)
    return [
        dict(
            img_path=f'{index}.png',
            id=index,
            raw_ann_info=dict(subject_id=index // 10, yaw_deg=index % 90),
            pred_instances=dict(keypoints=predicted[index]),
            gt_instances=dict(
                keypoints=truth[index],
                keypoints_visible=visible[index],
                bboxes=box)) for index in range(faces)
    ]


def main():
    args = parse_args()
    samples = random_samples(args.faces, args.points)
    eyes, meta = [0, 1], dict(
        dataset_name='random',
        keypoint_id2name={i: str(i) for i in range(args.points)},
        interocular=([0], [1]),
        interpupil=([0, 2], [1, 3]),
        regions=dict(
            one=list(range(args.points // 2)),
            other=list(range(args.points // 2, args.points))))
    everything = dict(
        type='FaceAlignmentMetric',
        normalizers=['interocular', 'interpupil', 'box', 'box_diagonal'],
        thresholds=[.05, .08, .1],
        regions=True,
        attributes=[dict(field='yaw_deg', edges=[0, 30, 60, 90])],
        confidence=.95)
    candidates = {
        'FaceAlignmentMetric, default': dict(type='FaceAlignmentMetric'),
        'FaceAlignmentMetric, everything': everything,
        "MMPose's NME": dict(
            type='NME', norm_mode='keypoint_distance', keypoint_indices=eyes),
    }
    print(f'{args.faces} faces x {args.points} points, seconds, best of '
          f'{args.repeats}')
    times = {name: [] for name in candidates}
    for _ in range(args.repeats):
        for name, config in candidates.items():
            metric = METRICS.build(config)
            metric.dataset_meta = meta
            for sample in samples:  # MMPose's NME modifies its samples
                sample['gt_instances'].pop('mask', None)
            started = time.perf_counter()
            for start in range(0, len(samples), 64):
                metric.process(None, samples[start:start + 64])
            metric.evaluate(len(samples))
            times[name].append(time.perf_counter() - started)
    for name, seconds in times.items():
        print(f'{name:34}{min(seconds):7.2f}')


if __name__ == '__main__':
    main()
