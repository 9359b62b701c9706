"""Landmarks and skin temperatures of thermal frames."""
import os
import warnings
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import (Iterable, Iterator, List, Optional, Sequence, Tuple,
                    Union)

import numpy as np

from mmpose_thermal.runtime.ahead import work_ahead
from mmpose_thermal.runtime.crops import crop_faces
from mmpose_thermal.runtime.face_landmarks import FaceLandmarks
from mmpose_thermal.runtime.image_files import decode_image, grey_levels
from mmpose_thermal.runtime.letterbox import boxes_from, letterbox
from mmpose_thermal.runtime.temperature import (SkinThermometer,
                                                is_radiometric)

_DTYPES = ('uint8', 'uint16', 'float32')


@dataclass
class PreparedFrame:
    """A frame as networks and thermometer need it.

    Attributes:
        raw (np.ndarray): As the camera gave it.
        grey (np.ndarray): What networks see: grey levels (H, W), or BGR for
            models of visible light; uint8.
        radiometric (bool): Whether ``raw`` holds temperatures.
    """
    raw: np.ndarray
    grey: np.ndarray
    radiometric: bool


#: A path, an array as stored, or what :meth:`ThermalLandmarker.prepare` gave.
Image = Union[str, Path, np.ndarray, PreparedFrame]


class ThermalLandmarker:
    """Finds facial landmarks in thermal frames.

        >>> landmarker = ThermalLandmarker('student_best.pth')
        >>> for face in landmarker('frame.png', boxes=[[60, 40, 180, 190]]):
        ...     print(face.keypoints, face.scores, face.skin_celsius)

    Args:
        model (str | tuple[str, str] | Callable): For ``device='onnx'`` what
            tools/deployment/export.py wrote with ``--decode``: ``NAME.onnx``
            with ``NAME.onnx.json`` beside it. Otherwise ``NAME.pth`` with
            ``NAME.py`` beside it, as training leaves them
            (``student_best.pth``), or config and checkpoint. Or a network of
            your own: a callable from images (N, C, H, W) to points and
            scores, with a :class:`ModelInfo` as ``info``.
        device (str, optional): ``'onnx'`` (ONNX Runtime on the CPU; needs
            NumPy and OpenCV besides, no PyTorch), ``'cpu'`` or ``'cuda'``. By
            default ``'onnx'`` for a file of that name, else ``'cpu'``.
        detector (str | tuple | Callable, optional): A face detector
            in the same form as ``model``. Without it, and without boxes, a
            face is taken to fill the image.
        min_box_score (float): Faces of the detector below it are left out.
        palette (str): Of 8-bit frames: ``'white-hot'``, ``'black-hot'``,
            ``'iron'`` or the file of one.
        temperature_scale, temperature_offset (float): Kelvin are
            ``frame * scale + offset``. By default 0.01 and 0 for 16 bits
            (centikelvin), 1 and 0 for floats. Degrees Celsius as floats have
            the offset 273.15.
        temperatures (bool): Whether those of the skin are read, where frames
            are radiometric.
        batch_size (int): Faces that the network sees at a time, at most.
        threads (int, optional): Of ONNX Runtime, for one image. By default
            all cores.

    Attributes:
        info (ModelInfo): Names of the points, regions and more.

    Raises:
        FileNotFoundError: A model's file is missing.
        ValueError: A model and its description or config differ, or it was
            exported without decoding.
    """

    def __init__(self,
                 model,
                 device: Optional[str] = None,
                 detector=None,
                 min_box_score: float = .4,
                 palette: str = 'white-hot',
                 temperature_scale: Optional[float] = None,
                 temperature_offset: float = 0.,
                 temperatures: bool = True,
                 batch_size: int = 32,
                 threads: Optional[int] = None) -> None:
        self._network = _network(model, 'landmarks', device, threads)
        self.info = self._network.info
        if self.info.outputs != ['keypoints', 'scores']:
            raise ValueError(
                f'{model} gives {self.info.outputs}: it was exported without '
                'decoding. Export it with --decode.')
        self.detector = None if detector is None else _network(
            detector, 'detection', device, threads)
        if self.detector is not None and \
                self.detector.info.channels != self.info.channels:
            raise ValueError(
                f'{detector} takes {self.detector.info.channels} channels, '
                f'{model} {self.info.channels}: one is for thermal images, the '
                'other for visible light.')
        self.min_box_score = min_box_score
        self.palette = palette
        self._scale, self._offset = temperature_scale, temperature_offset
        self.temperatures = temperatures
        self._thermometer = SkinThermometer(self.info.keypoints,
                                            temperature_scale,
                                            temperature_offset)
        self.batch_size = batch_size
        self._warned = False

    def __call__(
        self,
        images: Union[Image, Sequence[Image]],
        boxes: Optional[Sequence] = None
    ) -> Union[List[FaceLandmarks], List[List[FaceLandmarks]]]:
        """Finds the landmarks of all faces.

        Args:
            images (str | np.ndarray | Sequence): An image: a path, or an array
                (H, W) or (H, W, 3) of 8 bits, 16 bits or floats, or a
                prepared frame. Or a batch: a list of images, or an array
                (N, H, W) or (N, H, W, 3).
            boxes (Sequence, optional): Faces as ``x1, y1, x2, y2`` in pixels,
                (N, 4), for a batch one such list an image. By default those
                of the detector, else the whole image.

        Returns:
            list[FaceLandmarks]: One a face; for a batch a list of them for
            each image. Empty where no face is found.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: An image is empty, unreadable, of another type, or has
                pixels that are not finite; a box has no area, is not finite or
                lies outside the image.
        """
        if not _is_batch(images):
            return self._of_frames(
                [images], None if boxes is None else [boxes])[0]
        images = list(images)  # type: ignore[arg-type]
        if boxes is not None and len(boxes) != len(images):
            raise ValueError(f'{len(images)} images, but boxes for '
                             f'{len(boxes)}: a batch needs one list an image.')
        return self._of_frames(images, boxes)

    def stream(self,
               images: Iterable[Image],
               boxes: Optional[Sequence] = None,
               workers: Optional[int] = None) -> Iterator[List[FaceLandmarks]]:
        """Finds the landmarks in images one after the other, as they come.

        Some images are worked on at a time, each by one thread: where many
        wait, that is the fastest way, with ``threads=1``.

        Args:
            images (Iterable): See :meth:`__call__`; any number.
            boxes (Sequence, optional): The same faces in every image, (N, 4).
            workers (int, optional): Threads. By default one a core.

        Yields:
            list[FaceLandmarks]: Of each image, in order.

        Raises:
            ValueError: As for a single image, when its turn has come.
        """
        return work_ahead(lambda image: self(image, boxes), images, workers or
                          os.cpu_count() or 1)

    def _of_frames(self, images, boxes):
        frames = [self.prepare(image) for image in images]
        found = []
        for index, frame in enumerate(frames):
            if boxes is not None:
                chosen = _checked(boxes[index], frame.grey)
                found.append((chosen, np.ones(len(chosen))))
            elif self.detector is not None:
                found.append(self.detect(frame))
            else:
                height, width = frame.grey.shape[:2]
                found.append((np.array([[0., 0, width, height]]), np.ones(1)))
        return self._landmarks(frames, found)

    def prepare(self, image: Image) -> PreparedFrame:
        """Reads and checks an image, and maps it to what networks see.

        Args:
            image (str | np.ndarray): See :meth:`__call__`. A prepared frame
                is returned as it is.

        Returns:
            PreparedFrame: The frame.
        """
        if isinstance(image, PreparedFrame):
            return image
        name = 'given as an array'
        if isinstance(image, (str, Path)):
            name = str(image)
            if not Path(name).is_file():
                raise FileNotFoundError(f'Image {name} does not exist.')
            image = decode_image(Path(name).read_bytes(), name)
        raw = _checked_image(image, name)
        if self.info.channels == 3:
            if raw.dtype != np.uint8 or raw.ndim != 3 or raw.shape[2] != 3:
                raise ValueError(
                    f'Image {name} is {raw.dtype} of shape {raw.shape}; this '
                    'model is for visible light: 8 bits, (H, W, 3), BGR.')
            return PreparedFrame(raw, raw, False)
        grey, _ = grey_levels(raw, name, self.palette, self._scale,
                              self._offset, **self.info.gain)
        if raw.dtype == np.uint8 or not self.temperatures:
            return PreparedFrame(raw, grey, False)
        raw = raw.reshape(grey.shape) if raw.size == grey.size else raw[..., 0]
        radiometric = is_radiometric(raw, self._scale, self._offset)
        if not radiometric and not self._warned:
            self._warned = True
            warnings.warn(
                f'Image {name} holds {raw.dtype} pixels that are no skin '
                'temperatures by temperature_scale and temperature_offset: '
                'landmarks come without temperatures.')
        return PreparedFrame(raw, grey, radiometric)

    def detect(self, frame: PreparedFrame) -> Tuple[np.ndarray, np.ndarray]:
        """Finds the faces of a frame.

        Args:
            frame (PreparedFrame): The frame.

        Returns:
            tuple: Boxes (N, 4), best first, and scores (N, ).
        """
        assert self.detector is not None
        info = self.detector.info
        image, scale = letterbox(frame.grey, info.input_size)
        boxes, scores = self.detector(image)
        return boxes_from(boxes[0], scores[0], scale, frame.grey.shape[1::-1],
                          self.min_box_score, info.nms_iou)

    def landmarks(self, frame: PreparedFrame, boxes: np.ndarray,
                  box_scores: Sequence[float]) -> List[FaceLandmarks]:
        """Finds the landmarks in boxes of a frame.

        Args:
            frame (PreparedFrame): The frame.
            boxes (np.ndarray): Shape (N, 4).
            box_scores (Sequence[float]): Of the boxes.

        Returns:
            list[FaceLandmarks]: One a box.
        """
        return self._landmarks([frame], [(boxes, box_scores)])[0]

    def _landmarks(self, frames, found):
        cut = [
            crop_faces(frame.grey, boxes, self.info)
            for frame, (boxes, _) in zip(frames, found)
        ]
        keypoints, scores = self._run(
            np.concatenate([crops.images for crops in cut]))
        results, start = [], 0
        for frame, (boxes, box_scores), crops in zip(frames, found, cut):
            chosen = slice(start, start + len(boxes))
            start += len(boxes)
            results.append([
                self._face(frame, *values) for values in zip(
                    crops.to_image(keypoints[chosen]), scores[chosen], boxes,
                    box_scores)
            ])
        return results

    def _run(self, images):
        if not len(images):
            count = len(self.info.keypoints)
            return np.zeros((0, count, 2)), np.zeros((0, count))
        parts = [
            self._network(images[start:start + self.batch_size])
            for start in range(0, len(images), self.batch_size)
        ]
        return [np.concatenate(part) for part in zip(*parts)]

    def _face(self, frame, keypoints, scores, box, box_score):
        face = FaceLandmarks(keypoints, scores, np.asarray(box),
                             float(box_score))
        if frame.radiometric:
            face.keypoint_celsius, face.skin_celsius = self._thermometer(
                frame.raw, keypoints)
        return face


def _network(model, task, device, threads):
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


def _is_batch(images) -> bool:
    if isinstance(images, np.ndarray):
        return images.ndim == 4 or (images.ndim == 3 and
                                    images.shape[2] not in (1, 3, 4))
    return not isinstance(images, (str, Path, PreparedFrame))


def _checked_image(image, name):
    if not isinstance(image, np.ndarray):
        raise ValueError(f'Image {name} is a {type(image).__name__}; wanted is '
                         'a path or a NumPy array.')
    if image.dtype == np.float64:
        image = image.astype(np.float32)
    if image.dtype.name not in _DTYPES:
        raise ValueError(
            f'Image {name} holds {image.dtype} pixels; wanted are 8 bits '
            '(uint8), 16 bits (uint16) or floats.')
    if image.ndim not in (2, 3) or not image.size:
        raise ValueError(f'Image {name} has the shape {image.shape}; wanted '
                         'is (H, W) or (H, W, 3), not empty.')
    return image


def _checked(boxes, image) -> np.ndarray:
    """Boxes that were given: an error says which one is wrong."""
    boxes = np.asarray(boxes, float)
    if boxes.size == 0:
        return np.zeros((0, 4))
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f'boxes have the shape {boxes.shape}; wanted is '
                         '(N, 4): x1, y1, x2, y2.')
    height, width = image.shape[:2]
    for index, box in enumerate(boxes):
        if not np.isfinite(box).all() or (box[2:] <= box[:2]).any():
            raise ValueError(f'Box {index} is {box.tolist()}: it must be x1, '
                             'y1, x2, y2 with an area.')
        if (np.minimum(box[2:], [width, height]) <= np.maximum(box[:2],
                                                               0)).any():
            raise ValueError(f'Box {index} is {box.tolist()}: it lies outside '
                             f'the {width}x{height} image.')
    return boxes
