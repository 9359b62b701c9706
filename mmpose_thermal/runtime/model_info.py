"""What one must know of an exported model to use it: a JSON beside it."""
import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from .atomic_file import atomic_file

FORMAT = 1
TASKS = ('landmarks', 'detection')


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
        """Writes the description beside a model.

        Args:
            model_file (str): The exported network, ``NAME.onnx`` or the like.

        Returns:
            str: ``NAME.onnx.json``.
        """
        self.model = Path(model_file).name
        self.sha256 = _sha256(model_file)
        path = f'{model_file}.json'
        with atomic_file(path) as unfinished:
            Path(unfinished).write_text(
                json.dumps(dict(format=FORMAT, **asdict(self)), indent=1))
        return path

    @classmethod
    def load(cls, path: str, task: str) -> Tuple['ModelInfo', str]:
        """Reads a description and checks that it is that of its model.

        Args:
            path (str): The model or its ``.json``.
            task (str): What the model must be for.

        Returns:
            tuple: The description, and the path of the model.

        Raises:
            FileNotFoundError: One of both files is not there.
            ValueError: They do not belong together, or are for another task.
        """
        json_path = Path(path if path.endswith('.json') else f'{path}.json')
        if not json_path.is_file():
            raise FileNotFoundError(
                f'{json_path} does not exist. A model needs the description '
                'that tools/deployment/export.py writes beside it: copy both.')
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
