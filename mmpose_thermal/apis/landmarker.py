"""Finds landmarks and skin temperatures in thermal frames."""
import os
from typing import Any, Iterable, Iterator, List, Optional, Sequence, Tuple, Union

import numpy as np

from mmpose_thermal.runtime.crops import checked_boxes, detect_faces
from mmpose_thermal.runtime.image_results import Results
from mmpose_thermal.runtime.parallel_map import ParallelMap
from mmpose_thermal.runtime.results import FaceLandmarks
from mmpose_thermal.runtime.tracking import FaceTracker
from mmpose_thermal.runtime.warned_once import WarnOnce

from .boxes import boxes_of_batch, with_boxes
from .inputs import (Image, PreparedFrame, is_live_source, listed,
                     sequence_of, source_of)
from .landmarks import LandmarksInBoxes
from .loading import load_networks
from .measures import FaceMeasures
from .preparation import FramePreparation
from .streams import answering


class ThermalLandmarker:
    """Finds facial landmarks in thermal frames.

        >>> landmarker = ThermalLandmarker()
        >>> for face in landmarker('frame.png'):
        ...     print(face.keypoints, face.scores, face.skin_celsius)
        >>> for results in landmarker('video.mp4', on_error='skip'):
        ...     print(results.time_s, len(results))

    Args:
        model (str | tuple[str, str] | Callable, optional): An exported
            ``NAME.onnx``, ``NAME.xml`` (OpenVINO) or ``NAME.pt``
            (TorchScript) with its description ``.json`` next to it
            (``mmpose-thermal export``); or a trained ``NAME.pth`` with
            ``NAME.py`` next to it, such as ``student_best.pth``; or a pair
            (config, checkpoint). Or the name of a model that ships with the
            package (:func:`mmpose_thermal.weights.shipped_models`). Or your
            own network: a callable that maps images (N, C, H, W) to points, scores
            and optionally spreads, with a :class:`ModelInfo` as attribute
            ``info``. Defaults to the shipped ``'landmarks'``.
        device (str, optional): ``'onnx'`` (ONNX Runtime, without PyTorch),
            ``'cpu'`` or ``'cuda'``. Defaults to ``'onnx'`` for ``.onnx``
            files, otherwise to ``'cpu'``.
        detector (str | tuple | Callable, optional): A face detector in the
            same form as ``model``. Defaults to the shipped one for shipped
            landmark models. Without a detector and without boxes, the whole
            image is treated as one face, with a warning.
        min_box_score (float): Minimum score of detected faces. Defaults to
            0.5, chosen for the shipped detector.
        min_face_score (float, optional): Drop faces whose mean landmark score is
            lower, unless their boxes were given. Defaults to none, and to 0.3 for
            tracked faces. Of shipped models, most crops
            without a face score below 0.35.
        palette (str, optional): Palette of 8-bit frames: ``'white-hot'``
            (the default), ``'black-hot'``, ``'iron'``, another of
            :data:`PALETTES`, or the path of a palette file. If one is given,
            radiometric JPEGs are read as pictures.
        temperature_scale, temperature_offset (float): Kelvin are
            ``frame * scale + offset``. Default to 0.01 and 0 for 16 bits
            (centikelvin), and to 1 and 0 for floats. For floats in degrees
            Celsius, set the offset to 273.15. They do not apply to radiometric
            JPEGs and CSV tables that name their unit.
        temperatures (bool): Whether to compute skin temperatures (radiometric
            frames only).
        batch_size (int): Maximum number of faces per network call.
        threads (int, optional): Threads of ONNX Runtime or OpenVINO per
            image. Defaults to all cores.
        providers (str | Sequence[str], optional): ONNX Runtime's execution
            providers, most wanted first: ``'cpu'``, ``'cuda'``,
            ``'tensorrt'``, ``'openvino'`` or full names. Defaults to the CPU.
        detect (bool): ``False`` if every image without boxes is one face:
            no detector is used or loaded, and nothing is warned about.

    Attributes:
        info (ModelInfo): Description of the model.

    Raises:
        FileNotFoundError: A model file is missing.
        ValueError: A model does not match its description or config, or was
            exported without decoding; or ONNX Runtime lacks a provider.
    """

    def __init__(self,
                 model=None,
                 device: Optional[str] = None,
                 detector=None,
                 min_box_score: float = .5,
                 min_face_score: Optional[float] = None,
                 palette: Optional[str] = None,
                 temperature_scale: Optional[float] = None,
                 temperature_offset: float = 0.,
                 temperatures: bool = True,
                 batch_size: int = 32,
                 threads: Optional[int] = None,
                 providers: Union[str, Sequence[str], None] = None,
                 detect: bool = True) -> None:
        network, self.detector = load_networks(
            model, detector, detect, device, threads, providers)
        self.info, self._is_whole = network.info, not detect
        self.min_box_score, self.min_face_score = min_box_score, min_face_score
        self._warn_once = WarnOnce()
        self._preparation = FramePreparation(
            self.info, palette, temperature_scale, temperature_offset,
            temperatures, self._warn_once)
        self._landmarks = LandmarksInBoxes(
            network, batch_size,
            FaceMeasures(self.info.keypoints, self._warn_once))

    def __call__(
        self,
        images: Any,
        boxes: Optional[Iterable] = None,
        on_error: str = 'raise'
    ) -> Union[Results, List[Results], Iterator[Results]]:
        """Finds the landmarks of all faces.

        Args:
            images (str | np.ndarray | Iterable): An image, a batch or a
                source of frames. An image is a path, an array (H, W) or
                (H, W, 3), BGR (8-bit, 16-bit or float), a PIL image, a PyTorch
                tensor (H, W) or (3, H, W), a frame of a :class:`Source` or a
                :class:`PreparedFrame`. A batch is a list of images, or an
                array (N, H, W), (N, H, W, 3) or (N, 3, H, W). A last axis of
                length 1, 3 or 4 is taken as channels. A source is a
                :class:`Source` or :class:`CameraSource`, or what one opens:
                the path of a folder, pattern, video or stack, the number or
                path of a camera, or the address of a stream.
            boxes (Sequence, optional): Faces as ``x1, y1, x2, y2`` in pixels,
                (N, 4); for a batch, one such list per image; for a source, as
                for :meth:`stream`. Defaults to the detector's boxes or,
                without a detector, the whole image.
            on_error (str): ``'raise'``; or ``'skip'`` to warn of an unusable
                image and return an empty result for it, with its ``error``.

        Returns:
            Results: The faces of the image, possibly none; for a batch, a
            list of such results; for a source, an iterator over those of its
            frames, which are read while one iterates (:meth:`stream`).

        Raises:
            FileNotFoundError: A file does not exist.
            ValueError: An image is unreadable, empty or unsupported; or a box
                is empty, not finite or mostly outside the image.
        """
        source = source_of(images, self._preparation.given_palette)
        if source is not None:
            return self.stream(source, boxes, on_error=on_error)
        chosen, many = listed(images)
        if not many:
            if on_error == 'raise':
                chosen = [self.prepare(chosen[0])]
            each = None if boxes is None else [boxes]
            return self._of_list(chosen, each, on_error)[0]
        return self._of_list(chosen, boxes_of_batch(boxes, len(chosen)),
                             on_error)

    def _of_list(self, images, boxes, on_error):
        if on_error != 'raise':
            # One by one, so that an image cannot harm the others.
            return [*self.stream(images, boxes and iter(boxes), 1, on_error)]
        return self._of_frames([
            self.prepare(image, f'{index} of the batch')
            for index, image in enumerate(images)
        ], boxes)

    def stream(self,
               images: Any,
               boxes: Optional[Iterable] = None,
               workers: Optional[int] = None,
               on_error: str = 'raise') -> Iterator[Results]:
        """Finds the landmarks in a stream of images.

        Several images are processed in parallel, one per thread. With
        ``threads=1``, this is the fastest way to process many images. Images
        are read while one iterates, a few ahead of the results.

        Args:
            images (Iterable): Images or a source (see :meth:`__call__`).
            boxes (Iterable, optional): The same boxes (N, 4) for every image,
                or an iterable with one such list per image, or ``None`` in
                place of a list to run the detector.
            workers (int, optional): Number of threads. Defaults to one per
                core. Of cameras and streams, one frame is taken at a time, so
                that results never lag.
            on_error (str): How to handle an unusable image. ``'raise'``
                raises its error in its turn, after the results of all earlier
                images; ``next()`` then continues with the next image.
                ``'skip'`` warns and returns an empty result for it.

        Returns:
            Iterator[Results]: The faces of each image, in order.

        Raises:
            ValueError: An image is unusable (see :meth:`__call__`), with
                ``on_error='raise'``.
        """
        def find(image, own_boxes, name):
            return self._of_frames([self.prepare(image, name)], [own_boxes])[0]

        answer = answering(find, self.info, on_error)
        images = sequence_of(images, self._preparation.given_palette)
        numbered = enumerate(with_boxes(images, boxes))
        if is_live_source(images):  # frames taken ahead would be old
            return ParallelMap(answer, numbered, 1, ahead=0)
        return ParallelMap(answer, numbered, workers or os.cpu_count() or 1)

    def track(self,
              images: Any,
              boxes: Optional[Sequence] = None,
              on_error: str = 'raise',
              **options) -> Iterator[Results]:
        """Follows faces from frame to frame (:class:`FaceTracker`).

            >>> for results in landmarker.track('video.mp4', smooth=True):
            ...     print([face.track_id for face in results])

        Args:
            images (Iterable): Images or a source (see :meth:`__call__`).
            boxes (Sequence, optional): Faces in the first usable image,
                (N, 4).
            on_error (str): See :meth:`stream`.
            **options: Arguments of :class:`FaceTracker`.

        Raises:
            ValueError: There are neither boxes nor a detector, or an option is
                out of range.
        """
        if boxes is None and self.detector is None:
            raise ValueError('There is no face to start from: give boxes= of '
                             'the first image, or a detector= to '
                             'ThermalLandmarker.')
        tracker, start = FaceTracker(self, **options), boxes

        def find(image, _, name):
            nonlocal start
            found = tracker(self.prepare(image, name), start)
            start = None
            return found

        images = sequence_of(images, self._preparation.given_palette)
        return map(answering(find, self.info, on_error),
                   enumerate((image, None) for image in images))

    def _of_frames(self, frames, boxes):
        given = [None] * len(frames) if boxes is None else boxes
        found = [self._boxes(frame, own) for frame, own in zip(frames, given)]
        return [
            self.results(frame, [
                face for face in faces
                if own is not None or face.face_score >= (self.min_face_score or 0)
            ]) for frame, faces, own in zip(
                frames, self._landmarks(frames, found), given)
        ]

    def _boxes(self, frame, given):
        """Boxes (N, 4) and scores (N, ): given, detected or the whole image."""
        if given is None and self.detector is not None:
            return self.detect(frame)
        if given is None:
            if not self._is_whole:
                self._warn_once(
                    'whole image', 'Neither a detector nor boxes were given: '
                    'the whole image is treated as one face. Pass detector= '
                    'to ThermalLandmarker (or detect=False, if this is '
                    'meant), or boxes= with the images.')
            given = [[0, 0, *frame.grey.shape[1::-1]]]
        boxes = checked_boxes(given, frame.grey)
        return boxes, np.ones(len(boxes))

    def results(self, frame: PreparedFrame,
                faces: Iterable[FaceLandmarks]) -> Results:
        """Joins faces and the frame that they were found in."""
        return Results(faces, frame, self.info)

    def prepare(self, image: Image,
                name: str = 'given as an array') -> PreparedFrame:
        """Reads and checks an image, and converts it to network input.

        Args:
            image (str | np.ndarray): See :meth:`__call__`. A prepared frame
                is returned unchanged.
            name (str): Name for messages if the image has none.

        Raises:
            FileNotFoundError: The file does not exist.
            ValueError: The image is unreadable, empty or unsupported.
        """
        return self._preparation(image, name)

    def detect(self, frame: PreparedFrame) -> Tuple[np.ndarray, np.ndarray]:
        """Runs the detector: boxes (N, 4), best first, and scores (N, )."""
        assert self.detector is not None
        return detect_faces(self.detector, frame.grey, self.min_box_score)

    def landmarks(self, frame: PreparedFrame, boxes: np.ndarray,
                  box_scores: Sequence[float]) -> List[FaceLandmarks]:
        """Finds the landmarks in boxes (N, 4) of a frame, one face per box."""
        return self._landmarks([frame], [(boxes, box_scores)])[0]
