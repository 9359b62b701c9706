"""Times training steps of a distillation in several variants.

The floor is the unavoidable cost of a distillation step: the plain student's step
(without MMPose's accuracy, which copies all outputs to the host), the teacher's forward
pass without gradient and, for DIKD, one forward and backward pass through each head.
For comparison, FD and LD are also timed in the style of MMRazor (the teacher's whole
`loss`, with recorders) and as a naive loop (which builds the teacher's graph).
"Contiguous" is ours without channels_last; "unlabelled" has seven of eight pairs
without labels; the floor of two teachers has both. A step is BaseModel.train_step,
from uint8 images to updated weights. Images and weights are random; they do not affect
speed. With --compile, DIKD alone is timed, with and without compiled networks. On one
CPU thread (OMP_NUM_THREADS=1), CPU time counts, so that other programs disturb little.
"""
import argparse
import copy
import json
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from distillation_floor import parts_of_floor
from mmengine.config import Config, DictAction
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from peer_distillers import LossOfBoth
from torch.utils._python_dispatch import TorchDispatchMode

_CONFIG = ('configs/thermal_face_2d_keypoint/mlcm_kd/synthetic/'
           'ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py')
_FD_LD = dict(
    loss_fd=dict(type='FeatureDistillLoss'), loss_ld=dict(type='LogitDistillLoss'))
_DIKD = dict(loss_dikd=dict(type='DIKDLoss'))
_OF_A_TEACHER = ('teacher forward', 'student head, injected',
                 'teacher head, injected')
_FLOOR = ('plain', *_OF_A_TEACHER)
# Fields of the teacher and the student.
_COMPILED = dict(
    teacher=(dict(compile=dict(mode='reduce-overhead')), {}),
    both=(dict(compile=True), dict(compile=True)))


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'config', nargs='?', default=_CONFIG,
        help='distillation config; the teacher needs no checkpoint [%(default)s]')
    parser.add_argument(
        '--batch', type=int, default=32, help='pairs per step [%(default)s]')
    parser.add_argument(
        '--device', default='cuda' if torch.cuda.is_available() else 'cpu',
        help='[%(default)s]')
    parser.add_argument(
        '--amp', choices=('bfloat16', 'float16'), help='mixed precision (GPUs only)')
    parser.add_argument(
        '--rounds', type=int, default=15, help='timed steps per variant [%(default)s]')
    parser.add_argument(
        '--teacher', nargs='+', action=DictAction, default={},
        help='further fields of our teacher, such as dtype=bfloat16')
    parser.add_argument(
        '--compile', choices=sorted(_COMPILED),
        help='time DIKD with the teacher as a CUDA graph, or with both networks '
        'compiled, against DIKD as it is')
    parser.add_argument('--out', help='write all numbers to this JSON file')
    args = parser.parse_args()
    if not Path(args.config).is_file():
        sys.exit(f'benchmark_training: {args.config} does not exist')
    if args.amp and args.device == 'cpu':
        sys.exit('benchmark_training: --amp needs a GPU')
    return args


def built(config):
    from mmpose.registry import MODELS
    return MODELS.build(copy.deepcopy(config))


def random_batch(student, size, count):
    """Makes images and targets like a data loader; size is (height, width)."""
    from mmpose.testing import get_packed_inputs
    decoder = student.head.decoder
    heatmap_size = getattr(decoder, 'heatmap_size', None)
    return get_packed_inputs(
        count, num_keypoints=student.head.out_channels, img_shape=size,
        input_size=size[::-1], heatmap_size=heatmap_size or (1, 1),
        simcc_split_ratio=getattr(decoder, 'simcc_split_ratio', 1.),
        with_heatmap=heatmap_size is not None)


class Setup:
    """The models of a distillation with random weights, and one batch."""

    def __init__(self, args):
        from mmpose_thermal.models.distillers.building import model_config
        self.args, self.device = args, torch.device(args.device)
        model = Config.fromfile(args.config).model
        self.student, self.teacher = (
            copy.deepcopy(model_config(model[name]['config'], name))
            for name in ('student', 'teacher'))
        for config in (self.student, self.teacher):
            config['backbone'].pop('init_cfg', None)
            config['test_cfg'] = {}
        self.fields = dict(model, student=dict(config=self.student))
        self.distiller = self.of_ours(_DIKD)
        size = self.distiller._student_probe.image_size
        self.thermal = self.pairs = random_batch(
            self.distiller.student, size, args.batch)
        names = {self.distiller.student_input, self.fields['teacher_input']}
        if len(names) > 1:  # random images can serve both modalities
            self.pairs = dict(self.thermal, inputs={
                name: self.thermal['inputs'] for name in names})

    def of_ours(self, losses, compiled=({}, {}), has_two=False, **fields):
        with tempfile.TemporaryDirectory() as folder:
            path = f'{folder}/teacher.pth'
            torch.save(dict(state_dict=built(self.teacher).state_dict()), path)
            of_teacher, of_student = compiled
            teacher = dict(config=self.teacher, checkpoint=path,
                           **{**self.args.teacher, **of_teacher})
            teachers = dict(teacher=teacher, distill_losses=losses)
            if has_two:
                teachers = dict(distill_losses=None, teacher={
                    which: dict(teacher, distill_losses={
                        f'{name}_{which}': loss for name, loss in losses.items()})
                    for which in ('first', 'second')})
            return built({
                **self.fields, 'type': 'CrossModalDistiller', **teachers,
                'student': dict(self.fields['student'], **of_student), **fields})

    def hardly_labelled(self):
        """The pairs, one of eight labelled."""
        pairs = copy.deepcopy(self.pairs)
        for number, sample in enumerate(pairs['data_samples']):
            if number % 8:
                sample.gt_instance_labels.keypoint_weights.zero_()
        return pairs

    def frozen_teacher(self, trainable=False):
        teacher = built(self.teacher).requires_grad_(trainable)
        return teacher.to(self.device).eval()

    def step(self, model, batch):
        """Returns a function that trains a model for one step."""
        model = model.to(self.device).train()
        # SGD, since Adam reads its step counters from the CPU.
        wrapper = build_optim_wrapper(model, dict(
            dict(type='AmpOptimWrapper', dtype=self.args.amp) if self.args.amp else
            dict(type='OptimWrapper'),
            optimizer=dict(type='SGD', lr=1e-5, momentum=.9)))
        return lambda: model.train_step(copy.copy(batch), wrapper)

    def precision(self):
        return torch.autocast(
            self.device.type, dtype=getattr(torch, self.args.amp or 'bfloat16'),
            enabled=bool(self.args.amp))

    def ways(self):
        """Returns all functions to time, by name."""
        return self.compiled_ways() if self.args.compile else self.eager_ways()

    def compiled_ways(self):
        which = self.args.compile
        model = self.of_ours(_DIKD, compiled=_COMPILED[which])
        return {
            'DIKD': self.step(self.distiller, self.pairs),
            f'DIKD, {which} compiled': self.step(model, self.pairs),
        }

    def eager_ways(self):
        plain = dict(self.student, train_cfg=dict(compute_acc=False))
        fd_ld, contiguous = self.of_ours(_FD_LD), dict(channels_last=False)
        mmrazor, naive = (
            LossOfBoth(built(self.student), self.frozen_teacher(graph), self.fields,
                       fd_ld.distill_losses, graph) for graph in (False, True))
        return {
            **parts_of_floor(self.distiller.to(self.device), self.frozen_teacher(),
                             self.fields, self.pairs, self.precision),
            'plain': self.step(built(plain), self.thermal),
            'plain, MMPose': self.step(built(self.student), self.thermal),
            'DIKD': self.step(self.distiller, self.pairs),
            'DIKD, contiguous': self.step(
                self.of_ours(_DIKD, **contiguous), self.pairs),
            'DIKD, unlabelled': self.step(
                self.of_ours(_DIKD, unlabelled=dict()), self.hardly_labelled()),
            'DIKD, two teachers': self.step(
                self.of_ours(_DIKD, has_two=True), self.pairs),
            'FD+LD': self.step(fd_ld, self.pairs),
            'FD+LD, contiguous': self.step(
                self.of_ours(_FD_LD, **contiguous), self.pairs),
            'FD+LD, MMRazor style': self.step(mmrazor, self.pairs),
            'FD+LD, naive loop': self.step(naive, self.pairs),
        }

    def synchronised(self, call):
        """Makes a call wait until the device has finished."""
        if self.device.type == 'cpu':
            return call
        return lambda: (call(), torch.cuda.synchronize(self.device))


class _CountReads(TorchDispatchMode):
    """Counts how often the host reads a value or copies a tensor of the device."""
    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **kwargs or {})
        self.count += function is torch.ops.aten._local_scalar_dense.default or (
            torch.is_tensor(result) and result.device.type == 'cpu' and any(
                torch.is_tensor(value) and value.is_cuda for value in args))
        return result


def observe(call, device, compiled):
    """Counts the reads of an eager step; on a GPU also waits, and memory."""
    counter, seen = _CountReads(), {}
    if not compiled:  # compiled networks cannot run inside a dispatch mode
        with counter:
            call()
        seen['reads'] = counter.count
    if device.type == 'cuda':
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            torch.cuda.set_sync_debug_mode('warn')
            call()
            torch.cuda.set_sync_debug_mode('default')
        torch.cuda.synchronize(device)
        seen['waits'] = sum('synchronizing' in str(each.message) for each in caught)
        seen['peak_mb'] = (torch.cuda.max_memory_allocated(device) - before) / 2**20
    return seen


def ratios_of(times):
    """Medians of the ratios within each round, which are robust to busy moments."""
    with_connectors = (*_FLOOR, 'connectors')
    pairs = {
        'DIKD / floor': ('DIKD', _FLOOR),
        'DIKD / floor with connectors': ('DIKD', with_connectors),
        'DIKD, contiguous / floor': ('DIKD, contiguous', _FLOOR),
        'DIKD, unlabelled / floor': ('DIKD, unlabelled', _FLOOR),
        'DIKD, two teachers / floor of two':
            ('DIKD, two teachers', (*_FLOOR, *_OF_A_TEACHER)),
        'MMRazor style / ours': ('FD+LD, MMRazor style', ['FD+LD']),
        'naive loop / ours': ('FD+LD, naive loop', ['FD+LD']),
        'MMRazor style / ours, contiguous':
            ('FD+LD, MMRazor style', ['FD+LD, contiguous']),
        'plain, MMPose / plain': ('plain, MMPose', ['plain']),
        **{f'DIKD / {which} compiled': ('DIKD', [f'DIKD, {which} compiled'])
           for which in _COMPILED},
    }
    return {
        name: float(np.median(times[one] / sum(times[other] for other in others)))
        for name, (one, others) in pairs.items() if {one, *others} <= set(times)
    }


def memory_ratio(seen):
    """Peak memory of DIKD's step as a multiple of the sum of its parts' peaks."""
    parts = [seen[name]['peak_mb'] for name in (*_FLOOR, 'connectors') if name in seen]
    return seen['DIKD']['peak_mb'] / sum(parts)


def main():
    args = parse_args()
    warnings.simplefilter('ignore')
    import mmpose_thermal  # noqa: F401  registers the models
    from mmpose_thermal.apis import machine_class, time_in_turns
    init_default_scope('mmpose')
    torch.manual_seed(0)
    setup = Setup(args)
    calls, device = setup.ways(), setup.device
    is_alone = device.type == 'cpu' and torch.get_num_threads() == 1
    times = time_in_turns(
        {name: setup.synchronised(call) for name, call in calls.items()}, args.rounds,
        clock=time.process_time if is_alone else time.perf_counter)
    numbers = dict(
        machine=machine_class(), ratios=ratios_of(times), reads={},
        ms={name: float(np.median(spent)) for name, spent in times.items()})
    print(f'{machine_class()}, {time.strftime("%Y-%m-%d")}; {args.config}, batch '
          f'{args.batch}, {args.amp or "float32"}, teacher {args.teacher or "as it is"}'
          '\n\n| way | ms a step | pairs/s |\n|---|---:|---:|')
    for name, ms in numbers['ms'].items():
        print(f'| {name} | {ms:.1f} | {1e3 * args.batch / ms:.0f} |')
    print('\n| ratio of times | |\n|---|---:|')
    for name, value in numbers['ratios'].items():
        print(f'| {name} | {value:.2f} |')
    # The times are out before a way can fail or take long under observation.
    print('\n| way | reads by the host | waits for the GPU | peak, MB |\n'
          '|---|---:|---:|---:|', flush=True)
    for name, call in calls.items():
        seen = numbers['reads'][name] = observe(call, device, args.compile)
        print(f'| {name} |', *(f'{seen[key]:.0f} |' if key in seen else '|'
                               for key in ('reads', 'waits', 'peak_mb')), flush=True)
    if device.type == 'cuda' and not args.compile:
        print(f'\nPeak memory, DIKD / floor: {memory_ratio(numbers["reads"]):.2f}')
    if args.out:
        Path(args.out).write_text(json.dumps(numbers, indent=1))


if __name__ == '__main__':
    main()
