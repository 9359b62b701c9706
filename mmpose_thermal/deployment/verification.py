"""Does an exported model say what the trained one says?"""
import copy
from dataclasses import dataclass
from typing import Callable, List, Optional, Sequence, Tuple

import numpy as np
import torch
import torch.nn as nn
from mmengine.registry import init_default_scope
from torch import Tensor

from mmpose_thermal.apis.landmarker import ThermalLandmarker
from mmpose_thermal.datasets.conversion import box_around
from mmpose_thermal.datasets.point_sets import find_point_set
from mmpose_thermal.datasets.transforms.loading import (LoadThermalImage,
                                                        read_image)
from mmpose_thermal.runtime.crops import crop_faces
from mmpose_thermal.runtime.letterbox import boxes_from, letterbox
from mmpose_thermal.runtime.model_info import ModelInfo
from .decoding import build_decoder

_RENDERED_SIZE = 256
_BOX_MARGIN = .1
_ROUNDING = 1e-5  # of the largest output: ten times that of float32
_STABLE_PX = .05
_DISTURBANCES = 8
_SURE = .5  # boxes of lower scores are not compared


@dataclass
class LabelledFace:
    """A face to try a model on.

    Attributes:
        image (np.ndarray): Grey levels (H, W), or BGR for models of visible
            light; uint8.
        box (np.ndarray): ``x1, y1, x2, y2``, (4, ).
        keypoints (np.ndarray, optional): Shape (K, 2), if they are labelled.
        labelled (np.ndarray, optional): Which of them, (K, ).
    """
    image: np.ndarray
    box: np.ndarray
    keypoints: Optional[np.ndarray] = None
    labelled: Optional[np.ndarray] = None


def labelled_faces(model: nn.Module, split: str, count: int,
                   info: ModelInfo) -> Tuple[List[LabelledFace], str]:
    """Faces of the data set that a config names, else rendered ones.

    Args:
        model (nn.Module): Of :func:`load_model`.
        split (str): ``'val'`` or ``'test'``.
        count (int): How many, at equal distances.
        info (ModelInfo): Of :func:`describe`.

    Returns:
        tuple: The faces, and in words where they come from.
    """
    from mmpose.registry import DATASETS
    init_default_scope(model.cfg.get('default_scope', 'mmpose'))
    loader = model.cfg.get(f'{split}_dataloader')
    try:
        dataset = DATASETS.build(
            dict(copy.deepcopy(loader.dataset), test_mode=True))
    except (FileNotFoundError, AttributeError, TypeError):
        return _rendered(model, split, count), 'rendered faces'
    faces = []
    for record in _spread(dataset, count):
        faces.append(
            LabelledFace(
                _read(record, info), record['bbox'][0],
                record['keypoints'][0, :, :2],
                record['keypoints_visible'][0] > 0))
    return faces, dataset.ann_file


def _spread(dataset, count):
    """Samples at equal distances."""
    chosen = np.unique(
        np.linspace(0, len(dataset) - 1, min(count, len(dataset))).astype(int))
    return [dataset.get_data_info(int(index)) for index in chosen]


def _rendered(model, split, count):
    from mmpose_thermal.synthetic import SyntheticSpec, in_style, pictures_of
    names = model.dataset_meta.get('keypoint_id2name', {})
    style = find_point_set([names[i] for i in sorted(names)])
    faces = []
    for index in range(count):
        # Rendered people of either split are different ones.
        picture = next(
            pictures_of(
                SyntheticSpec(size=_RENDERED_SIZE), split,
                dict(val=500_000, test=600_000)[split] + index, 1))
        face = picture.faces[0]['keypoints']
        box = box_around(np.reshape(face, (-1, 3)), _BOX_MARGIN)
        box[2:] += box[:2]
        points = None if style is None else in_style(face, style)
        faces.append(
            LabelledFace(picture.thermal, box) if points is None else
            LabelledFace(picture.thermal, box, points[:, :2],
                         points[:, 2] > 0))
    return faces


def test_crops(faces: Sequence[LabelledFace],
               landmarker: ThermalLandmarker) -> np.ndarray:
    """What the network sees of faces.

    Args:
        faces (Sequence[LabelledFace]): The faces.
        landmarker (ThermalLandmarker): Any of the model's.

    Returns:
        np.ndarray: Shape (N, C, H, W), uint8.
    """
    return np.concatenate([
        crop_faces(
            landmarker.prepare(face.image).grey, face.box[None],
            landmarker.info).images for face in faces
    ])


def predictions(landmarker: ThermalLandmarker,
                faces: Sequence[LabelledFace]) -> np.ndarray:
    """Landmarks of faces.

    Args:
        landmarker (ThermalLandmarker): The model.
        faces (Sequence[LabelledFace]): The faces.

    Returns:
        np.ndarray: Shape (N, K, 2), pixels of the images.
    """
    return np.stack([
        landmarker(face.image, [face.box])[0].keypoints  # type: ignore
        for face in faces
    ])


@dataclass
class Reference:
    """What MMPose itself says of faces.

    Attributes:
        keypoints (np.ndarray): Shape (N, K, 2), pixels of the images.
        outputs (list): What the head put out, for each face.
        scales (np.ndarray): Pixels of the image per pixel of the crop, (N, 2).
    """
    keypoints: np.ndarray
    outputs: list
    scales: np.ndarray


def mmpose_predictions(model: nn.Module,
                       faces: Sequence[LabelledFace]) -> Reference:
    """Landmarks by MMPose itself, its pipeline and its decoder.

    Args:
        model (nn.Module): Of :func:`load_model`.
        faces (Sequence[LabelledFace]): The faces.

    Returns:
        Reference: What it says.
    """
    from mmpose.apis import inference_topdown
    flip = model.test_cfg.get('flip_test')
    forward, outputs = model.head.forward, []

    def recorded(*inputs):
        outputs.append(forward(*inputs))
        return outputs[-1]

    model.test_cfg['flip_test'] = False
    model.head.forward = recorded
    try:
        samples = [
            inference_topdown(model, face.image,
                              face.box[None].astype(np.float32))[0]
            for face in faces
        ]
    finally:
        del model.head.forward
        model.test_cfg['flip_test'] = flip
    return Reference(
        np.stack([s.pred_instances.keypoints[0] for s in samples]), outputs,
        np.stack([
            np.divide(s.metainfo['input_scale'], s.metainfo['input_size'])
            for s in samples
        ]))


def stable_points(model: nn.Module, reference: Reference,
                  suspects: np.ndarray) -> np.ndarray:
    """Which points stay in place when the outputs are rounded otherwise.

    A heatmap with two equal maxima, or one so flat that DARK divides by
    nearly nothing, decodes to another place after the least change: there no
    two programs agree, nor does MMPose with itself.

    Args:
        model (nn.Module): Of :func:`load_model`.
        reference (Reference): Of :func:`mmpose_predictions`.
        suspects (np.ndarray): Points to examine, (N, K), bool.

    Returns:
        np.ndarray: Shape (N, K), bool; True for what is not examined.
    """
    generator = torch.Generator().manual_seed(0)
    stable = np.ones(suspects.shape, bool)
    for index in np.flatnonzero(suspects.any(1)):
        stable[index] = ~suspects[index] | _stable(
            model.head, reference.outputs[index], reference.scales[index],
            generator)
    return stable


def _stable(head, outputs, scale, generator):
    """Which points of a face stay in place after small changes, (K, )."""
    single = isinstance(outputs, Tensor)
    outputs = [outputs] if single else outputs

    def decoded(changed):
        changed = changed[0] if single else tuple(changed)
        return head.decode(changed)[0].keypoints[0]

    here = decoded(outputs)
    stable = np.ones(len(here), bool)
    for _ in range(_DISTURBANCES):
        changes = [
            _ROUNDING * output.abs().max() *
            torch.randn(output.shape, generator=generator)
            for output in outputs
        ]
        # In both directions: of two equal maxima, one of both favours the
        # other one.
        for sign in (1, -1):
            moved = decoded([
                output + sign * change
                for output, change in zip(outputs, changes)
            ])
            stable &= np.linalg.norm(
                (moved - here) * scale, axis=1) < _STABLE_PX
    return stable


def nme(predicted: np.ndarray, faces: Sequence[LabelledFace]) -> float:
    """Mean error over the square root of the box's area.

    This normaliser exists for every point set; as ``box`` in
    ``FaceAlignmentMetric``.

    Args:
        predicted (np.ndarray): Shape (N, K, 2), pixels.
        faces (Sequence[LabelledFace]): With labels.

    Returns:
        float: A fraction.
    """
    errors = []
    for points, face in zip(predicted, faces):
        distance = np.linalg.norm(points - face.keypoints, axis=1)
        width, height = face.box[2:] - face.box[:2]
        errors.append(
            distance[face.labelled].mean() / np.sqrt(width * height))
    return float(np.mean(errors))


class ExportedNetwork:
    """An exported model of any format, as ``ThermalLandmarker`` takes it.

    Args:
        path (str): The model, with its description beside it.
        codec (BaseKeypointCodec, optional): Decodes what was exported without
            decoding.
        task (str): ``'landmarks'`` or ``'detection'``.
    """

    def __init__(self, path: str, codec=None, task: str = 'landmarks'):
        self.info, model = ModelInfo.load(path, task)
        self._run = _runner(path, model, task)
        self._decode = None
        if task == 'landmarks' and self.info.outputs != [
                'keypoints', 'scores'
        ]:
            self._decode = build_decoder(codec)
            self.info.outputs = ['keypoints', 'scores']

    def __call__(self, images: np.ndarray) -> List[np.ndarray]:
        """Runs the network on images (N, C, H, W), uint8."""
        outputs = self._run(images)
        if self._decode is None:
            return outputs
        return [
            decoded.numpy() for decoded in self._decode(
                *(torch.from_numpy(output) for output in outputs))
        ]


def _runner(path: str, model: str, task: str) -> Callable:
    if model.endswith('.onnx'):
        from mmpose_thermal.runtime.onnx_network import OnnxNetwork
        return OnnxNetwork(path, task)
    if model.endswith('.xml'):
        import openvino
        # Single precision, even where a processor could do with less.
        compiled = openvino.Core().compile_model(
            model, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
        return lambda images: [*compiled(images).values()]
    network = torch.jit.load(model)

    def run(images):
        with torch.no_grad():
            return [output.numpy() for output in network(
                torch.from_numpy(images))]

    return run


def face_images(model: nn.Module, split: str, count: int,
                info: ModelInfo) -> Tuple[List[tuple], str]:
    """Images for a detector.

    Args:
        model (nn.Module): Of :func:`load_model`, for detection.
        split (str): ``'val'`` or ``'test'``.
        count (int): How many, at equal distances.
        info (ModelInfo): Of :func:`describe`.

    Returns:
        tuple: For each the image as MMDetection takes it, as the network
        takes it, and the scale between both; and in words where they come
        from.
    """
    from mmdet.registry import DATASETS
    init_default_scope('mmdet')
    try:
        dataset = DATASETS.build(
            dict(
                copy.deepcopy(model.cfg[f'{split}_dataloader'].dataset),
                test_mode=True,
                pipeline=[]))
        images = [_read(record, info) for record in _spread(dataset, count)]
        where = dataset.ann_file
    except FileNotFoundError:
        images = [face.image for face in _rendered(model, split, count)]
        where = 'rendered faces'
    return [(image, *letterbox(image, info.input_size))
            for image in images], where


def _read(record, info):
    if info.channels == 3:
        return read_image(record['img_path'], colour=True)
    return LoadThermalImage(channels=1, **info.gain)(record)['img']


def compare_boxes(model: nn.Module, exported: ExportedNetwork,
                  images: Sequence[tuple]) -> Tuple[float, int]:
    """Compares a detector with MMDetection's own inference.

    Args:
        model (nn.Module): Of :func:`load_model`, for detection.
        exported (ExportedNetwork): Its export.
        images (Sequence[tuple]): Of :func:`face_images`.

    Returns:
        tuple: The largest difference of a coordinate, pixels, and the number
        of boxes that were compared: those that either is sure of.
    """
    from mmdet.apis import inference_detector
    worst, count = 0., 0
    for image, network_input, scale in images:
        colour = image if image.ndim == 3 else np.stack([image] * 3, 2)
        expected = inference_detector(model, colour).pred_instances
        boxes, scores = exported(network_input)
        found, found_scores = boxes_from(boxes[0], scores[0], scale,
                                         image.shape[1::-1], _SURE,
                                         exported.info.nms_iou)
        wanted = expected.bboxes[expected.scores >= _SURE].cpu().numpy()
        for one, others in ((found, wanted), (wanted, found)):
            for box in one:
                # A score at the threshold may fall on either side.
                if len(others):
                    worst = max(worst,
                                float(np.abs(others - box).max(1).min()))
        count += len(found)
        if len(found) != len(wanted) and not (
                np.abs(found_scores - _SURE) < .02).any():
            worst = float('inf')
    return worst, count
