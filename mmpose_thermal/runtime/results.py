"""Face landmark results, and the files they are written to."""
import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional

import cv2
import numpy as np

from .frames import Frame, Source, UniqueNames
from .model_info import ModelInfo
from .temperature import skin_regions


@dataclass
class FaceLandmarks:
    """The landmarks of one face.

    Attributes:
        keypoints (np.ndarray): Points (K, 2) in image pixels; (0, 0) is the
            centre of the first pixel.
        scores (np.ndarray): Confidence of each point, (K, ). Of calibrated
            models, the probability that it is right: at most 10 % of the
            distance between the outer eye corners off.
        box (np.ndarray): ``x1, y1, x2, y2`` in pixels, (4, ).
        box_score (float): Detector score; 1 for given boxes.
        keypoint_celsius (np.ndarray, optional): Skin temperature at each
            point, (K, ), degrees Celsius; NaN outside the image. ``None`` if
            the image is not radiometric.
        skin_celsius (dict[str, float], optional): Temperature of each skin
            region, degrees Celsius.
        track_id (int, optional): Identifies the face across frames.
        uncertainty_px (np.ndarray, optional): Radius around each point, (K, ),
            image pixels. Of calibrated models, it holds the true point in about
            two thirds of the cases; otherwise it is the heatmap's own radius.
            ``None`` if the model does not tell.
    """
    keypoints: np.ndarray
    scores: np.ndarray
    box: np.ndarray
    box_score: float = 1.
    keypoint_celsius: Optional[np.ndarray] = None
    skin_celsius: Optional[Dict[str, float]] = None
    track_id: Optional[int] = None
    uncertainty_px: Optional[np.ndarray] = None

    @property
    def face_score(self) -> float:
        """Mean score of the points: low where the box holds no face."""
        return float(np.mean(self.scores))

    def to_dict(self) -> dict:
        """Converts to JSON types; NaN becomes ``None``."""
        result = dict(
            box=_listed(self.box),
            box_score=round(float(self.box_score), 4),
            face_score=round(self.face_score, 4),
            keypoints=_listed(self.keypoints),
            scores=_listed(self.scores, 4))
        if self.uncertainty_px is not None:
            result['uncertainty_px'] = _listed(self.uncertainty_px)
        if self.track_id is not None:
            result['track_id'] = self.track_id
        if self.keypoint_celsius is not None:
            result['keypoint_celsius'] = _listed(self.keypoint_celsius)
        if self.skin_celsius is not None:
            result['skin_celsius'] = dict(
                zip(self.skin_celsius,
                    _listed(np.array(list(self.skin_celsius.values())))))
        return result


def _columns(face):
    """One list per value of the points: x, y, score and, if any, uncertainty."""
    columns = [*zip(*face['keypoints']), face['scores']]
    return columns + ([face['uncertainty_px']]
                      if 'uncertainty_px' in face else [])


def _listed(values, digits=2):
    rounded = np.round(np.asarray(values, float), digits)
    return np.where(np.isfinite(rounded), rounded.astype(object),
                    None).tolist()


class ResultFiles:
    """Writes results to a folder; every line is flushed immediately.

    ``results.jsonl`` has one line per frame, with the file name of its
    ``picture``, or of its ``video`` and the index ``video_frame``.
    ``results.csv`` has one line per face. Pictures and videos of one run
    never overwrite each other.

    Args:
        folder (str): Output folder, created if missing.
        info (ModelInfo): Description of the model.

    Attributes:
        faces (int): Number of faces written so far.
    """

    def __init__(self, folder: str, info: ModelInfo) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._json = open(self.folder / 'results.jsonl', 'w', encoding='utf-8')
        self._csv = open(
            self.folder / 'results.csv', 'w', newline='', encoding='utf-8')
        self._regions = list(skin_regions(info.keypoints))
        self._of_point = ['x', 'y', 'score'] + [
            'uncertainty_px'] * ('spreads' in info.outputs)
        self._names = UniqueNames()
        self._video: Optional[_Video] = None
        self.faces = 0
        self._table = csv.writer(self._csv)
        self._table.writerow(
            ['source', 'frame', 'time_s', 'face', 'x1', 'y1', 'x2', 'y2',
             'box_score', 'face_score'] +
            [f'{name}_celsius' for name in self._regions] +
            [f'{name}_{value}' for name in info.keypoints
             for value in self._of_point])

    def add(self, source: Source, frame: Frame, faces: List[FaceLandmarks],
            picture: np.ndarray, moving: bool) -> None:
        """Writes the results of a frame.

        Args:
            source (Source): Source of the frame.
            frame (Frame): The frame.
            faces (list[FaceLandmarks]): Faces found in it.
            picture (np.ndarray): Frame with the faces drawn, BGR.
            moving (bool): Whether to append it to a video.

        Raises:
            OSError: A file cannot be written.
        """
        line: Dict[str, Any] = dict(source=source.name, frame=frame.name)
        if frame.time_s is not None:
            line['time_s'] = round(frame.time_s, 3)
        line.update(
            self._add_to_video(source, picture) if moving else self.
            _write_picture(frame, picture))
        line['faces'] = listed = [face.to_dict() for face in faces]
        self._json.write(json.dumps(line) + '\n')
        self._json.flush()
        self._write_rows(source, frame, listed)
        self.faces += len(faces)

    def _write_rows(self, source, frame, faces):
        for number, face in enumerate(faces):
            skin = face.get('skin_celsius', {})
            time_s = '' if frame.time_s is None else f'{frame.time_s:.3f}'
            self._table.writerow(
                [source.name, frame.name, time_s,
                 face.get('track_id', number), *face['box'],
                 face['box_score'], face['face_score']] +
                [skin.get(name, '') for name in self._regions] +
                [value for values in zip(*_columns(face)) for value in values])
        self._csv.flush()

    def _write_picture(self, frame, picture):
        name = f'{self._names.take(*(frame.names or [frame.name]))}.png'
        content = cv2.imencode('.png', picture)[1].tobytes()
        (self.folder / name).write_bytes(content)
        return dict(picture=name)

    def _add_to_video(self, source, picture):
        if self._video is None or self._video.source is not source:
            self.close_video()
            name = f'{self._names.take(*source.names)}.mp4'
            self._video = _Video(source, self.folder / name, picture)
        return dict(
            video=self._video.path.name, video_frame=self._video.add(picture))

    def close_video(self) -> None:
        """Finishes the current video."""
        if self._video is not None:
            self._video.close()
        self._video = None

    def close(self) -> None:
        """Closes all files."""
        self.close_video()
        self._json.close()
        self._csv.close()


class _Video:
    """The video of one source, in the size of its first picture."""

    def __init__(self, source, path, picture):
        self.source, self.path = source, path
        self._size, self._count = picture.shape[1::-1], 0
        self._writer = cv2.VideoWriter(
            str(path), cv2.VideoWriter_fourcc(*'mp4v'), source.fps, self._size)
        if not self._writer.isOpened():
            raise OSError(f'{path} could not be opened for writing.')

    def add(self, picture):
        """Appends a picture and returns its index."""
        if picture.shape[1::-1] != self._size:
            picture = cv2.resize(picture, self._size)
        self._writer.write(picture)
        self._count += 1
        return self._count - 1

    def close(self):
        self._writer.release()
