"""Export of a trained student to ONNX."""
import inspect
from typing import List

import numpy as np
import torch
import torch.nn as nn
from torch import Tensor


class _Deployed(nn.Module):
    """Network with its normalisation: grey levels in, its outputs out."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        own = model.data_preprocessor
        self.swap = bool(getattr(own, '_channel_conversion', False))
        for name, default in (('mean', 0.), ('std', 1.)):
            value = getattr(own, name, torch.tensor([default]))
            self.register_buffer(name, value.float().view(1, -1, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        if self.swap:
            image = image.flip(1)
        return self.model((image - self.mean) / self.std, None, mode='tensor')


def _example(input_size, batch=2):
    width, height = input_size
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (batch, 3, height, width)).astype(np.float32)


def output_names(model: nn.Module, input_size) -> List[str]:
    """What a network gives, by the names that its ONNX file has.

    Args:
        model (nn.Module): A pose estimator.
        input_size (tuple[int, int]): (width, height) in pixels.

    Returns:
        list[str]: ``['heatmaps']`` of (N, K, h, w), ``['simcc_x', 'simcc_y']``
        of (N, K, W) and (N, K, H), or ``['keypoints']`` of (N, K, 2), as
        fractions of the input size.
    """
    image = torch.from_numpy(_example(input_size, 1))
    with torch.no_grad():
        outputs = _Deployed(model).cpu().eval()(image)
    if isinstance(outputs, (tuple, list)) and len(outputs) == 2:
        return ['simcc_x', 'simcc_y']
    single = outputs if isinstance(outputs, Tensor) else outputs[0]
    return ['heatmaps' if single.dim() == 4 else 'keypoints']


def export_onnx(model: nn.Module, path: str, input_size,
                opset: int = 17) -> None:
    """Writes a pose estimator as ONNX.

    The input ``image`` is (N, 3, H, W), float32, with grey levels from 0 to
    255 in OpenCV's channel order; normalisation is part of the graph. The
    outputs are those of :func:`output_names`. N is dynamic.

    Args:
        model (nn.Module): A ``TopdownPoseEstimator`` with a heatmap, SimCC or
            regression head.
        path (str): The file to write.
        input_size (tuple[int, int]): (width, height) in pixels.
        opset (int): ONNX opset. Defaults to 17.
    """
    # Newer PyTorch has a second exporter, which needs another package.
    classic = dict(dynamo=False) if 'dynamo' in inspect.signature(
        torch.onnx.export).parameters else {}
    names = output_names(model, input_size)
    torch.onnx.export(
        _Deployed(model).cpu().eval(),
        (torch.from_numpy(_example(input_size)), ),
        path,
        input_names=['image'],
        output_names=names,
        dynamic_axes={name: {0: 'batch'} for name in ('image', *names)},
        opset_version=opset,
        **classic)


def compare_with_pytorch(model: nn.Module, path: str,
                         input_size) -> float:
    """Runs an exported model in ONNX Runtime beside the original.

    Args:
        model (nn.Module): What was exported.
        path (str): The ONNX file.
        input_size (tuple[int, int]): (width, height) in pixels.

    Returns:
        float: The largest difference of the outputs, as a fraction of their
        largest value, over a batch of one and one of three.
    """
    import onnxruntime
    session = onnxruntime.InferenceSession(
        path, providers=['CPUExecutionProvider'])
    deployed = _Deployed(model).cpu().eval()
    worst = 0.
    for batch in (1, 3):
        image = _example(input_size, batch)
        with torch.no_grad():
            ours = deployed(torch.from_numpy(image))
        ours = [ours] if isinstance(ours, Tensor) else ours
        for theirs, our in zip(session.run(None, dict(image=image)), ours):
            our = our.numpy()
            worst = max(worst,
                        float(np.abs(our - theirs).max() / np.abs(our).max()))
    return worst
