"""Landmarks and skin temperatures of thermal frames."""
import os
import warnings
from collections.abc import Iterable as IterableType
from typing import (Iterable, Iterator, List, Optional, Sequence, Set, Tuple,
                    Union)

import cv2
import numpy as np

from mmpose_thermal.runtime.crops import boxes_from, crop_faces, letterbox
from mmpose_thermal.runtime.images import grey_levels, thermal_pixels
from mmpose_thermal.runtime.networks import load_network
from mmpose_thermal.runtime.palettes import palette_colours
from mmpose_thermal.runtime.parallel_map import ParallelMap
from mmpose_thermal.runtime.radiometry import temperature_problem
from mmpose_thermal.runtime.results import FaceLandmarks
from mmpose_thermal.runtime.temperature import SkinThermometer, is_skin

from .inputs import Image, PreparedFrame, checked_boxes, listed, read, with_boxes

_ON_ERROR = ('raise', 'skip')
_WHITE_HOT = 'white-hot'


class ThermalLandmarker:
    """Finds facial landmarks in thermal frames.

        >>> landmarker = ThermalLandmarker('student_best.pth')
        >>> for face in landmarker('frame.png', boxes=[[60, 40, 180, 190]]):
        ...     print(face.keypoints, face.scores, face.skin_celsius)

    Args:
        model (str | tuple[str, str] | Callable): For ``device='onnx'`` what
            ``mmpose-thermal export`` wrote: ``NAME.onnx`` with
            ``NAME.onnx.json`` beside it. Otherwise ``NAME.pth`` with
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
            ``'iron'``, another of :data:`PALETTES` or the file of one.
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
                 palette: str = _WHITE_HOT,
                 temperature_scale: Optional[float] = None,
                 temperature_offset: float = 0.,
                 temperatures: bool = True,
                 batch_size: int = 32,
                 threads: Optional[int] = None) -> None:
        self._network = load_network(model, 'landmarks', device, threads)
        self.info = self._network.info
        if self.info.outputs != ['keypoints', 'scores']:
            raise ValueError(
                f'{model} gives {self.info.outputs}: it was exported without '
                'decoding. Export it without --no-decode.')
        self.detector = None if detector is None else load_network(
            detector, 'detection', device, threads)
        if self.detector is not None and \
                self.detector.info.channels != self.info.channels:
            raise ValueError(
                f'{detector} takes {self.detector.info.channels} channels, '
                f'{model} {self.info.channels}: one is for thermal images, the '
                'other for visible light.')
        self.min_box_score = min_box_score
        palette_colours(palette)  # an unknown one is told now
        self.palette = palette
        self._scale, self._offset = temperature_scale, temperature_offset
        self.temperatures = temperatures
        self._thermometer = SkinThermometer(self.info.keypoints,
                                            temperature_scale,
                                            temperature_offset)
        self.batch_size = batch_size
        self._warned: Set[str] = set()

    def __call__(
        self,
        images: Union[Image, Iterable[Image]],
        boxes: Optional[Sequence] = None
    ) -> Union[List[FaceLandmarks], List[List[FaceLandmarks]]]:
        """Finds the landmarks of all faces.

        Args:
            images (str | np.ndarray | Iterable): An image: a path, an array
                (H, W) or (H, W, 3), BGR, of 8 bits, 16 bits or floats, a PIL
                image, a PyTorch tensor (H, W) or (3, H, W), a frame of a
                :class:`Source` or a prepared one. Or a batch: a list of
                images, or an array (N, H, W), (N, H, W, 3) or (N, 3, H, W).
                An array whose last axis is 1, 3 or 4 long has channels there.
            boxes (Sequence, optional): Faces as ``x1, y1, x2, y2`` in pixels,
                (N, 4), for a batch one such list an image. By default those
                of the detector, else the whole image.

        Returns:
            list[FaceLandmarks]: One a face; for a batch a list of them for
            each image. Empty where no face is found.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: An image is empty, unreadable or of another type, or
                what was given is none; a box has no area, is not finite or
                lies outside the image.
        """
        chosen, many = listed(images)
        if not many:
            return self._of_frames([self.prepare(chosen[0])],
                                   None if boxes is None else [boxes])[0]
        if boxes is not None:
            if not isinstance(boxes, IterableType):
                raise ValueError(f'boxes are {boxes!r:.80}: a batch needs one '
                                 'list (N, 4) an image.')
            boxes = list(boxes)
        if boxes is not None and len(boxes) != len(chosen):
            raise ValueError(f'{len(chosen)} images, but boxes for '
                             f'{len(boxes)}: a batch needs one list an image.')
        return self._of_frames([
            self.prepare(image, f'{index} of the batch')
            for index, image in enumerate(chosen)
        ], boxes)

    def stream(self,
               images: Iterable[Image],
               boxes: Optional[Iterable] = None,
               workers: Optional[int] = None,
               on_error: str = 'raise') -> Iterator[List[FaceLandmarks]]:
        """Finds the landmarks in images one after the other, as they come.

        Some images are worked on at a time, each by one thread: where many
        wait, that is the fastest way, with ``threads=1``.

        Args:
            images (Iterable): See :meth:`__call__`; any number. A
                :class:`Source` is one.
            boxes (Iterable, optional): The same faces in every image, (N, 4);
                or for each image such a list, or ``None`` to look for faces.
            workers (int, optional): Threads. By default one a core.
            on_error (str): What becomes of an image that cannot be used.
                ``'raise'``: its error is raised when its turn has come, after
                the results of all images before it; ``next()`` goes on with
                the image behind it. ``'skip'``: its result is an empty list,
                and a warning says why.

        Returns:
            Iterator[list[FaceLandmarks]]: Of each image, in order.

        Raises:
            ValueError: As for a single image, when its turn has come.
        """
        if on_error not in _ON_ERROR:
            raise ValueError(f'on_error must be one of {_ON_ERROR}, got '
                             f'{on_error!r}.')

        def of_one(item):
            index, (image, own_boxes) = item
            try:
                frame = self.prepare(image, f'{index} of the stream')
                return self._of_frames(
                    [frame], None if own_boxes is None else [own_boxes])[0]
            except (OSError, ValueError) as error:
                if on_error == 'raise':
                    raise
                warnings.warn(f'Image {index} of the stream is skipped: '
                              f'{error}')
                return []

        return ParallelMap(of_one, enumerate(with_boxes(images, boxes)),
                         workers or os.cpu_count() or 1)

    def _of_frames(self, frames, boxes):
        found = []
        for index, frame in enumerate(frames):
            own = None if boxes is None else boxes[index]
            if own is not None:
                chosen = checked_boxes(own, frame.grey)
                found.append((chosen, np.ones(len(chosen))))
            elif self.detector is not None:
                found.append(self.detect(frame))
            else:
                self._warn_once(
                    'whole image', 'There is neither a detector nor boxes: '
                    'the whole image is taken as one face. Give detector= to '
                    'ThermalLandmarker, or boxes= with the images.')
                height, width = frame.grey.shape[:2]
                found.append((np.array([[0., 0, width, height]]), np.ones(1)))
        return self._landmarks(frames, found)

    def _warn_once(self, kind, message):
        if kind not in self._warned:
            self._warned.add(kind)
            warnings.warn(message)

    def prepare(self, image: Image,
                name: str = 'given as an array') -> PreparedFrame:
        """Reads and checks an image, and maps it to what networks see.

        Args:
            image (str | np.ndarray): See :meth:`__call__`. A prepared frame
                is returned as it is.
            name (str): What errors call an image without a name.

        Returns:
            PreparedFrame: The frame.
        """
        if isinstance(image, PreparedFrame):
            return image
        raw, name = read(
            image, name, None if self.palette == _WHITE_HOT else self.palette)
        if self.info.channels == 3:
            if raw.dtype != np.uint8:
                raise ValueError(
                    f'Image {name} is {raw.dtype} of shape {raw.shape}; this '
                    'model is for visible light: 8 bits, (H, W, 3), BGR.')
            if raw.ndim == 2:
                raw = cv2.cvtColor(raw, cv2.COLOR_GRAY2BGR)
            return PreparedFrame(raw, raw, False)
        grey, _ = grey_levels(raw, name, self.palette, self._scale,
                              self._offset, **self.info.gain)
        if raw.dtype == np.uint8 or not self.temperatures:
            return PreparedFrame(raw, grey, False)
        raw = thermal_pixels(raw, name)
        problem = temperature_problem(raw, self._scale, self._offset)
        if problem is not None:
            self._warn_once(
                'temperatures', f'Image {name}: {problem} Landmarks come '
                'without temperatures.')
        return PreparedFrame(raw, grey, problem is None, problem)

    def detect(self, frame: PreparedFrame) -> Tuple[np.ndarray, np.ndarray]:
        """The faces of a frame: boxes (N, 4), best first, and scores (N, )."""
        assert self.detector is not None
        info = self.detector.info
        image, scale = letterbox(frame.grey, info.input_size)
        boxes, scores = self.detector(image)
        return boxes_from(boxes[0], scores[0], scale, frame.grey.shape[1::-1],
                          self.min_box_score, info.nms_iou)

    def landmarks(self, frame: PreparedFrame, boxes: np.ndarray,
                  box_scores: Sequence[float]) -> List[FaceLandmarks]:
        """The landmarks in boxes (N, 4) of a frame, one face a box."""
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
            at_points, of_skin = self._thermometer(frame.raw, keypoints)
            if is_skin(at_points) or np.isnan(at_points).all():
                face.keypoint_celsius, face.skin_celsius = at_points, of_skin
            else:
                self._warn_once(
                    'skin', 'A face has no temperatures of skin (its median '
                    f'is {np.nanmedian(at_points):.1f} degrees Celsius): it '
                    'comes without them. Set temperature_scale and '
                    'temperature_offset if the pixels have another unit.')
        return face

