"""Loads exported ONNX, OpenVINO and TorchScript networks."""
import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from importlib import import_module
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from .atomic_file import atomic_file

FORMAT = 2
_READABLE = (1, 2)  # 1 has neither spreads nor a calibration


@dataclass
class ModelInfo:
    """Description of an exported network, stored next to its weights.

    Attributes:
        task (str): ``'landmarks'`` or ``'detection'``.
        input_size (tuple[int, int]): (width, height) in pixels.
        channels (int): 1 for grey levels, 3 for BGR; both uint8.
        outputs (list[str]): Landmarks: ``['keypoints', 'scores']`` and, from
            heatmaps, ``'spreads'``, in input pixels if decoded; otherwise see
            :func:`mmpose_thermal.deployment.output_names`. Detection:
            ``['boxes', 'scores']``.
        gain (dict): Arguments of :func:`mmpose_thermal.runtime.to_grey` for
            radiometric images.
        padding (float): Scale from face box to crop.
        use_udp (bool): Whether crops use MMPose's unbiased geometry (UDP).
        keypoints (list[str]): Landmark names.
        colours (list[list[int]]): Landmark colours, RGB.
        links (list[list[int]]): Pairs of landmarks to join by a line.
        link_colours (list[list[int]]): Link colours, RGB.
        regions (dict[str, list[int]]): Landmark indices of facial regions.
        nms_iou (float): Detection: IoU threshold of non-maximum suppression.
        calibration (dict[str, float]): Arguments of :class:`Calibration`;
            empty if the scores are the network's own.
        precision (str): ``'fp32'``, ``'fp16'`` or ``'int8'``.
        source (dict): Provenance, for information only.
        model (str): Network file name, in the same folder.
        sha256 (str): Hash of the network file.
    """
    task: str
    input_size: Tuple[int, int]
    channels: int
    outputs: List[str]
    gain: Dict = field(default_factory=dict)
    padding: float = 1.25
    use_udp: bool = False
    keypoints: List[str] = field(default_factory=list)
    colours: List[List[int]] = field(default_factory=list)
    links: List[List[int]] = field(default_factory=list)
    link_colours: List[List[int]] = field(default_factory=list)
    regions: Dict[str, List[int]] = field(default_factory=dict)
    nms_iou: float = .6
    calibration: Dict[str, float] = field(default_factory=dict)
    precision: str = 'fp32'
    source: Dict = field(default_factory=dict)
    model: Optional[str] = None
    sha256: Optional[str] = None

    def save(self, model_file: str) -> str:
        """Writes the description next to a model file; returns its path."""
        self.model = Path(model_file).name
        self.sha256 = _sha256(model_file)
        path = f'{model_file}.json'
        with atomic_file(path) as unfinished:
            Path(unfinished).write_text(
                json.dumps(dict(format=FORMAT, **asdict(self)), indent=1))
        return path

    @classmethod
    def load(cls, path: str,
             task: Optional[str] = None) -> Tuple['ModelInfo', str]:
        """Loads a model's description.

        Args:
            path (str): Path of the model or of its ``.json``.
            task (str, optional): Required task. Defaults to any.

        Returns:
            tuple[ModelInfo, str]: The description, and the model's path.

        Raises:
            FileNotFoundError: The model or its description is missing.
            ValueError: The files do not match, or have another task.
        """
        json_path = Path(path if path.endswith('.json') else f'{path}.json')
        if not json_path.is_file():
            if not Path(path).exists():
                raise FileNotFoundError(f'{path} does not exist.')
            raise FileNotFoundError(
                f'{json_path} does not exist. A model needs the description '
                'that `mmpose-thermal export` writes next to it: copy both.')
        try:
            content = json.loads(json_path.read_text())
            version = content.pop('format')
        except (ValueError, KeyError, AttributeError, TypeError):
            raise ValueError(f'{json_path} is not a model description. '
                             'Export the model again.')
        known = {entry.name for entry in fields(cls)}
        if version not in _READABLE or not set(content) <= known:
            raise ValueError(
                f'{json_path} has format {version!r}, but this version of '
                f'mmpose_thermal reads {_READABLE[0]} to {FORMAT}. Export the '
                'model again.')
        try:
            info = cls(**content)
        except TypeError as error:
            raise ValueError(f'{json_path} is incomplete ({error}). Export '
                             'the model again.')
        width, height = info.input_size
        info.input_size = (width, height)
        model = json_path.with_name(info.model or '')
        if not info.model or not model.is_file():
            raise FileNotFoundError(
                f'{json_path} describes {info.model}, which is not in its '
                'folder. Copy both files together.')
        if _sha256(model) != info.sha256:
            raise ValueError(
                f'{model} is not the model that {json_path} describes: it was '
                'modified or replaced. Copy both files of the same export.')
        if task is not None and info.task != task:
            raise ValueError(f'{model} is a model for {info.task}, expected '
                             f'one for {task}.')
        return info, str(model)


def _sha256(path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class OnnxNetwork:
    """Runs an exported model on batches of images.

    Args:
        path (str): ``NAME.onnx`` with ``NAME.onnx.json`` next to it, or the latter.
        task (str): ``'landmarks'`` or ``'detection'``.
        threads (int, optional): CPU threads. Defaults to all cores.
        providers (tuple[str]): ONNX Runtime execution providers.

    Attributes:
        info (ModelInfo): The model's description.
    """

    def __init__(self,
                 path: str,
                 task: str,
                 threads: Optional[int] = None,
                 providers: Tuple[str, ...] = ('CPUExecutionProvider', )):
        import onnxruntime
        self.info, model = ModelInfo.load(path, task)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        # Threads spin between layers, but release the cores between images.
        options.add_session_config_entry('session.force_spinning_stop', '1')
        try:
            self._session = onnxruntime.InferenceSession(
                model, options, providers=list(providers))
        except Exception as error:  # its errors have no common base class
            raise ValueError(f'{model} cannot be loaded by ONNX Runtime '
                             f'{onnxruntime.__version__}: {error}')
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
    """Like :class:`OnnxNetwork`, for ``NAME.xml`` in OpenVINO."""

    def __init__(self, path: str, task: str) -> None:
        import openvino
        self.info, model = ModelInfo.load(path, task)
        # Force float32; some processors would default to lower precision.
        self._model = openvino.Core().compile_model(
            model, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})

    def __call__(self, images: np.ndarray) -> List[np.ndarray]:
        return [*self._model(images).values()]


class TorchScriptNetwork:
    """Like :class:`OnnxNetwork`, for TorchScript ``NAME.pt``."""

    def __init__(self, path: str, task: str) -> None:
        import torch
        self._torch = torch
        self.info, model = ModelInfo.load(path, task)
        self._model = torch.jit.load(model)

    def __call__(self, images: np.ndarray) -> List[np.ndarray]:
        with self._torch.no_grad():
            outputs = self._model(self._torch.from_numpy(images))
        return [output.numpy() for output in outputs]


def exported_network(path: str, task: str) -> Any:
    """Loads an exported model of any format, by its path or its ``.json``."""
    name = path[:-len('.json')] if path.endswith('.json') else path
    networks = {'.onnx': OnnxNetwork, '.xml': OpenVinoNetwork,
                '.pt': TorchScriptNetwork}
    return networks[Path(name).suffix](path, task)


def load_network(model, task: str, device: Optional[str],
                 threads: Optional[int]) -> Any:
    """Loads a network; see ``ThermalLandmarker`` for the arguments."""
    if callable(model):
        return model
    is_onnx = str(model).endswith('.onnx')
    if device is None:
        device = 'onnx' if is_onnx else 'cpu'
    if device == 'onnx':
        return OnnxNetwork(str(model), task, threads)
    if device != 'cpu' and not device.startswith('cuda'):
        raise ValueError(f"device must be 'onnx', 'cpu' or 'cuda', got "
                         f'{device!r}.')
    if is_onnx:
        raise ValueError(f"{model} is an exported model: run it with "
                         "device='onnx'.")
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
