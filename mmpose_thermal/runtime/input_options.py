"""What users can set about how their inputs are read."""
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterator, Optional, Union

import cv2
import numpy as np

from .cameras import Camera, camera_named
from .frames import VIDEOS, Frame, Source
from .live import CameraSource, is_live

#: Clockwise turns in degrees.
TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


@dataclass
class InputOptions:
    """Opens inputs and reads their frames as the user has set.

    Args:
        palette (str, optional): See :class:`Source`.
        camera (str, optional): Layout of the frames, one of
            :data:`.cameras.CAMERAS`, also for recordings and stacks.
        live_camera (str, optional): The same for cameras and streams if
            ``camera`` is not given.
        fps (float, optional): Frame rate of stacks and of images in sequence.
        rotate (int, optional): Clockwise turn, 90, 180 or 270 degrees.
        mirror (bool): Whether to swap left and right, after turning.

    Raises:
        ValueError: A value is none of these.
    """
    palette: Optional[str] = None
    camera: Optional[str] = None
    live_camera: Optional[str] = 'auto'
    fps: Optional[float] = None
    rotate: Optional[int] = None
    mirror: bool = False

    def __post_init__(self) -> None:
        for camera in (self.camera, self.live_camera):
            if camera is not None:
                camera_named(camera)
        if self.fps is not None and not 0 < self.fps < float('inf'):
            raise ValueError(f'fps is {self.fps}: it must be positive.')
        if self.rotate is not None and self.rotate not in TURNS:
            raise ValueError(f'rotate is {self.rotate}: it must be one of '
                             f'{", ".join(map(str, TURNS))}, or None.')

    def open(self, where: str) -> Union[Source, CameraSource]:
        """Opens an image, folder, stack, video, camera or stream.

        Raises:
            FileNotFoundError: The input does not exist or has no images.
            ValueError: The input cannot be opened, or is of another camera.
        """
        if is_live(where):
            return CameraSource(where, self.camera or self.live_camera)
        is_video = Path(where).suffix.lower() in VIDEOS
        if self.camera and is_video and os.path.isfile(where):
            return CameraSource(where, self.camera)
        source = Source(where, self.palette)
        if self.fps is not None and not is_video:
            source.fps = self.fps
        return source

    def frames(self, source: Union[Source, CameraSource]) -> Iterator[Frame]:
        """Yields the frames of a source, laid out and turned."""
        layout = None if self.camera is None or isinstance(
            source, CameraSource) else camera_named(self.camera)
        for delivered in source:
            frame = delivered if layout is None else _laid_out(
                delivered, layout)
            if frame is not None:
                yield frame if frame.image is None else replace(
                    frame, image=self.turned(frame.image))

    def turned(self, image: np.ndarray) -> np.ndarray:
        """Turns and mirrors an image, (H, W) or (H, W, C)."""
        if self.rotate:
            image = cv2.rotate(image, TURNS[self.rotate])
        return cv2.flip(image, 1) if self.mirror else image


def _laid_out(frame: Frame, layout: Camera) -> Optional[Frame]:
    """Applies a layout; returns ``None`` for a calibration frame."""
    if frame.image is None:
        return frame
    try:
        parts = layout.split(frame.image)
    except ValueError as error:
        return replace(
            frame, image=None, error=f'{frame.path or frame.name}: {error}')
    return None if parts is None else replace(frame, image=parts.image)
