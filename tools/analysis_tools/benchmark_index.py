"""Start-up time and memory of a data set of very many pairs.

Writes an annotation file of --pairs synthetic pairs (54 points; images are
not needed and not looked for), starts a data set on it without and with its
index, and reads random samples in worker processes.
"""
import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

_POINTS = 54
_READS = 20_000


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--pairs', type=int, default=1_000_000, help='[%(default)s]')
    parser.add_argument(
        '--index-only',
        action='store_true',
        help='make the index of 20,000 pairs, repeated: to parse a JSON file of '
        'a million faces takes more memory than most machines have')
    # How the tool calls itself: one start, one worker.
    parser.add_argument('--start', metavar='FOLDER', help=argparse.SUPPRESS)
    parser.add_argument('--kept', action='store_true', help=argparse.SUPPRESS)
    return parser.parse_args()


def write_annotations(path, first, count):
    rng = np.random.default_rng(first)
    with open(path, 'w') as file:
        file.write('{"images":[')
        for i in range(first, first + count):
            file.write(',' * (i > first) + json.dumps(
                dict(id=i, file_name=f'thermal/{i:07d}.png', width=640,
                     height=512, subject_id=i // 10,
                     rgb_file_name=f'rgb/{i:07d}.png')))
        file.write('],"annotations":[')
        for i in range(first, first + count):
            points = np.full((_POINTS, 3), 2)
            points[:, :2] = rng.integers(100, 400, (_POINTS, 2))
            file.write(',' * (i > first) + json.dumps(
                dict(id=i, image_id=i, category_id=1, iscrowd=0,
                     bbox=[90, 90, 320, 320], area=102400,
                     num_keypoints=_POINTS,
                     keypoints=points.ravel().tolist())))
        file.write('],"categories":[{"id":1,"name":"face"}]}')


def dataset_of(path, index, **options):
    from mmengine.registry import init_default_scope

    from mmpose_thermal.datasets.datasets import SFTL54Dataset
    init_default_scope('mmpose')

    class WithoutImages(SFTL54Dataset):

        def _check_files(self, data_list):
            """There are none."""

        def _check_first_image(self, data_list):
            """There is none."""

    return WithoutImages(
        ann_file=str(path), index=index and str(index), with_rgb=True,
        pipeline=[], **options)


def memory_mb():
    """Resident memory: its own share, and with what it maps.

    Pages of a file are the system's, shared by all who map it and given back
    when memory is short: they are in the second number only.
    """
    fields = dict(
        line.split(':', 1)
        for line in Path('/proc/self/smaps_rollup').read_text().splitlines()
        if ':' in line)
    return [float(fields[name].split()[0]) / 1024
            for name in ('Pss_Anon', 'Rss')]


def start(folder, kept):
    """One start-up, then what a worker sees."""
    import mmpose_thermal.datasets.datasets  # noqa: F401  not timed
    before = time.perf_counter()
    dataset = dataset_of(Path(folder) / 'all.json',
                         Path(folder) / 'index' if kept else None)
    seconds = time.perf_counter() - before
    peak = float(
        Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])
    import torch.multiprocessing as processes
    queue = processes.get_context('fork').Queue()

    def worker():
        own = random.Random(0)
        began = time.perf_counter()
        for _ in range(_READS):
            dataset.get_data_info(own.randrange(len(dataset)))
        queue.put((_READS / (time.perf_counter() - began), *memory_mb()))

    process = processes.get_context('fork').Process(target=worker)
    process.start()
    rate, private, total = queue.get()
    process.join()
    print(json.dumps(
        dict(pairs=len(dataset), seconds=seconds, peak_mb=peak / 1024,
             bytes_a_pair=int(dataset.data_bytes.nbytes / len(dataset)),
             reads_per_s=rate, worker_private_mb=private,
             worker_total_mb=total)))


def in_a_process(folder, kept):
    output = subprocess.run(
        [sys.executable, __file__, '--start', str(folder)] +
        ['--kept'] * kept, capture_output=True, text=True)
    if output.returncode:
        sys.exit(f'benchmark_index: {output.stderr[-2000:]}')
    found = json.loads(output.stdout.splitlines()[-1])
    print(f'{"from the index" if kept else "from JSON":15s} '
          f'{found["seconds"]:8.1f} s to start ({found["pairs"]} pairs), peak '
          f'{found["peak_mb"]:.0f} MB, {found["bytes_a_pair"]} bytes a pair; '
          f'a worker after {_READS} reads: {found["worker_private_mb"]:.0f} MB '
          f'of its own, {found["worker_total_mb"]:.0f} MB with what it '
          f'maps and shares, {found["reads_per_s"]:.0f} samples/s', flush=True)


def write_index(folder, pairs):
    """The index of so many pairs: those of a smaller file, repeated."""
    from mmpose_thermal.datasets.kept_index import save_index
    part, step = Path(folder) / 'part.json', min(20_000, pairs)
    write_annotations(part, 0, step)
    dataset = dataset_of(part, None)
    samples, ends = (np.array(values) for values in
                     (dataset.data_bytes, dataset.data_address))
    repeats = -(-pairs // step)
    addresses = np.concatenate(
        [ends + index * len(samples) for index in range(repeats)])[:pairs]
    samples = np.tile(samples, repeats)[:addresses[-1]]
    whole = Path(folder) / 'all.json'
    whole.write_text('{}')
    mark = dataset_of(whole, None, lazy_init=True).index_mark()
    save_index(str(Path(folder) / 'index'), mark, samples, addresses, {})


def main():
    args = parse_args()
    if args.start:
        return start(args.start, args.kept)
    with tempfile.TemporaryDirectory() as folder:
        if args.index_only:
            write_index(folder, args.pairs)
        else:
            write_annotations(Path(folder) / 'all.json', 0, args.pairs)
            in_a_process(folder, False)
            dataset_of(Path(folder) / 'all.json', Path(folder) / 'index')
        in_a_process(folder, True)


if __name__ == '__main__':
    main()
