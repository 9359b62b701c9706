"""Landmark models of other projects, run on the same boxes as ours.

A model is a callable: an image (H, W), uint8, and boxes (N, 4), ``x1 y1 x2 y2``,
yield points (N, K, 2) in pixels of the image.
"""
import zipfile
from importlib import import_module

import cv2
import numpy as np

from mmpose_thermal.datasets.point_sets import keypoint_indices

# The points of MediaPipe's mesh that come closest to iBUG's 68.
_MESH_OF_IBUG68 = [
    162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323,
    454, 389,  # jaw
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,  # brows
    168, 6, 195, 4, 98, 97, 2, 326, 327,  # nose
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,  # eyes
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,  # lips, outer edge
    78, 81, 13, 311, 308, 402, 14, 178,  # lips, inner edge
]
_MESH_IN_WHEEL = 'mediapipe/modules/face_landmark/face_landmark.tflite'
_MESH_POINTS = 468


class FaceMesh:
    """MediaPipe's FaceMesh in OpenCV.

    Args:
        path (str): ``face_landmark.tflite``, or the wheel of mediapipe 0.10.14,
            which need not be installed.
        crop (float): Side of the crop, in mean sides of the box.
    """

    size_px = 192
    # Its own boxes reach up to the forehead, those of 68 points to the brows.
    shift = (0., -.02)

    def __init__(self, path, crop=1.5):
        content = _from_wheel(path) if path.endswith('.whl') else _bytes(path)
        self._net = cv2.dnn.readNetFromTFLite(np.frombuffer(content, np.uint8))
        self.crop = crop

    def __call__(self, image, boxes):
        points = []
        for crop in square_crops(image, boxes, self):
            self._net.setInput(cv2.dnn.blobFromImage(crop, 1 / 255))
            outputs = self._net.forward(self._net.getUnconnectedOutLayersNames())
            mesh = max(outputs, key=np.size).reshape(_MESH_POINTS, 3)
            points.append(mesh[_MESH_OF_IBUG68, :2])
        return to_image(np.array(points), boxes, self)


class Pfld:
    """An ONNX file that returns normalised points of a square RGB crop, like PFLD.

    Args:
        path (str): Takes (1, 3, S, S), RGB between 0 and 1; returns 68 points
            in iBUG's order or 98 in WFLW's, x and y in turn, as shares of S.
        crop (float): Side of the crop, in mean sides of the box.
    """

    shift = (0., 0.)

    def __init__(self, path, crop=1.2):
        import onnxruntime
        self._session = onnxruntime.InferenceSession(
            path, providers=['CPUExecutionProvider'])
        self._input = self._session.get_inputs()[0]
        self.size_px, self.crop = self._input.shape[-1], crop
        if not isinstance(self.size_px, int):
            raise ValueError(f'{path} takes {self._input.shape}, but an input of '
                             'fixed size (N, 3, S, S) is needed. If the model is '
                             'ours, copy its .json next to it.')

    def __call__(self, image, boxes):
        crops = np.array(square_crops(image, boxes, self), np.float32) / 255
        points = np.array([
            self._session.run(None, {
                self._input.name: crop.transpose(2, 0, 1)[None]
            })[-1].reshape(-1, 2) for crop in crops
        ])
        if points.shape[1] == 98:
            points = points[:, keypoint_indices('wflw', 'ibug68')]
        return to_image(points * self.size_px, boxes, self)


def square_crops(image, boxes, model):
    """Cuts faces from an image as RGB squares of ``model.size_px`` pixels."""
    colour = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    crops = []
    for origin, zoom in zip(*_geometry(boxes, model)):
        matrix = np.column_stack([zoom * np.eye(2), -zoom * origin])
        crops.append(cv2.warpAffine(colour, matrix, (model.size_px, ) * 2))
    return crops


def to_image(points, boxes, model):
    """Maps points (N, K, 2) of such crops to the image."""
    origins, zooms = _geometry(boxes, model)
    return points / zooms[:, None, None] + origins[:, None]


def _geometry(boxes, model):
    """Upper left corners of the crops, and crop pixels per image pixel."""
    sides = boxes[:, 2:] - boxes[:, :2]
    side = model.crop * np.sqrt(sides.prod(1, keepdims=True))
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2 + np.array(model.shift) * sides
    return centres - side / 2, model.size_px / side[:, 0]


def _from_wheel(path):
    with zipfile.ZipFile(path) as wheel:
        if _MESH_IN_WHEEL not in wheel.namelist():
            raise ValueError(f'{path} does not hold {_MESH_IN_WHEEL}. Download it '
                             'with `pip download --no-deps mediapipe==0.10.14`.')
        return wheel.read(_MESH_IN_WHEEL)


def _bytes(path):
    with open(path, 'rb') as file:
        return file.read()


def callable_of(spec):
    """Imports a model by ``module:function``."""
    module, _, name = spec.partition(':')
    found = getattr(import_module(module), name, None)
    if found is None:
        raise ValueError(f'{spec}: the module {module} has no {name}.')
    return found
