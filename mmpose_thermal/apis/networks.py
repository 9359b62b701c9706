"""Networks of a landmarker by their files."""
from importlib import import_module
from typing import Optional


def load_network(model, task: str, device: Optional[str],
                 threads: Optional[int]):
    """Loads a network.

    Args:
        model (str | tuple | Callable): See :class:`ThermalLandmarker`.
        task (str): ``'landmarks'`` or ``'detection'``.
        device (str, optional): ``'onnx'``, ``'cpu'`` or ``'cuda'``.
        threads (int, optional): Of ONNX Runtime.

    Returns:
        Callable: From images to results, with a :class:`ModelInfo` as
        ``info``.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: The device is unknown or does not run such files.
    """
    if callable(model):
        return model
    if device is None:
        device = 'onnx' if str(model).endswith('.onnx') else 'cpu'
    if device == 'onnx':
        from mmpose_thermal.runtime.onnx_network import OnnxNetwork
        return OnnxNetwork(str(model), task, threads)
    if device != 'cpu' and not device.startswith('cuda'):
        raise ValueError(f"device must be 'onnx', 'cpu' or 'cuda', got "
                         f'{device!r}.')
    if str(model).endswith('.onnx'):
        raise ValueError(f"{model} is an exported model: device='onnx' runs "
                         'it.')
    networks = import_training_side('mmpose_thermal.deployment.networks')
    return networks.TorchNetwork(
        model if isinstance(model, (tuple, list)) else str(model), task,
        device)


def import_training_side(module: str):
    """Imports a module that needs PyTorch and MMPose.

    Args:
        module (str): Its full name.

    Returns:
        ModuleType: The module.

    Raises:
        ImportError: They are not installed; with the remedy.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ImportError(
            f'{module} needs PyTorch and MMPose ({error}): install them with '
            "`bash tools/install.sh`. ThermalLandmarker(..., device='onnx') "
            'does without.') from error
