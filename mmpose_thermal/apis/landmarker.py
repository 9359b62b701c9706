"""Finds landmarks and skin temperatures in thermal frames."""
import os
import warnings
from collections.abc import Iterable as IterableType
from typing import (Iterable, Iterator, List, Optional, Sequence, Set, Tuple,
                    Union)

import cv2
import numpy as np

from mmpose_thermal.runtime.calibration import LandmarkNetwork
from mmpose_thermal.runtime.crops import crop_faces, detect_faces
from mmpose_thermal.runtime.images import grey_levels, thermal_pixels
from mmpose_thermal.runtime.networks import load_network
from mmpose_thermal.runtime.palettes import palette_colours
from mmpose_thermal.runtime.parallel_map import ParallelMap
from mmpose_thermal.runtime.radiometry import temperature_problem
from mmpose_thermal.runtime.results import FaceLandmarks
from mmpose_thermal.runtime.temperature import SkinThermometer, is_skin
from mmpose_thermal.weights import with_defaults

from .inputs import Image, PreparedFrame, checked_boxes, listed, read, with_boxes

_ON_ERROR = ('raise', 'skip')
_WHITE_HOT = 'white-hot'


class ThermalLandmarker:
    """Finds facial landmarks in thermal frames.

        >>> landmarker = ThermalLandmarker()
        >>> for face in landmarker('frame.png'):
        ...     print(face.keypoints, face.scores, face.skin_celsius)

    Args:
        model (str | tuple[str, str] | Callable, optional): An exported
            ``NAME.onnx`` with ``NAME.onnx.json`` next to it (``mmpose-thermal
            export``); or a trained ``NAME.pth`` with ``NAME.py`` next to it,
            such as ``student_best.pth``; or a pair (config, checkpoint). Or
            the name of a model that ships with the package
            (:func:`mmpose_thermal.weights.shipped_models`). Or your own
            network: a callable that maps images (N, C, H, W) to points, scores
            and optionally spreads, with a :class:`ModelInfo` as attribute
            ``info``. Defaults to the shipped ``'landmarks'``.
        device (str, optional): ``'onnx'`` (ONNX Runtime on the CPU, without
            PyTorch), ``'cpu'`` or ``'cuda'``. Defaults to ``'onnx'`` for
            ``.onnx`` files, otherwise to ``'cpu'``.
        detector (str | tuple | Callable, optional): A face detector in the
            same form as ``model``. Defaults to the shipped one for shipped
            landmark models. Without a detector and without boxes, the whole
            image is treated as one face.
        min_box_score (float): Minimum score of detected faces. Defaults to
            0.5, chosen for the shipped detector.
        min_face_score (float): Drop faces whose mean landmark score is lower,
            unless their boxes were given. Of shipped models, most crops
            without a face score below 0.35.
        palette (str): Palette of 8-bit frames: ``'white-hot'``,
            ``'black-hot'``, ``'iron'``, another of :data:`PALETTES`, or the
            path of a palette file.
        temperature_scale, temperature_offset (float): Kelvin are
            ``frame * scale + offset``. Default to 0.01 and 0 for 16 bits
            (centikelvin), and to 1 and 0 for floats. For floats in degrees
            Celsius, set the offset to 273.15.
        temperatures (bool): Whether to compute skin temperatures (radiometric
            frames only).
        batch_size (int): Maximum number of faces per network call.
        threads (int, optional): ONNX Runtime threads per image. Defaults to
            all cores.

    Attributes:
        info (ModelInfo): Description of the model.

    Raises:
        FileNotFoundError: A model file is missing.
        ValueError: A model does not match its description or config, or was
            exported without decoding.
    """

    def __init__(self,
                 model=None,
                 device: Optional[str] = None,
                 detector=None,
                 min_box_score: float = .5,
                 min_face_score: float = 0.,
                 palette: str = _WHITE_HOT,
                 temperature_scale: Optional[float] = None,
                 temperature_offset: float = 0.,
                 temperatures: bool = True,
                 batch_size: int = 32,
                 threads: Optional[int] = None) -> None:
        model, detector = with_defaults(model, detector)
        network = load_network(model, 'landmarks', device, threads)
        self.info = network.info
        if self.info.outputs[:2] != ['keypoints', 'scores']:
            raise ValueError(
                f'{model} returns {self.info.outputs}: it was exported without '
                'decoding. Export it without --no-decode.')
        self.detector = None if detector is None else load_network(
            detector, 'detection', device, threads)
        if self.detector is not None and \
                self.detector.info.channels != self.info.channels:
            raise ValueError(
                f'{detector} takes {self.detector.info.channels} channels, '
                f'but {model} takes {self.info.channels}: one is for thermal '
                'images, the other for visible light.')
        self._network = LandmarkNetwork(network, batch_size)
        self.min_box_score, self.min_face_score = min_box_score, min_face_score
        palette_colours(palette)  # fail early if it is unknown
        self.palette = palette
        self._scale, self._offset = temperature_scale, temperature_offset
        self.temperatures = temperatures
        self._thermometer = SkinThermometer(self.info.keypoints,
                                            temperature_scale,
                                            temperature_offset)
        self._warned: Set[str] = set()

    def __call__(
        self,
        images: Union[Image, Iterable[Image]],
        boxes: Optional[Sequence] = None
    ) -> Union[List[FaceLandmarks], List[List[FaceLandmarks]]]:
        """Finds the landmarks of all faces.

        Args:
            images (str | np.ndarray | Iterable): An image or a batch. An image
                is a path, an array (H, W) or (H, W, 3), BGR (8-bit, 16-bit or
                float), a PIL image, a PyTorch tensor (H, W) or (3, H, W), a
                frame of a :class:`Source` or a :class:`PreparedFrame`. A
                batch is a list of images, or an array (N, H, W), (N, H, W, 3)
                or (N, 3, H, W). A last axis of length 1, 3 or 4 is taken as
                channels.
            boxes (Sequence, optional): Faces as ``x1, y1, x2, y2`` in pixels,
                (N, 4); for a batch, one such list per image. Defaults to the
                detector's boxes or, without a detector, the whole image.

        Returns:
            list[FaceLandmarks]: One entry per face, possibly none; for a
            batch, one such list per image.

        Raises:
            FileNotFoundError: A file does not exist.
            ValueError: An image is unreadable, empty or unsupported; or a box
                is empty, not finite or outside the image.
        """
        chosen, many = listed(images)
        if not many:
            return self._of_frames([self.prepare(chosen[0])],
                                   None if boxes is None else [boxes])[0]
        if boxes is not None:
            if not isinstance(boxes, IterableType):
                raise ValueError(f'boxes are {boxes!r:.80}: a batch needs one '
                                 'list (N, 4) per image.')
            boxes = list(boxes)
        if boxes is not None and len(boxes) != len(chosen):
            raise ValueError(f'{len(chosen)} images, but boxes for '
                             f'{len(boxes)}: a batch needs one list per image.')
        return self._of_frames([
            self.prepare(image, f'{index} of the batch')
            for index, image in enumerate(chosen)
        ], boxes)

    def stream(self,
               images: Iterable[Image],
               boxes: Optional[Iterable] = None,
               workers: Optional[int] = None,
               on_error: str = 'raise') -> Iterator[List[FaceLandmarks]]:
        """Finds the landmarks in a stream of images.

        Several images are processed in parallel, one per thread. With
        ``threads=1``, this is the fastest way to process many images.

        Args:
            images (Iterable): Images (see :meth:`__call__`), for example a
                :class:`Source`.
            boxes (Iterable, optional): The same boxes (N, 4) for every image,
                or an iterable with one such list per image, or ``None`` in
                place of a list to run the detector.
            workers (int, optional): Number of threads. Defaults to one per
                core.
            on_error (str): How to handle an unusable image. ``'raise'``
                raises its error in its turn, after the results of all earlier
                images; ``next()`` then continues with the next image.
                ``'skip'`` warns and returns an empty list for it.

        Returns:
            Iterator[list[FaceLandmarks]]: The faces of each image, in order.

        Raises:
            ValueError: An image is unusable (see :meth:`__call__`), with
                ``on_error='raise'``.
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
        given = [None] * len(frames) if boxes is None else boxes
        for frame, own in zip(frames, given):
            if own is not None:
                chosen = checked_boxes(own, frame.grey)
                found.append((chosen, np.ones(len(chosen))))
            elif self.detector is not None:
                found.append(self.detect(frame))
            else:
                self._warn_once(
                    'whole image', 'Neither a detector nor boxes were given: '
                    'the whole image is treated as one face. Pass detector= to '
                    'ThermalLandmarker, or boxes= with the images.')
                height, width = frame.grey.shape[:2]
                found.append((np.array([[0., 0, width, height]]), np.ones(1)))
        return [[
            face for face in faces
            if own is not None or face.face_score >= self.min_face_score
        ] for faces, own in zip(self._landmarks(frames, found), given)]

    def _warn_once(self, kind, message):
        if kind not in self._warned:
            self._warned.add(kind)
            warnings.warn(message)

    def prepare(self, image: Image,
                name: str = 'given as an array') -> PreparedFrame:
        """Reads and checks an image, and converts it to network input.

        Args:
            image (str | np.ndarray): See :meth:`__call__`. A prepared frame
                is returned unchanged.
            name (str): Name for messages if the image has none.

        Returns:
            PreparedFrame: The prepared frame.

        Raises:
            FileNotFoundError: The file does not exist.
            ValueError: The image is unreadable, empty or unsupported.
        """
        if isinstance(image, PreparedFrame):
            return image
        raw, name = read(
            image, name, None if self.palette == _WHITE_HOT else self.palette)
        if self.info.channels == 3:
            if raw.dtype != np.uint8:
                raise ValueError(
                    f'Image {name} is {raw.dtype} of shape {raw.shape}; this '
                    'model is for visible light and takes 8-bit BGR images, '
                    '(H, W, 3).')
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
                'temperatures', f'Image {name}: {problem} No temperatures are '
                'computed.')
        return PreparedFrame(raw, grey, problem is None, problem)

    def detect(self, frame: PreparedFrame) -> Tuple[np.ndarray, np.ndarray]:
        """Runs the detector: boxes (N, 4), best first, and scores (N, )."""
        assert self.detector is not None
        return detect_faces(self.detector, frame.grey, self.min_box_score)

    def landmarks(self, frame: PreparedFrame, boxes: np.ndarray,
                  box_scores: Sequence[float]) -> List[FaceLandmarks]:
        """Finds the landmarks in boxes (N, 4) of a frame, one face per box."""
        return self._landmarks([frame], [(boxes, box_scores)])[0]

    def _landmarks(self, frames, found):
        cut = [
            crop_faces(frame.grey, boxes, self.info)
            for frame, (boxes, _) in zip(frames, found)
        ]
        keypoints, scores, radii = self._network(
            np.concatenate([crops.images for crops in cut]))
        results, start = [], 0
        for frame, (boxes, box_scores), crops in zip(frames, found, cut):
            chosen = slice(start, start + len(boxes))
            start += len(boxes)
            uncertainty = [None] * len(boxes) if radii is None else \
                crops.lengths_to_image(radii[chosen])
            results.append([
                self._face(frame, *values) for values in zip(
                    crops.to_image(keypoints[chosen]), scores[chosen],
                    uncertainty, boxes, box_scores)
            ])
        return results

    def _face(self, frame, keypoints, scores, uncertainty_px, box, box_score):
        face = FaceLandmarks(
            keypoints, scores, np.asarray(box), float(box_score),
            uncertainty_px=uncertainty_px)
        if frame.radiometric:
            at_points, of_skin = self._thermometer(frame.raw, keypoints)
            if is_skin(at_points) or np.isnan(at_points).all():
                face.keypoint_celsius, face.skin_celsius = at_points, of_skin
            else:
                self._warn_once(
                    'skin', 'A face has no plausible skin temperatures (its '
                    f'median is {np.nanmedian(at_points):.1f} degrees Celsius), '
                    'so they are omitted. Set temperature_scale and '
                    'temperature_offset if the pixels have another unit.')
        return face

