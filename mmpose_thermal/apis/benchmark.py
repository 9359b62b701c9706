"""Size and speed of models."""
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

from mmpose_thermal.checkpoints import check_checkpoint
from mmpose_thermal.deployment import describe, export_model
from mmpose_thermal.runtime import OnnxNetwork

_Name = TypeVar('_Name', bound=Hashable)


class _Forward(nn.Module):
    """The bare network, as the tracer of MMEngine's analysis calls it."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image):
        return self.model(image, None, mode='tensor')


def model_complexity(model: nn.Module,
                     input_size: Tuple[int, int]) -> Tuple[float, float]:
    """Parameters and multiply-accumulates of one forward pass.

    Args:
        model (nn.Module): A pose estimator.
        input_size (tuple[int, int]): (width, height) of its input in pixels.

    Returns:
        tuple[float, float]: Millions of parameters, and GFLOPs as MMPose's
        tables count them (one multiply-accumulate is one).
    """
    width, height = input_size
    info = get_model_complexity_info(
        _Forward(model).eval(), (3, height, width),
        show_table=False,
        show_arch=False)
    return info['params'] / 1e6, info['flops'] / 1e9


def latency_ms(runs: Dict[_Name, Callable[[], object]],
               repeats: int = 50,
               warmup: int = 5) -> Dict[_Name, float]:
    """Median time of a call, of several ways side by side.

    The calls take turns, so that a disturbance of the machine meets all of
    them alike. A call must return when its work is done.

    Args:
        runs (dict[str, Callable]): What to time, by name.
        repeats (int): Timed calls of each.
        warmup (int): Calls of each beforehand.

    Returns:
        dict[str, float]: Milliseconds by name.
    """
    times: Dict[_Name, List[float]] = {name: [] for name in runs}
    with torch.no_grad():
        for index in range(-warmup, repeats):
            for name, run in runs.items():
                started = time.perf_counter()
                run()
                if index >= 0:
                    times[name].append(time.perf_counter() - started)
    return {name: 1e3 * float(np.median(t)) for name, t in times.items()}


def measure_models(models: Dict[str, Tuple[str, Optional[str]]],
                   onnx: bool = True,
                   repeats: int = 50) -> Dict[str, dict]:
    """Size of models and time of one face, all of them side by side.

    Args:
        models (dict): By name: config file, and checkpoint or None.
        onnx (bool): Whether to time ONNX Runtime as well, on the CPU.
        repeats (int): Timed calls of each.

    Returns:
        dict[str, dict]: By name: ``params_m``, ``gflops``, ``pytorch_ms`` (on
        the GPU if there is one), ``onnx_ms`` (with decoding).
    """
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    sizes, runs = {}, {}
    with tempfile.TemporaryDirectory() as folder, _quietly():
        for name, (config, checkpoint) in models.items():
            if checkpoint:
                check_checkpoint(checkpoint)
            model = init_model(_without_weights(config), checkpoint, 'cpu')
            init_default_scope(model.cfg.get('default_scope', 'mmpose'))
            size = model.cfg.codec['input_size']
            sizes[name] = model_complexity(model, size)
            if onnx:
                path = osp.join(folder, f'{len(runs)}.onnx')
                export_model(model, describe(model), path)
                runs[name, 'onnx_ms'] = _onnx_run(path)
            runs[name, 'pytorch_ms'] = _pytorch_run(model, size, device)
        times = latency_ms(runs, repeats)
    return {
        name: dict(
            params_m=params,
            gflops=gflops,
            **{
                kind: ms
                for (owner, kind), ms in times.items() if owner == name
            }) for name, (params, gflops) in sizes.items()
    }


@contextlib.contextmanager
def _quietly():
    """Without what tracers say of every operator that they cannot count."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        logging.disable(before)


def _without_weights(path):
    """A config whose backbone fetches no weights: speed does not need any."""
    config = Config.fromfile(path)
    config.model.backbone.pop('init_cfg', None)
    return config


def _pytorch_run(model, input_size, device):
    width, height = input_size
    image = torch.rand(1, 3, height, width, device=device)
    model = model.to(device).eval()

    def run():
        outputs = model(image, None, mode='tensor')
        # A copy to the host ends only when the work is done.
        return [output.cpu() for output in (
            [outputs] if torch.is_tensor(outputs) else outputs)]

    return run


def _onnx_run(path):
    network = OnnxNetwork(path, 'landmarks')
    width, height = network.info.input_size
    image = np.zeros((1, network.info.channels, height, width), np.uint8)
    return lambda: network(image)


def machine_class() -> str:
    """The class of this machine in a few words."""
    if torch.cuda.is_available():
        return f'GPU {torch.cuda.get_device_name()}'
    model = platform.processor() or platform.machine()
    if osp.exists('/proc/cpuinfo'):
        with open('/proc/cpuinfo') as file:
            for line in file:
                if line.startswith('model name'):
                    model = line.split(':', 1)[1].strip()
                    break
    return f'CPU {model}, {os.cpu_count()} cores'
