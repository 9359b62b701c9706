"""Measures the size and speed of models."""
import contextlib
import logging
import os
import os.path as osp
import platform
import tempfile
import time
import warnings
from typing import Callable, Dict, Hashable, List, Optional, Tuple, TypeVar

import numpy as np
import torch
import torch.nn as nn
from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.apis import init_model

from mmpose_thermal.deployment import describe, export_model
from mmpose_thermal.runtime import OnnxNetwork

_Name = TypeVar('_Name', bound=Hashable)


class _Forward(nn.Module):
    """Wraps a model for MMEngine's complexity analysis."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image):
        return self.model(image, None, mode='tensor')


def model_complexity(model: nn.Module,
                     input_size: Tuple[int, int]) -> Tuple[float, float]:
    """Counts parameters and multiply-accumulates of one forward pass.

    Args:
        model (nn.Module): A pose estimator.
        input_size (tuple[int, int]): (width, height) of its input in pixels.

    Returns:
        tuple[float, float]: Millions of parameters, and GFLOPs as in MMPose's
        tables (one multiply-accumulate counts as one).
    """
    width, height = input_size
    info = get_model_complexity_info(
        _Forward(model).eval(), (3, height, width), show_table=False, show_arch=False)
    return info['params'] / 1e6, info['flops'] / 1e9


def time_in_turns(runs: Dict[_Name, Callable[[], object]],
                  repeats: Optional[int] = None,
                  seconds: float = 1.,
                  warmup: int = 2,
                  clock: Callable[[], float] = time.perf_counter
                  ) -> Dict[_Name, np.ndarray]:
    """Times several functions in alternation.

    The calls take turns, so that background load affects all of them equally.
    Each call must block until its work is done.

    Args:
        runs (dict[str, Callable]): Functions to time, by name.
        repeats (int, optional): Timed calls per function.
        seconds (float): Total time per function if ``repeats`` is not given.
        warmup (int): Untimed calls per function beforehand.
        clock (Callable): Returns seconds. On one thread, ``time.process_time``
            leaves out what other programs take.

    Returns:
        dict[str, np.ndarray]: Milliseconds of each call, by name.
    """
    for run in runs.values():
        for _ in range(warmup):
            run()
    spent: Dict[_Name, List[float]] = {name: [] for name in runs}
    waiting = list(runs)
    while waiting:
        for name in waiting:
            started = clock()
            runs[name]()
            spent[name].append(clock() - started)
        waiting = [
            name for name in waiting
            if (len(spent[name]) < repeats if repeats else sum(spent[name]) < seconds)
        ]
    return {name: 1e3 * np.array(values) for name, values in spent.items()}


def measure_models(configs: Dict[str, str], repeats: int = 50) -> Dict[str, dict]:
    """Measures the size of networks, and their time per face.

    Args:
        configs (dict[str, str]): Config files by name. Weights are random because
            speed does not depend on them.
        repeats (int): Timed calls per network.

    Returns:
        dict[str, dict]: By name: ``params_m``, ``gflops``, ``pytorch_ms`` (on the GPU
        if available), ``onnx_ms`` (ONNX Runtime on the CPU, with decoding). On the
        CPU both are CPU time on one thread, which other programs hardly disturb.
    """
    found: Dict[str, dict] = {}
    runs: Dict[Tuple[str, str], Callable[[], object]] = {}
    clock = time.perf_counter if torch.cuda.is_available() else time.process_time
    with tempfile.TemporaryDirectory() as folder, _quietly(), _on_one_thread():
        for name, path in configs.items():
            config = Config.fromfile(path)
            config.model.backbone.pop('init_cfg', None)  # would download weights
            model = init_model(config, None, 'cpu')
            init_default_scope(model.cfg.get('default_scope', 'mmpose'))
            size = model.cfg.codec['input_size']
            params, gflops = model_complexity(model, size)
            found[name] = dict(params_m=params, gflops=gflops)
            exported = osp.join(folder, f'{len(runs)}.onnx')
            export_model(model, describe(model), exported)
            runs[name, 'onnx_ms'] = _onnx_run(exported)
            runs[name, 'pytorch_ms'] = _pytorch_run(model, size)
        for (name, way), ms in time_in_turns(
                runs, repeats, warmup=5, clock=clock).items():
            found[name][way] = float(np.median(ms))
    return found


@contextlib.contextmanager
def _on_one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def _quietly():
    """Silences tracers' warnings about operators that they cannot count."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        logging.disable(before)


def _pytorch_run(model, input_size):
    width, height = input_size
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    image = torch.rand(1, 3, height, width, device=device)
    model = model.to(device).eval()

    @torch.no_grad()
    def run():
        outputs = model(image, None, mode='tensor')
        # Copying to the host waits until the work is done.
        return [output.cpu() for output in (
            [outputs] if torch.is_tensor(outputs) else outputs)]

    return run


def _onnx_run(path):
    network = OnnxNetwork(path, 'landmarks', threads=1)
    width, height = network.info.input_size
    image = np.zeros((1, network.info.channels, height, width), np.uint8)
    return lambda: network(image)


def machine_class() -> str:
    """Describes the GPU or CPU of this machine."""
    if torch.cuda.is_available():
        return f'GPU {torch.cuda.get_device_name()}'
    model = platform.processor() or platform.machine()
    if osp.exists('/proc/cpuinfo'):
        with open('/proc/cpuinfo') as file:
            names = [line for line in file if line.startswith('model name')]
        model = names[0].split(':', 1)[1].strip() if names else model
    return f'CPU {model}, {os.cpu_count()} cores'
