"""Loads the models that the evaluation tools measure."""
import os.path as osp
import re
from pathlib import Path

import numpy as np
from errors_files import titles_of
from peers import FaceMesh, Pfld, callable_of

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.runtime.crops import detect_faces
from mmpose_thermal.runtime.networks import exported_network, load_network

_EXPORTED = ('.onnx', '.xml', '.pt')


class Ours:
    """A landmark model of this project, called like those in :mod:`peers`."""

    def __init__(self, path):
        self._landmarker = ThermalLandmarker(
            _network(path, 'landmarks'), temperatures=False)
        self.gain = self._landmarker.info.gain

    def __call__(self, image, boxes):
        return np.array([f.keypoints for f in self._landmarker(image, boxes)])


class Detector:
    """A detector of this project.

    Called with an image (H, W), uint8, and the smallest score; returns boxes
    (N, 4), best first, and scores (N, ).
    """

    def __init__(self, path):
        self._network = _network(path, 'detection')
        self.gain = self._network.info.gain

    def __call__(self, image, min_score):
        return detect_faces(self._network, image, min_score)


def _network(path, task):
    if Path(path).suffix in _EXPORTED:
        return exported_network(path, task)
    return load_network(path, task, None, None)


def titles_of_models(specs, given=None):
    """Returns the given titles, or the models' names with their crop."""
    names = [osp.basename(re.sub(r'\.[a-z]+(?=@|$)', '', spec)) for spec in specs]
    if given is None and len(set(names)) == len(names):
        return names
    return titles_of(specs, given)


def load_model(spec):
    """Loads a landmark model: a file of ours, or a peer as ``FILE[@CROP]``.

    Raises:
        FileNotFoundError: The file is missing.
        ValueError: The file is not usable, or a crop is given for our model.
    """
    if _is_callable(spec):
        return callable_of(spec)
    path, crop = re.fullmatch(r'(.*?)(?:@([\d.]+))?', spec).groups()
    if not osp.exists(path):
        raise FileNotFoundError(f'{path} does not exist.')
    options = {} if crop is None else dict(crop=float(crop))
    suffix = Path(path).suffix
    if suffix in ('.whl', '.tflite'):
        return FaceMesh(path, **options)
    if suffix == '.onnx' and not osp.exists(f'{path}.json'):
        return Pfld(path, **options)
    if options:
        raise ValueError(f'{spec}: our models come with a crop of their own. '
                         f'Leave out "@{crop}".')
    return Ours(path)


def load_detector(spec):
    """Loads a detector: a file of ours, or ``MODULE:FUNCTION``."""
    return callable_of(spec) if _is_callable(spec) else Detector(spec)


def _is_callable(spec):
    return ':' in spec and not osp.exists(spec)
