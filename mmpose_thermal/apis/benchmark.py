"""Size and speed of models."""
import time
from typing import Callable, Dict, Tuple

import numpy as np
import torch
import torch.nn as nn
from mmengine.analysis import get_model_complexity_info


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


def latency_ms(runs: Dict[str, Callable[[], object]],
               repeats: int = 50,
               warmup: int = 5) -> Dict[str, float]:
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
    times = {name: [] for name in runs}
    with torch.no_grad():
        for index in range(-warmup, repeats):
            for name, run in runs.items():
                started = time.perf_counter()
                run()
                if index >= 0:
                    times[name].append(time.perf_counter() - started)
    return {name: 1e3 * float(np.median(t)) for name, t in times.items()}
