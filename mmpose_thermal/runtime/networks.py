"""Exported networks and their descriptions: ONNX, OpenVINO, TorchScript."""
import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from importlib import import_module
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from .atomic_file import atomic_file

FORMAT = 1


@dataclass
class ModelInfo:
    """Everything beside the weights of an exported network.

    Attributes:
        task (str): ``'landmarks'`` or ``'detection'``.
        input_size (tuple[int, int]): (width, height) of its input, pixels.
        channels (int): 1 for grey levels, 3 for BGR; both uint8.
        outputs (list[str]): Landmarks: ``['keypoints', 'scores']`` in pixels
            of the input if decoded, else as in
            :func:`mmpose_thermal.deployment.output_names`. Detection:
            ``['boxes', 'scores']``.
        gain (dict): How radiometric images become grey, as
            :func:`mmpose_thermal.runtime.to_grey` takes it.
        padding (float): The crop is the box times this.
        use_udp (bool): Whether the crop is MMPose's unbiased one.
        keypoints (list[str]): Names of the points.
        colours (list[list[int]]): Of the points, RGB.
        links (list[list[int]]): Pairs of points to be joined by a line.
        link_colours (list[list[int]]): RGB.
        regions (dict[str, list[int]]): Points of each facial region.
        nms_iou (float): Detection: boxes of larger overlap are one face.
        precision (str): ``'fp32'``, ``'fp16'`` or ``'int8'``.
        source (dict): Where it comes from, for the reader.
        model (str): File name of the network, beside this file.
        sha256 (str): Of that file.
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
    precision: str = 'fp32'
    source: Dict = field(default_factory=dict)
    model: Optional[str] = None
    sha256: Optional[str] = None

    def save(self, model_file: str) -> str:
        """Writes the description beside a model: ``NAME.onnx.json``."""
        self.model = Path(model_file).name
        self.sha256 = _sha256(model_file)
        path = f'{model_file}.json'
        with atomic_file(path) as unfinished:
            Path(unfinished).write_text(
                json.dumps(dict(format=FORMAT, **asdict(self)), indent=1))
        return path

    @classmethod
    def load(cls, path: str, task: str) -> Tuple['ModelInfo', str]:
        """Reads the description beside a model: it, and the path of the model.

        Args:
            path (str): Of the model, or of its ``.json``.
            task (str): What the model must be for.

        Raises:
            FileNotFoundError: One of both files is not there.
            ValueError: They do not belong together, or are for another task.
        """
        json_path = Path(path if path.endswith('.json') else f'{path}.json')
        if not json_path.is_file():
            raise FileNotFoundError(
                f'{json_path} does not exist. A model needs the description '
                'that `mmpose-thermal export` writes beside it: copy both.')
        try:
            content = json.loads(json_path.read_text())
            version = content.pop('format')
        except (ValueError, KeyError, AttributeError, TypeError):
            raise ValueError(f'{json_path} is no description of a model. '
                             'Export the model again.')
        known = {entry.name for entry in fields(cls)}
        if version != FORMAT or not set(content) <= known:
            raise ValueError(
                f'{json_path} has format {version!r}, this version of '
                f'mmpose_thermal reads {FORMAT}. Export the model again.')
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
                f'{json_path} describes {info.model}, which is not beside it. '
                'Copy both files together.')
        if _sha256(model) != info.sha256:
            raise ValueError(
                f'{model} is not the model that {json_path} describes: it was '
                'changed or exchanged. Copy both files of one export.')
        if info.task != task:
            raise ValueError(f'{model} is a model for {info.task}, wanted is '
                             f'one for {task}.')
        return info, str(model)


def _sha256(path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class OnnxNetwork:
    """Runs an exported model on batches of images.

    Args:
        path (str): ``NAME.onnx``, with ``NAME.onnx.json`` beside it, or the latter.
        task (str): ``'landmarks'`` or ``'detection'``.
        threads (int, optional): Of the CPU. By default all cores.
        providers (list[str]): ONNX Runtime's execution providers.

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
        # Threads wait actively for the next layer, but not for the next image:
        # the cores are others' until then.
        options.add_session_config_entry('session.force_spinning_stop', '1')
        try:
            self._session = onnxruntime.InferenceSession(
                model, options, providers=list(providers))
        except Exception as error:  # its errors have no common class
            raise ValueError(f'{model} cannot be loaded by ONNX Runtime '
                             f'{onnxruntime.__version__}: {error}')
        image = self._session.get_inputs()[0]
        width, height = self.info.input_size
        wanted = [self.info.channels, height, width]
        outputs = [output.name for output in self._session.get_outputs()]
        if image.shape[1:] != wanted or outputs != self.info.outputs:
            raise ValueError(
                f'{model} takes {image.shape[1:]} and gives {outputs}, its '
                f'description says {wanted} and {self.info.outputs}. Export '
                'the model again.')
        self._input = image.name

    def __call__(self, images: np.ndarray) -> List[np.ndarray]:
        """The outputs for images (N, C, H, W), uint8."""
        return self._session.run(None, {self._input: images})


class OpenVinoNetwork:
    """Runs an exported ``NAME.xml`` in OpenVINO, as :class:`OnnxNetwork`."""

    def __init__(self, path: str, task: str) -> None:
        import openvino
        self.info, model = ModelInfo.load(path, task)
        # Single precision, even where a processor could do with less.
        self._model = openvino.Core().compile_model(
            model, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})

    def __call__(self, images: np.ndarray) -> List[np.ndarray]:
        return [*self._model(images).values()]


class TorchScriptNetwork:
    """Runs an exported ``NAME.pt`` in PyTorch, as :class:`OnnxNetwork`."""

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
    """An exported model by the name of its file, or of its ``.json``."""
    name = path[:-len('.json')] if path.endswith('.json') else path
    networks = {'.onnx': OnnxNetwork, '.xml': OpenVinoNetwork,
                '.pt': TorchScriptNetwork}
    return networks[Path(name).suffix](path, task)


def load_network(model, task: str, device: Optional[str],
                 threads: Optional[int]) -> Any:
    """The network of a landmarker, whose arguments these are."""
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
        raise ValueError(f"{model} is an exported model: device='onnx' runs "
                         'it.')
    networks = import_training_side('mmpose_thermal.deployment.networks')
    return networks.TorchNetwork(
        model if isinstance(model, (tuple, list)) else str(model), task,
        device)


def import_training_side(module: str):
    """Imports a module that needs PyTorch and MMPose, or says how to."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ImportError(
            f'{module} needs PyTorch and MMPose ({error}): install them with '
            "`bash tools/install.sh`. ThermalLandmarker(..., device='onnx') "
            'does without.') from error
