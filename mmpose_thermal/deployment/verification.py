"""Checks that an exported model agrees with the trained one."""
import copy
from dataclasses import dataclass
from typing import List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import torch
import torch.nn as nn
from mmengine.registry import init_default_scope

from mmpose_thermal.apis.landmarker import ThermalLandmarker
from mmpose_thermal.datasets.converter_tools import box_around
from mmpose_thermal.datasets.point_sets import find_point_set
from mmpose_thermal.datasets.transforms.loading import (LoadThermalImage,
                                                        read_image)
from mmpose_thermal.runtime.crops import boxes_from, crop_faces, letterbox
from mmpose_thermal.runtime.networks import ModelInfo, exported_network
from .decoding import build_decoder, decoded_outputs

#: Tolerance of the median landmark, and of every detected box corner.
TOLERANCE_PX = .1
#: Tolerance of the mean error, relative to box size.
TOLERANCE_NME = .002
_RENDERED_SIZE = 256
_BOX_MARGIN = .1
_SURE = .5  # minimum score of compared boxes


@dataclass
class LabelledFace:
    """A face to test a model on.

    Attributes:
        image (np.ndarray): Grey levels (H, W), or BGR for visible-light
            models; uint8.
        box (np.ndarray): ``x1, y1, x2, y2``, (4, ).
        keypoints (np.ndarray, optional): Labels (K, 2) in pixels.
        labelled (np.ndarray, optional): Which points are labelled, (K, ), bool.
    """
    image: np.ndarray
    box: np.ndarray
    keypoints: Optional[np.ndarray] = None
    labelled: Optional[np.ndarray] = None


class Difference(NamedTuple):
    """Difference between landmarks of an exported and of the trained model.

    Attributes:
        median_px, p99_px (float): Median and 99th percentile of the point
            distances, in image pixels.
        nme (tuple[float, float], optional): Mean error of the trained and of
            the exported model, relative to the square root of the box's area,
            if the faces are labelled.
    """
    median_px: float
    p99_px: float
    nme: Optional[Tuple[float, float]] = None

    @property
    def is_small(self) -> bool:
        """Whether the exported model can replace the trained one.

        A few points may differ widely: a heatmap with two equal maxima, as
        from an untrained model, can decode to either of them.
        """
        worse = self.nme[1] - self.nme[0] if self.nme else 0.
        return self.median_px <= TOLERANCE_PX and worse <= TOLERANCE_NME

    def __str__(self) -> str:
        text = (f'half of the points differ by at most {self.median_px:.4f} '
                f'px, 99 % of them by at most {self.p99_px:.4f} px')
        if self.p99_px > TOLERANCE_PX:
            text += ' (is the model trained? Flat heatmaps have no clear maximum)'
        if self.nme is None:
            return text
        before, after = (100 * nme for nme in self.nme)
        return (f'{text}; NME by box: {before:.3f} % trained, {after:.3f} % '
                f'exported ({after - before:+.3f})')


def compare_landmarks(model: nn.Module, exported: ThermalLandmarker,
                      faces: Sequence[LabelledFace]) -> Difference:
    """Compares an exported model with MMPose's own inference."""
    expected, found = mmpose_predictions(model, faces), predictions(
        exported, faces)
    distances = np.linalg.norm(found - expected, axis=2)
    return Difference(
        float(np.median(distances)), float(np.percentile(distances, 99)),
        None if faces[0].keypoints is None else
        (_nme(expected, faces), _nme(found, faces)))


def _nme(predicted, faces) -> float:
    """NME by box, as in ``FaceAlignmentMetric``; defined for every point set."""
    errors = []
    for points, face in zip(predicted, faces):
        distance = np.linalg.norm(points - face.keypoints, axis=1)
        errors.append(distance[face.labelled].mean() /
                      np.sqrt(np.prod(face.box[2:] - face.box[:2])))
    return float(np.mean(errors))


def mmpose_predictions(model: nn.Module,
                       faces: Sequence[LabelledFace]) -> np.ndarray:
    """Predicts with MMPose's pipeline and decoder: (N, K, 2), pixels."""
    from mmpose.apis import inference_topdown
    flip = model.test_cfg.get('flip_test')
    model.test_cfg['flip_test'] = False
    try:
        return np.stack([
            inference_topdown(model, face.image, face.box[None].astype(
                np.float32))[0].pred_instances.keypoints[0] for face in faces
        ])
    finally:
        model.test_cfg['flip_test'] = flip


def predictions(landmarker: ThermalLandmarker,
                faces: Sequence[LabelledFace]) -> np.ndarray:
    """Predicts with a landmarker: (N, K, 2), image pixels."""
    return np.stack([
        landmarker(face.image, [face.box])[0].keypoints  # type: ignore
        for face in faces
    ])


def network_inputs(faces: Sequence[LabelledFace],
                   info: ModelInfo) -> np.ndarray:
    """Crops faces to a landmark model's inputs, (N, C, H, W), uint8."""
    return np.concatenate([
        crop_faces(face.image, face.box[None], info).images for face in faces
    ])


def labelled_faces(model: nn.Module, split: str, count: int,
                   info: ModelInfo) -> Tuple[List[LabelledFace], str]:
    """Loads faces from the config's data set, or renders them without one.

    Args:
        model (nn.Module): Returned by :func:`load_model`.
        split (str): ``'val'`` or ``'test'``.
        count (int): Number of faces, evenly spaced in the data set.
        info (ModelInfo): Returned by :func:`describe`.

    Returns:
        tuple: The faces, and a description of their source.
    """
    from mmpose.registry import DATASETS
    init_default_scope(model.cfg.get('default_scope', 'mmpose'))
    records, where = _records(DATASETS, model, split, count)
    if records is None:
        return _rendered(model, split, count), where
    return [
        LabelledFace(
            _read(record, info), record['bbox'][0],
            record['keypoints'][0, :, :2], record['keypoints_visible'][0] > 0)
        for record in records
    ], where


def _records(registry, model, split, count, **options):
    """Evenly spaced samples of a data set, or ``None`` without its files."""
    loader = model.cfg.get(f'{split}_dataloader')
    if loader is None:
        return None, 'rendered faces'
    try:
        dataset = registry.build(
            dict(copy.deepcopy(loader.dataset), test_mode=True, **options))
    except FileNotFoundError:
        return None, 'rendered faces'
    chosen = np.unique(
        np.linspace(0, len(dataset) - 1, min(count, len(dataset))).astype(int))
    return [dataset.get_data_info(int(i)) for i in chosen], dataset.ann_file


def _read(record, info):
    if info.channels == 3:
        return read_image(record['img_path'], colour=True)
    return LoadThermalImage(channels=1, **info.gain)(record)['img']


def _rendered(model, split, count):
    from mmpose_thermal.synthetic import SyntheticSpec, in_style, pictures_of
    names = model.dataset_meta.get('keypoint_id2name', {})
    style = find_point_set([names[i] for i in sorted(names)])
    # The splits have different rendered people.
    first = dict(val=500_000, test=600_000)[split]
    faces = []
    for index in range(count):
        picture = next(
            pictures_of(
                SyntheticSpec(size=_RENDERED_SIZE), split, first + index, 1))
        face = picture.faces[0]['keypoints']
        box = box_around(np.reshape(face, (-1, 3)), _BOX_MARGIN)
        box[2:] += box[:2]
        faces.append(LabelledFace(picture.thermal, box))
        points = None if style is None else in_style(face, style)
        if points is not None:
            faces[-1].keypoints = points[:, :2]
            faces[-1].labelled = points[:, 2] > 0
    return faces


class ExportedNetwork:
    """An exported model of any format, for use with ``ThermalLandmarker``.

    Args:
        path (str): The model, with its description next to it.
        codec (BaseKeypointCodec, optional): Codec to decode a model that was
            exported without decoding.
        task (str): ``'landmarks'`` or ``'detection'``.
    """

    def __init__(self, path: str, codec=None, task: str = 'landmarks'):
        self._network = exported_network(path, task)
        self.info = copy.copy(self._network.info)
        self._decode = None
        if task == 'landmarks' and 'keypoints' not in self.info.outputs:
            self._decode = build_decoder(codec)
            self.info.outputs = decoded_outputs(codec)

    def __call__(self, images: np.ndarray) -> List[np.ndarray]:
        """Runs the network on images (N, C, H, W), uint8."""
        outputs = self._network(images)
        if self._decode is None:
            return outputs
        return [
            decoded.numpy()
            for decoded in self._decode(*map(torch.from_numpy, outputs))
        ]


def face_images(model: nn.Module, split: str, count: int,
                info: ModelInfo) -> Tuple[List[tuple], str]:
    """Loads or renders images for a detector, like :func:`labelled_faces`.

    Returns:
        tuple: Triples of image, network input and the scale between them; and
        a description of their source.
    """
    from mmdet.registry import DATASETS
    init_default_scope('mmdet')
    records, where = _records(DATASETS, model, split, count, pipeline=[])
    images = [face.image for face in _rendered(model, split, count)
              ] if records is None else [
                  _read(record, info) for record in records]
    return [(image, *letterbox(image, info.input_size))
            for image in images], where


def compare_boxes(model: nn.Module, exported: ExportedNetwork,
                  images: Sequence[tuple]) -> Tuple[float, int]:
    """Compares a detector with MMDetection's own inference.

    Returns:
        tuple: Largest coordinate difference in pixels (infinite if the number
        of boxes differs), and the number of confident boxes found.
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
