"""Times the steps of a distillation, side by side in one run.

The floor of a distillation step is what cannot be left out: the plain
student's step (without MMPose's accuracy, which copies all outputs to the
host), the teacher's forward pass without gradient and, for DIKD, one pass
forth and back through each head. Beside it, the same losses FD and LD as
others write them: like MMRazor (the teacher's whole `loss` with recorders on
its layers), and as a naive loop (the teacher's graph is built, too).
"Contiguous" is ours without the distiller's channels_last.

A step is BaseModel.train_step: from uint8 images to changed weights. Speed
does not depend on weights or images: both are random. Ways take turns.
"""
import argparse
import copy
import json
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config, DictAction
from mmengine.model import BaseModel
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

_CONFIG = ('configs/thermal_face_2d_keypoint/mlcm_kd/synthetic/'
           'ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py')
_FD_LD = dict(
    loss_fd=dict(type='FeatureDistillLoss'),
    loss_ld=dict(type='LogitDistillLoss'))
_DIKD = dict(loss_dikd=dict(type='DIKDLoss'))


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'config',
        nargs='?',
        default=_CONFIG,
        help='of a distillation; its teacher needs no checkpoint [%(default)s]')
    parser.add_argument('--batch', type=int, default=32, help='[%(default)s]')
    parser.add_argument(
        '--device',
        default='cuda' if torch.cuda.is_available() else 'cpu',
        help='[%(default)s]')
    parser.add_argument(
        '--amp',
        choices=('bfloat16', 'float16'),
        help='mixed precision (MMEngine has it for GPUs alone)')
    parser.add_argument(
        '--rounds', type=int, default=15, help='timed turns [%(default)s]')
    parser.add_argument(
        '--steps',
        type=int,
        default=1,
        help='of each way in a turn; more where steps are short '
        '[%(default)s]')
    parser.add_argument(
        '--teacher',
        nargs='+',
        action=DictAction,
        default={},
        help="further fields of our teacher, such as dtype=bfloat16")
    parser.add_argument(
        '--processes',
        type=int,
        default=1,
        metavar='N',
        help='time DIKD in 1 and in N processes as well, one thread each, '
        'which exchange gradients (gloo, CPU)')
    parser.add_argument('--out', help='JSON file of all numbers')
    return parser.parse_args()


def stock_configs(config, folder):
    """Model dicts of student and teacher, without downloads."""
    from mmpose_thermal.models.distillers.building import model_config
    model = Config.fromfile(config).model
    found = []
    for name in ('student', 'teacher'):
        stock = copy.deepcopy(model_config(model[name]['config'], name))
        stock['backbone'].pop('init_cfg', None)
        stock['test_cfg'] = {}
        found.append(stock)
    path = str(Path(folder) / 'teacher.pth')
    torch.save(dict(state_dict=_built(found[1]).state_dict()), path)
    fields = dict(
        model,
        student=dict(config=found[0]),
        teacher=dict(config=found[1], checkpoint=path))
    return found[0], found[1], fields


def _built(config):
    from mmpose.registry import MODELS
    return MODELS.build(copy.deepcopy(config))


def random_batch(student, modalities, size, batch):
    """Images and targets as a data loader gives them."""
    from mmengine.structures import InstanceData, PixelData
    from mmpose.structures import PoseDataSample
    height, width = size
    rng = np.random.default_rng(0)
    count = student.head.out_channels
    samples = []
    for _ in range(batch):
        points = rng.uniform(.2, .8, (1, count, 2)) * [width, height]
        encoded = student.head.decoder.encode(points.astype(np.float32),
                                              np.ones((1, count), np.float32))
        sample = PoseDataSample()
        sample.gt_instance_labels = InstanceData(
            keypoint_weights=torch.from_numpy(encoded['keypoint_weights']))
        if 'heatmaps' in encoded:
            sample.gt_fields = PixelData(
                heatmaps=torch.from_numpy(encoded['heatmaps']))
        for name in ('keypoint_x_labels', 'keypoint_y_labels'):
            if name in encoded:
                sample.gt_instance_labels.set_field(
                    torch.from_numpy(encoded[name]), name)
        samples.append(sample)
    images = {
        name: [
            torch.from_numpy(rng.integers(0, 256, (3, height, width),
                                          np.uint8)) for _ in range(batch)
        ] for name in modalities
    }
    return dict(inputs=images, data_samples=samples)


class Recorders:
    """Outputs of layers, caught on their way."""

    def __init__(self, network):
        head = network.head
        last = getattr(head, 'final_layer', None)
        layers = dict(
            feature=network.neck if network.with_neck else network.backbone)
        if isinstance(last, torch.nn.Conv2d):
            layers['output'] = last
        else:  # SimCC
            layers['x'], layers['y'] = head.cls_x, head.cls_y
        self.seen = {}
        for name, layer in layers.items():
            layer.register_forward_hook(
                lambda _, __, output, name=name: self.seen.update(
                    {name: output}))

    @property
    def feature(self):
        feature = self.seen['feature']
        return feature[-1] if isinstance(feature, (tuple, list)) else feature

    @property
    def output(self):
        if 'output' in self.seen:
            return self.seen['output']
        return self.seen['x'], self.seen['y']


class LossOfBoth(BaseModel):
    """FD and LD around two whole `forward(mode='loss')`.

    Args:
        student, teacher (nn.Module): Stock estimators.
        fields (dict): Of the distiller.
        losses (nn.ModuleDict): The same loss modules that ours has.
        graph (bool): Whether the teacher's graph is built, as without
            ``torch.no_grad()``.
    """

    def __init__(self, student, teacher, fields, losses, graph):
        super().__init__(fields['data_preprocessor'])
        self.student, self.losses = student, copy.deepcopy(losses)
        # No submodule: its weights are in no optimizer.
        object.__setattr__(self, 'frozen', teacher.eval())
        self.inputs = fields['student_input'], fields['teacher_input']
        self.graph = graph
        self.ours, self.theirs = Recorders(student), Recorders(teacher)

    def forward(self, inputs, data_samples, mode='loss'):
        from mmpose_thermal.models.losses import DistillBatch
        from mmpose_thermal.models.losses.base import map_parts
        images = [
            inputs[name] if isinstance(inputs, dict) else inputs
            for name in self.inputs
        ]
        losses = self.student(images[0], data_samples, mode='loss')
        with torch.set_grad_enabled(self.graph):
            self.frozen(images[1], data_samples, mode='loss')
        batch = DistillBatch(
            student_feature=self.ours.feature,
            student_output=self.ours.output,
            teacher_feature=self.theirs.feature.detach(),
            student_head=None,
            teacher_head=None,
            criterion=None,
            target=None)
        batch.__dict__['teacher_output'] = map_parts(torch.Tensor.detach,
                                                     self.theirs.output)
        for name, loss in self.losses.items():
            losses[name] = loss(batch)
        return losses


class Benchmark:
    """All ways to take a step, with one batch."""

    def __init__(self, args, folder):
        self.args = args
        student, teacher, fields = stock_configs(args.config, folder)
        self.device = torch.device(args.device)
        own = {k: v for k, v in fields.items() if k != 'type'}
        own['teacher'] = dict(own['teacher'], **args.teacher)
        self.ours = {
            name: self._ready(
                _built(dict(own, type='CrossModalDistiller',
                            distill_losses=losses, channels_last=fast)))
            for name, losses, fast in (
                ('DIKD', _DIKD, True), ('DIKD, contiguous', _DIKD, False),
                ('FD+LD', _FD_LD, True),
                ('FD+LD, contiguous', _FD_LD, False))
        }
        plain = {
            name: _built(dict(student, train_cfg=dict(compute_acc=accuracy)))
            for name, accuracy in (('plain', False), ('plain, MMPose', True))
        }
        self.plain = {name: self._ready(m) for name, m in plain.items()}
        losses = self.ours['FD+LD'][0].distill_losses
        self.others = {
            name: self._ready(
                LossOfBoth(
                    _built(student), self._teacher(teacher, not graph), fields,
                    losses, graph)) for name, graph in
            (('FD+LD, MMRazor style', False), ('FD+LD, naive loop', True))
        }
        for model, _ in self.others.values():
            model.frozen.to(self.device)
        self.stock_teacher = self._teacher(teacher, True).to(
            self.device).eval()
        distiller = self.ours['DIKD'][0]
        size = distiller._student_probe.image_size
        modalities = dict.fromkeys(
            (distiller.student_input, fields['teacher_input']))
        self.batch = random_batch(distiller.student, modalities, size,
                                  args.batch)
        self.thermal = dict(
            self.batch, inputs=self.batch['inputs'][distiller.student_input])
        if len(modalities) == 1:
            self.batch = self.thermal
        self._prepare_parts(distiller)

    def _teacher(self, config, frozen):
        return _built(config).requires_grad_(not frozen)

    def _ready(self, model):
        model = model.to(self.device).train()
        wrapper = dict(
            type='AmpOptimWrapper', dtype=self.args.amp
        ) if self.args.amp else dict(type='OptimWrapper')
        # Adam would read its counters on a CPU.
        wrapper['optimizer'] = dict(type='SGD', lr=1e-5, momentum=.9)
        return model, build_optim_wrapper(model, wrapper)

    def _prepare_parts(self, distiller):
        """Inputs of the parts of the floor, timed by themselves."""
        data = distiller.data_preprocessor(copy.deepcopy(self.batch), True)
        inputs = data['inputs']
        modality = next(iter(distiller.teachers.values())).modality
        self.rgb = inputs[modality] if isinstance(inputs, dict) else inputs
        images = inputs[distiller.student_input] if isinstance(
            inputs, dict) else inputs
        with torch.no_grad(), self._precision():
            self.features = [
                self.stock_teacher.extract_feat(self.rgb)[-1],
                distiller.student.extract_feat(images)[-1]
            ]
        from mmpose_thermal.models.distillers.heads import stack_targets
        self.criterion = distiller.student.head.loss_module
        self.targets = stack_targets(distiller.student.head,
                                     data['data_samples'])
        loss = distiller.distill_losses['loss_dikd']
        self.connected, self.connectors = [], []
        for connect, feature, other in (
            (loss.to_student, *self.features),
            (loss.to_teacher, *self.features[::-1])):
            size = tuple(other.shape[-2:])
            with torch.no_grad(), self._precision():
                self.connected.append(connect(feature, size))
            if any(True for _ in connect.parameters()):
                self.connectors.append((connect, feature, size))
        self.heads = (distiller.student.head, self.stock_teacher.head)

    def _precision(self):
        return torch.autocast(
            self.device.type,
            dtype=getattr(torch, self.args.amp or 'bfloat16'),
            enabled=bool(self.args.amp))

    def ways(self):
        """Calls by name."""
        calls = {
            'teacher forward': self._teacher_forward,
            'student head, injected': lambda: self._head(0, False),
            'teacher head, injected': lambda: self._head(1, True),
        }
        if self.connectors:
            calls['connectors'] = self._connect
        for group, batch in ((self.plain, self.thermal),
                             (self.ours, self.batch),
                             (self.others, self.batch)):
            for name, (model, wrapper) in group.items():
                calls[name] = (lambda model=model, wrapper=wrapper, batch=batch
                               : model.train_step(copy.copy(batch), wrapper))
        return calls

    def _teacher_forward(self):
        with torch.no_grad(), self._precision():
            self.stock_teacher.extract_feat(self.rgb)

    def _connect(self):
        for connect, feature, size in self.connectors:
            # The student's features have a graph, the teacher's have none.
            feature = feature.detach().requires_grad_(
                feature is self.features[1])
            with self._precision():
                output = connect(feature, size)
            output.sum().backward()

    def _head(self, index, through):
        feature = self.connected[index].detach().requires_grad_(through)
        with self._precision():
            output = self.heads[index].forward((feature, ))
            loss = self.criterion(output, *self.targets)
        loss.backward()


def _one_of(rank, count, args, folder, rates):
    """Steps of one process, each with a batch of its own."""
    import torch.distributed as dist
    from mmengine.model import MMDistributedDataParallel

    import mmpose_thermal  # noqa: F401  registers the models
    init_default_scope('mmpose')
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/store{count}', rank=rank,
        world_size=count)
    torch.manual_seed(0)
    benchmark = Benchmark(args, f'{folder}/{rank}')
    model, wrapper = benchmark.ours['DIKD']
    parallel = MMDistributedDataParallel(model)
    for index in range(-2, args.rounds):
        if index == 0:
            dist.barrier()
            started = time.perf_counter()
        parallel.train_step(copy.copy(benchmark.batch), wrapper)
    dist.barrier()
    rates[rank] = args.rounds * args.batch / (time.perf_counter() - started)


def scaling(args, folder):
    """Pairs/s of DIKD in one and in several processes."""
    found = {}
    for count in (1, args.processes):
        rates = torch.zeros(count).share_memory_()
        for rank in range(count):
            Path(folder, str(rank)).mkdir(exist_ok=True)
        torch.multiprocessing.spawn(
            _one_of, (count, args, folder, rates), count)
        found[count] = float(rates.sum())
    return found


def synchronise(device):
    if device.type == 'cuda':
        torch.cuda.synchronize(device)


def timed(calls, args, device):
    """Milliseconds of a step by name, one value a round."""
    times = {name: [] for name in calls}
    for round_ in range(-2, args.rounds):
        for name, call in calls.items():
            synchronise(device)
            started = time.perf_counter()
            for _ in range(args.steps):
                call()
            synchronise(device)
            if round_ >= 0:
                times[name].append(
                    1e3 * (time.perf_counter() - started) / args.steps)
        print('.' if round_ >= 0 else 'warming up ', end='', flush=True)
    print()
    return times


def peaks_mb(calls, device):
    """Peak memory of each way on a GPU, beyond what lies there anyway."""
    found = {}
    for name, call in calls.items():
        synchronise(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        call()
        synchronise(device)
        found[name] = (torch.cuda.max_memory_allocated(device) - before) / 2**20
    return found


def host_reads(call, device):
    """How often a step waits for a value of a tensor.

    ``.item()``, ``float()`` and ``if tensor`` all are one operator; copies to
    NumPy show on a GPU alone.
    """
    activities = [torch.profiler.ProfilerActivity.CPU]
    if device.type == 'cuda':
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=activities) as profile:
        call()
        synchronise(device)
    counts = Counter(event.name for event in profile.events())
    return dict(
        item=counts['aten::_local_scalar_dense'],
        device_to_host=sum(
            count for name, count in counts.items() if 'DtoH' in name))


def report(times, reads, peaks):
    """The table, and the ratios that count."""
    median = {name: float(np.median(spent)) for name, spent in times.items()}

    def ratio(one, others):
        """The median of each round's ratio, which a busy moment moves less."""
        total = np.sum([times[name] for name in others], axis=0)
        return float(np.median(np.asarray(times[one]) / total))

    parts = ['plain', 'teacher forward']
    dikd = parts + ['student head, injected', 'teacher head, injected']
    ratios = {
        'DIKD / floor': ratio('DIKD', dikd),
        'DIKD / floor with connectors': ratio(
            'DIKD', dikd + [name for name in ('connectors', )
                            if name in times]),
        'DIKD, contiguous / floor': ratio('DIKD, contiguous', dikd),
        'MMRazor style / ours': ratio('FD+LD, MMRazor style', ['FD+LD']),
        'naive loop / ours': ratio('FD+LD, naive loop', ['FD+LD']),
        'MMRazor style / ours, contiguous':
        ratio('FD+LD, MMRazor style', ['FD+LD, contiguous']),
        'plain, MMPose / plain': ratio('plain, MMPose', ['plain']),
    }
    lines = ['| way | ms a step | waits for a value | copies to the host |' +
             (' peak, MB |' if peaks else ''),
             '|---|---:|---:|---:|' + ('---:|' if peaks else '')]
    for name, ms in median.items():
        lines.append(
            f'| {name} | {ms:.1f} | {reads[name]["item"]} | '
            f'{reads[name]["device_to_host"]} |' +
            (f' {peaks[name]:.0f} |' if peaks else ''))
    lines += ['', '| ratio of times | |', '|---|---:|']
    lines += [f'| {name} | {value:.2f} |' for name, value in ratios.items()]
    return '\n'.join(lines), dict(ms=median, ratios=ratios, reads=reads,
                                  peaks_mb=peaks)


def main():
    args = parse_args()
    warnings.simplefilter('ignore')
    if not Path(args.config).is_file():
        sys.exit(f'benchmark_training: {args.config} does not exist')
    if args.amp and args.device == 'cpu':
        sys.exit('benchmark_training: --amp needs a GPU')
    import mmpose_thermal  # noqa: F401  registers the models
    from mmpose_thermal.apis import machine_class
    init_default_scope('mmpose')
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        benchmark = Benchmark(args, folder)
    calls = benchmark.ways()
    times = timed(calls, args, benchmark.device)
    reads = {
        name: host_reads(call, benchmark.device)
        for name, call in calls.items()
    }
    peaks = peaks_mb(calls, benchmark.device) if \
        benchmark.device.type == 'cuda' else {}
    text, numbers = report(times, reads, peaks)
    print(f'{machine_class()}, {time.strftime("%Y-%m-%d")}; {args.config}, '
          f'batch {args.batch}, {args.amp or "float32"}, teacher '
          f'{args.teacher or "as it is"}\n\n{text}')
    trained = benchmark.ours['DIKD'][0]
    numbers['gradient_mb'] = sum(
        p.numel() * 4 for p in trained.parameters() if p.requires_grad) / 1e6
    print(f'\ngradients exchanged in a step: {numbers["gradient_mb"]:.1f} MB')
    if args.processes > 1:
        with tempfile.TemporaryDirectory() as folder:
            rates = scaling(args, folder)
        numbers['pairs_per_s'] = rates
        first, last = rates.values()
        print('\n'.join(f'{count} process{"es" * (count > 1)}, one thread '
                        f'each: {rate:.1f} pairs/s'
                        for count, rate in rates.items()))
        print(f'efficiency {last / first / args.processes:.2f}')
    if args.out:
        Path(args.out).write_text(
            json.dumps(dict(numbers, machine=machine_class()), indent=1))


if __name__ == '__main__':
    main()
