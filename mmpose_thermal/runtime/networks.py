"""Runs exported ONNX, OpenVINO and TorchScript networks."""
import os
import threading
from importlib import import_module
from pathlib import Path
from typing import Any, List, Optional, Sequence

import numpy as np

from .model_info import ModelInfo

#: Short names of ONNX Runtime's execution providers.
PROVIDERS = dict(
    cpu='CPUExecutionProvider',
    cuda='CUDAExecutionProvider',
    tensorrt='TensorrtExecutionProvider',
    openvino='OpenVINOExecutionProvider')
# Packages of ONNX Runtime that hold a provider.
_PACKAGES = dict(
    CUDAExecutionProvider='onnxruntime-gpu',
    TensorrtExecutionProvider='onnxruntime-gpu',
    OpenVINOExecutionProvider='onnxruntime-openvino')
# Devices of each exported format; TorchScript also runs on 'cuda'.
_DEVICES = {'.onnx': ('onnx', ), '.xml': ('cpu', ), '.pt': ('cpu', 'cuda')}


def provider_names(providers: Optional[Sequence[str]]) -> List[str]:
    """Full names of ONNX Runtime's execution providers, the CPU last.

    Args:
        providers (Sequence[str], optional): Names, short (:data:`PROVIDERS`)
            or full, most wanted first. Defaults to the CPU.

    Raises:
        ValueError: The installed ONNX Runtime lacks one of them.
    """
    import onnxruntime
    given = [providers] if isinstance(providers, str) else providers or ['cpu']
    names = [PROVIDERS.get(name.lower(), name) for name in given]
    available = onnxruntime.get_available_providers()
    for name in names:
        if name not in available:
            package = _PACKAGES.get(name)
            remedy = f'Install the package {package} in place of ' \
                'onnxruntime.' if package else \
                f'Short names are {", ".join(PROVIDERS)}.'
            raise ValueError(
                f'ONNX Runtime {onnxruntime.__version__} has no provider '
                f'{name}; it has {", ".join(available)}. {remedy}')
    return list(dict.fromkeys([*names, PROVIDERS['cpu']]))


class OnnxNetwork:
    """Runs an exported model on batches of images.

    Args:
        path (str): ``NAME.onnx`` with ``NAME.onnx.json`` next to it, or the latter.
        task (str): ``'landmarks'`` or ``'detection'``.
        threads (int, optional): CPU threads. Defaults to all cores.
        providers (Sequence[str], optional): See :func:`provider_names`.

    Attributes:
        info (ModelInfo): The model's description.

    Raises:
        ValueError: The model cannot be loaded, does not match its
            description, or cannot run on the wanted provider.
    """

    def __init__(self,
                 path: str,
                 task: str,
                 threads: Optional[int] = None,
                 providers: Optional[Sequence[str]] = None):
        import onnxruntime
        self.info, model = ModelInfo.load(path, task)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        # Threads spin between layers, but release the cores between images.
        options.add_session_config_entry('session.force_spinning_stop', '1')
        wanted = provider_names(providers)
        try:
            self._session = onnxruntime.InferenceSession(
                model, options, providers=wanted)
        except Exception as error:  # its errors have no common base class
            raise ValueError(f'{model} cannot be loaded by ONNX Runtime '
                             f'{onnxruntime.__version__}: {error}')
        # Without its driver, a provider is silently left out.
        if wanted[0] not in self._session.get_providers():
            raise ValueError(
                f'{model} cannot run on {wanted[0]}: its driver or a library '
                "is missing (see ONNX Runtime's messages). providers='cpu' "
                'works without it.')
        self._check_shapes(model)

    def _check_shapes(self, model):
        image = self._session.get_inputs()[0]
        width, height = self.info.input_size
        wanted = [self.info.channels, height, width]
        outputs = [output.name for output in self._session.get_outputs()]
        if image.shape[1:] != wanted or outputs != self.info.outputs:
            raise ValueError(
                f'{model} takes {image.shape[1:]} and returns {outputs}, but '
                f'its description states {wanted} and {self.info.outputs}. '
                'Export the model again.')
        self._input = image.name

    def __call__(self, images: np.ndarray) -> List[np.ndarray]:
        """Returns the outputs for images (N, C, H, W), uint8."""
        return self._session.run(None, {self._input: images})


class OpenVinoNetwork:
    """Like :class:`OnnxNetwork`, for ``NAME.xml`` in OpenVINO on the CPU."""

    def __init__(self,
                 path: str,
                 task: str,
                 threads: Optional[int] = None) -> None:
        openvino = _imported('openvino', path)
        self.info, model = ModelInfo.load(path, task)
        # Force float32; some processors would default to lower precision.
        options = {'INFERENCE_PRECISION_HINT': 'f32'}
        if threads is not None:
            options['INFERENCE_NUM_THREADS'] = str(threads)
        weights = Path(model).with_suffix('.bin')
        if not weights.is_file():
            raise FileNotFoundError(
                f'{weights} does not exist: it holds the weights of {model}. '
                'Copy both, and the .json file.')
        try:
            self._model = openvino.Core().compile_model(model, 'CPU', options)
        except RuntimeError as error:
            raise ValueError(f'{model} cannot be loaded by OpenVINO '
                             f'{openvino.__version__}: {error}') from None
        self._of_thread = threading.local()  # a request runs once at a time

    def __call__(self, images: np.ndarray) -> List[np.ndarray]:
        if not hasattr(self._of_thread, 'request'):
            self._of_thread.request = self._model.create_infer_request()
        found = self._of_thread.request.infer([images])
        return [np.array(output) for output in found.values()]


class TorchScriptNetwork:
    """Like :class:`OnnxNetwork`, for TorchScript ``NAME.pt``.

    ``device`` is one of PyTorch, by default ``'cpu'``. The number of threads
    is PyTorch's (``torch.set_num_threads``).
    """

    def __init__(self,
                 path: str,
                 task: str,
                 device: Optional[str] = None) -> None:
        self._torch = _imported('torch', path)
        self.info, model = ModelInfo.load(path, task)
        self._device = device or 'cpu'
        try:
            self._model = self._torch.jit.load(
                model, map_location=self._device)
        except RuntimeError as error:  # such as a missing GPU
            raise ValueError(f'{model} cannot be loaded on {self._device}: '
                             f'{error}') from None

    def __call__(self, images: np.ndarray) -> List[np.ndarray]:
        with self._torch.no_grad():
            outputs = self._model(
                self._torch.from_numpy(images).to(self._device))
        return [output.cpu().numpy() for output in outputs]


def _imported(package, path):
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        raise ImportError(f'{path} needs the package {package} ({error}). '
                          'Install it, or export the model to ONNX.') from None


def exported_network(path: str,
                     task: str,
                     device: Optional[str] = None,
                     threads: Optional[int] = None,
                     providers: Optional[Sequence[str]] = None) -> Any:
    """Loads an exported model of any format, by its path or its ``.json``.

    Args:
        path (str): ``NAME.onnx``, ``NAME.xml`` (OpenVINO) or ``NAME.pt``
            (TorchScript), with its description next to it.
        task (str): ``'landmarks'`` or ``'detection'``.
        device (str, optional): ``'onnx'`` for ONNX, ``'cpu'`` for the others,
            or ``'cuda'`` for TorchScript. Defaults to what fits the file.
        threads (int, optional): CPU threads of ONNX Runtime and OpenVINO.
        providers (Sequence[str], optional): See :func:`provider_names`. Other
            formats have none.

    Raises:
        ImportError: The package that runs the format is missing.
        ValueError: The device does not fit the format.
    """
    suffix = _suffix(path)
    if device not in (None, *_DEVICES[suffix]) and not (
            suffix == '.pt' and str(device).startswith('cuda')):
        raise ValueError(f'{path} is an exported model: run it with '
                         f"device={' or '.join(map(repr, _DEVICES[suffix]))}.")
    if suffix == '.onnx':
        return OnnxNetwork(path, task, threads, providers)
    if suffix == '.xml':
        return OpenVinoNetwork(path, task, threads)
    return TorchScriptNetwork(path, task, device)


def is_exported(model: Any) -> bool:
    """Whether it is the path of an exported model, which needs no MMPose."""
    return isinstance(model, (str, os.PathLike)) and \
        _suffix(str(model)) in _DEVICES


def _suffix(path):
    name = path[:-len('.json')] if path.endswith('.json') else path
    return Path(name).suffix


def load_network(model,
                 task: str,
                 device: Optional[str],
                 threads: Optional[int],
                 providers: Optional[Sequence[str]] = None) -> Any:
    """Loads a network; see ``ThermalLandmarker`` for the arguments."""
    if callable(model):
        return model
    if providers is not None and _suffix(str(model)) != '.onnx':
        raise ValueError(f'providers={providers!r} are of ONNX Runtime, but '
                         f'{model} is not an .onnx file.')
    if is_exported(model):
        return exported_network(str(model), task, device, threads, providers)
    device = device or 'cpu'
    if device != 'cpu' and not device.startswith('cuda'):
        raise ValueError("device must be 'onnx', 'cpu' or 'cuda' ('onnx' only "
                         f'for .onnx files), got {device!r}.')
    networks = import_training_side('mmpose_thermal.deployment.networks')
    return networks.TorchNetwork(
        model if isinstance(model, (tuple, list)) else str(model), task,
        device)


def import_training_side(module: str):
    """Imports a module that needs PyTorch and MMPose.

    Raises:
        ImportError: They are missing; the message explains what to install.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ImportError(
            f'{module} needs PyTorch and MMPose ({error}): install them with '
            "`bash tools/install.sh`. ThermalLandmarker(..., device='onnx') "
            'does not need them.') from error
