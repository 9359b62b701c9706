"""The faces of one image, with what one does with them."""
import csv
import json
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple

import cv2
import numpy as np

from .atomic_file import atomic_file, write_picture, write_text
from .drawing import add_temperature_scale, draw_faces, shown_range
from .model_info import ModelInfo
from .palettes import apply_palette
from .results import FaceLandmarks, face_row
from .skin_regions import landmark_extent_px

_WHITE_HOT = 'white-hot'
_ARROW = (0, 255, 0)
_PICTURES = ('.png', '.jpg', '.jpeg', '.bmp', '.webp', '.tif', '.tiff')


class Results(List[FaceLandmarks]):
    """The faces of one image: a list of :class:`FaceLandmarks`.

        >>> results = ThermalLandmarker()('frame16.png')
        >>> results[0].skin_celsius
        >>> results.save('frame16_faces.png')

    Args:
        faces (Iterable[FaceLandmarks]): The faces.
        frame (PreparedFrame, optional): The image. ``None`` if it could not
            be used.
        info (ModelInfo, optional): Description of the model.
        error (str, optional): Why the image could not be used.
        name (str): Path or name of the image; defaults to the frame's.

    Attributes:
        frame, info, error, name: As given.
    """

    def __init__(self,
                 faces: Iterable[FaceLandmarks] = (),
                 frame: Any = None,
                 info: Optional[ModelInfo] = None,
                 error: Optional[str] = None,
                 name: str = '') -> None:
        super().__init__(faces)
        self.frame, self.info, self.error = frame, info, error
        self.name = name or ('' if frame is None else frame.name)

    def __repr__(self) -> str:
        return f'<Results {self.name or "of an array"}: ' + (
            self.error or f'{len(self)} faces') + '>'

    @property
    def time_s(self) -> Optional[float]:
        """Seconds since the start of the recording, if it is part of one."""
        return None if self.frame is None else self.frame.time_s

    @property
    def celsius(self) -> Optional[np.ndarray]:
        """Temperatures of the image, (H, W), degrees Celsius, if it has any."""
        return None if self.frame is None else self.frame.celsius

    def plot(self,
             palette: str = _WHITE_HOT,
             celsius_range: Optional[Tuple[float, float]] = None,
             scale_bar: bool = True,
             regions: bool = False,
             head_pose: bool = False) -> np.ndarray:
        """Draws the faces on the image.

        Radiometric images are drawn by their temperatures, others by the grey
        levels that the network saw. A question mark follows temperatures that
        are not to be trusted (:class:`SkinReading`).

        Args:
            palette (str): One of :data:`PALETTES` or a palette file.
            celsius_range (tuple[float, float], optional): Temperatures of the
                coldest and hottest colour, degrees Celsius. Defaults to those
                of the image.
            scale_bar (bool): Whether to add a temperature scale at the right
                of radiometric images.
            regions (bool): Whether to outline the skin regions that have a
                temperature.
            head_pose (bool): Whether to draw where noses point to, as arrows.

        Returns:
            np.ndarray: BGR picture, enlarged by a whole factor if the image
            is small.

        Raises:
            ValueError: There is no image, or the palette is unknown.
        """
        if self.frame is None or self.info is None:
            raise ValueError(f'There is no image to draw on: {self.error}')
        image, celsius = self.frame.grey, self.celsius
        if celsius is not None:
            low, high = celsius_range or shown_range(celsius)
            image = _levels(celsius, low, high)
        if image.ndim == 2:
            image = apply_palette(image, palette)
        picture = draw_faces(image, self, self.info, regions=regions)
        if head_pose:
            self._draw_poses(picture, picture.shape[1] / image.shape[1])
        if celsius is None or not scale_bar:
            return picture
        return add_temperature_scale(picture, low, high, palette)

    def _draw_poses(self, picture, scale):
        assert self.info is not None
        for face in self:
            pose = face.head_pose
            if pose is None:
                continue
            points = (face.keypoints + .5) * scale - .5
            nose = points[self.info.keypoints.index('nose_tip')] if \
                'nose_tip' in self.info.keypoints else points.mean(0)
            tip = nose + landmark_extent_px(points) * pose.direction
            start, end = (tuple(map(int, np.clip(point.round(), -1e4, 1e4)))
                          for point in (nose, tip))
            cv2.arrowedLine(picture, start, end, _ARROW, 2, cv2.LINE_AA,
                            tipLength=.2)

    def save(self, path: str, **options) -> str:
        """Writes a picture, or the results as a table or JSON.

        Args:
            path (str): ``.png`` or another picture, ``.csv`` (one row per
                face) or ``.json``. Its folder is created.
            **options: Arguments of :meth:`plot`, for pictures.

        Returns:
            str: The path.

        Raises:
            ValueError: The file type is unknown, or there is no image.
        """
        file = Path(path)
        suffix = file.suffix.lower()
        if suffix not in _PICTURES + ('.csv', '.json'):
            raise ValueError(f'{path} must end with .csv, .json or one of '
                             f'{", ".join(_PICTURES)}.')
        if suffix == '.json':
            write_text(file, json.dumps(self.to_dict()))
        elif suffix == '.csv':
            with atomic_file(file) as unfinished:
                self._write_table(unfinished)
        else:
            write_picture(file, self.plot(**options))
        return str(path)

    def _write_table(self, file):
        rows = self.to_rows()
        with open(file, 'w', newline='', encoding='utf-8') as opened:
            table = csv.DictWriter(opened, [*rows[0]] if rows else ['image'])
            table.writeheader()
            table.writerows(rows)

    def to_dict(self) -> dict:
        """Converts to JSON types; NaN becomes ``None``."""
        result: Dict[str, Any] = dict(image=self.name)
        if self.time_s is not None:
            result['time_s'] = round(self.time_s, 3)
        if self.error is not None:
            result['error'] = self.error
        return dict(result, faces=[face.to_dict() for face in self])

    def to_rows(self) -> List[Dict[str, Any]]:
        """One flat dictionary per face, with equal keys for all."""
        if self.info is None:
            return []
        return [
            dict(image=self.name, time_s=self.time_s,
                 **face_row(face.to_dict(), number, self.info))
            for number, face in enumerate(self)
        ]

    def to_pandas(self):
        """A ``pandas.DataFrame`` of :meth:`to_rows`.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            import pandas
        except ModuleNotFoundError:
            raise ImportError('to_pandas needs the package pandas: install '
                              'it, or use to_rows().') from None
        return pandas.DataFrame(self.to_rows())


def _levels(celsius, low, high):
    """Maps temperatures to grey levels, ``low`` to 0 and ``high`` to 255."""
    return np.rint(np.clip((celsius - low) / max(high - low, .1), 0, 1) *
                   255).astype(np.uint8)
