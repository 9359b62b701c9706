"""The description of an exported network, stored next to its weights."""
import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from .atomic_file import write_text

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
        sha256 (str): Hash of the network file; of OpenVINO's, with its weights.
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
        write_text(path, json.dumps(dict(format=FORMAT, **asdict(self)), indent=1))
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
        missing = [path for path in _parts(model) if not path.is_file()]
        if missing:
            raise FileNotFoundError(
                f'{missing[0]} does not exist. It holds the weights of {model}: '
                'copy all files of the export.')
        if _sha256(model) != info.sha256:
            raise ValueError(
                f'{model} is not the model that {json_path} describes: it was '
                'modified or replaced. Copy all files of the same export, or '
                'export it again.')
        if task is not None and info.task != task:
            raise ValueError(f'{model} is a model for {info.task}, expected '
                             f'one for {task}.')
        return info, str(model)


def _parts(model: Path) -> List[Path]:
    """The files of a network: OpenVINO keeps weights beside the graph."""
    return [model, model.with_suffix('.bin')] if model.suffix == '.xml' else [model]


def _sha256(model) -> str:
    content = hashlib.sha256()
    for path in _parts(Path(model)):
        content.update(path.read_bytes())
    return content.hexdigest()
