"""The files of a run: pictures, videos and tables."""
import csv
import json
from pathlib import Path
from typing import Any, Dict, List, Optional

import cv2
import numpy as np

from .captures import without_password
from .frames import Frame, Source, UniqueNames
from .live import is_live
from .model_info import ModelInfo
from .results import FaceLandmarks, face_columns, face_row


class ResultFiles:
    """Writes results to a folder; every line is flushed immediately.

    ``results.jsonl`` has one line per frame, with the file name of its
    ``picture``, or of its ``video`` and the index ``video_frame``; or with the
    ``error`` of what could not be used. ``results.csv`` has one line per face.
    In both, ``image`` is the path of the file that the frame was read from;
    frames of cameras have none. Pictures and videos of one run never overwrite
    each other.

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
            self.folder / 'results.csv', 'w', newline='', encoding='utf-8',
            errors='backslashreplace')  # names may be no text
        self._info = info
        self._names = UniqueNames()
        self._video: Optional[_Video] = None
        self.faces = 0
        self._table = csv.writer(self._csv)
        self._table.writerow(
            ['source', 'image', 'frame', 'time_s', *face_columns(info)])

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
        line = _origin(source, frame)
        line.update(
            self._add_to_video(source, frame, picture) if moving else self.
            _write_picture(frame, picture))
        line['faces'] = listed = [face.to_dict() for face in faces]
        self._write_line(line)
        self._write_rows(line, frame, listed)
        self.faces += len(faces)

    def add_error(self, source: Source, frame: Frame, error: str) -> None:
        """Writes why a frame could not be used."""
        self._write_line(dict(_origin(source, frame), error=error, faces=[]))

    def add_unopened(self, where: str, error: str) -> None:
        """Writes why an input could not be opened."""
        name = without_password(where)
        image = {} if is_live(where) else dict(image=name)
        self._write_line(dict(source=name, **image, error=error, faces=[]))

    def _write_line(self, line):
        self._json.write(json.dumps(line) + '\n')
        self._json.flush()

    def _write_rows(self, line, frame, faces):
        time_s = '' if frame.time_s is None else f'{frame.time_s:.3f}'
        for number, face in enumerate(faces):
            row = face_row(face, number, self._info)
            self._table.writerow(
                [line['source'], line.get('image'), frame.name, time_s,
                 *row.values()])
        self._csv.flush()

    def _write_picture(self, frame, picture):
        name = f'{self._names.take(*(frame.names or [frame.name]))}.png'
        content = cv2.imencode('.png', picture)[1].tobytes()
        (self.folder / name).write_bytes(content)  # not synchronised: one per frame
        return dict(picture=name)

    def _add_to_video(self, source, frame, picture):
        if self._video is None or self._video.source is not source:
            self.close_video()
            name = f'{self._names.take(*source.names)}.mp4'
            self._video = _Video(source, self.folder / name, picture)
        return dict(
            video=self._video.path.name,
            video_frame=self._video.add(picture, frame.time_s))

    def close_video(self) -> None:
        """Finishes the current video.

        Raises:
            OSError: It could not be written in full.
        """
        video, self._video = self._video, None
        if video is not None:
            video.close()

    def close(self) -> None:
        """Closes all files."""
        self._json.close()
        self._csv.close()
        self.close_video()


def _origin(source, frame) -> Dict[str, Any]:
    """Where a frame comes from."""
    image = frame.path or next(iter(source.files), None)  # of videos, the latter
    line = dict(source=source.name)
    if image is not None:
        line['image'] = image
    line['frame'] = frame.name
    if frame.time_s is not None:
        line['time_s'] = round(frame.time_s, 3)
    return line


class _Video:
    """The video of one source, in the size of its first picture.

    Where the source drops frames, pictures are repeated, so that it plays as fast
    as the scene was.
    """

    def __init__(self, source, path, picture):
        self.source, self.path = source, path
        self._size, self._count = picture.shape[1::-1], 0
        self._last, self._started = picture, None
        self._writer = cv2.VideoWriter(
            str(path), cv2.VideoWriter_fourcc(*'mp4v'), source.fps, self._size)
        if not self._writer.isOpened():
            raise OSError(f'{path} could not be opened for writing.')

    def add(self, picture, time_s):
        """Appends a picture and returns its index."""
        if picture.shape[1::-1] != self._size:
            picture = cv2.resize(picture, self._size)
        if self._started is None:
            self._started = time_s
        if getattr(self.source, 'dropped', 0):
            due = round((time_s - self._started) * self.source.fps)
            while self._count < due:
                self._write(self._last)
        self._write(picture)
        self._last = picture
        return self._count - 1

    def _write(self, picture):
        self._writer.write(picture)
        self._count += 1

    def close(self):
        """Finishes the file; OpenCV does not tell if that fails."""
        self._writer.release()
        written = cv2.VideoCapture(str(self.path))
        count = int(written.get(cv2.CAP_PROP_FRAME_COUNT))
        written.release()
        # Ctrl-C may have come between a picture and its being counted.
        if self._count and (count <= 0 or abs(count - self._count) > 1):
            raise OSError(f'{self.path} is damaged: it holds {max(count, 0)} of '
                          f'{self._count} pictures. Is the disk full?')
