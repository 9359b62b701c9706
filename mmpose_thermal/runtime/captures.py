"""Reads videos and cameras through OpenCV at their full bit depth."""
import time
import warnings
from typing import Callable, Iterator, Optional, Union

import cv2
import numpy as np

from .channels import is_coloured
from .warned_once import warn_once

_CAMERA_TRIES, _CAMERA_WAIT_S = 5, .2
_COMPLETE = .9  # minimum share of the frame count stated by the container
# FFmpeg's tag for 16-bit little-endian grey: the only deep format that OpenCV
# returns unconverted.
_GREY16 = b'Y1\x00\x10'
# V4L2 and DirectShow tags of camera formats. The highest bit of a tag marks
# swapped bytes.
_DEEP_CAMERAS = (b'Y16 ', b'Y14 ', b'Y12 ', b'Y10 ')
_SWAPPED = 1 << 31
# Raw video with two bytes per pixel and no format tag: OpenCV guesses RGB555.
_GUESSED = (b'RGB\x0f', b'\x0fBGR')
# Width and height of frames with the picture above the temperatures.
_TWO_PARTS = ((256, 384), (384, 576), (640, 1024), (160, 240))
_DEEP_COLOURS = (b'RGB0', b'0RGB', b'BGR0', b'0BGR', b'RBA@', b'@ABR')


class Capture:
    """Reads a video or camera frame by frame.

    By default OpenCV converts every capture to 8 bits. This class reads
    16-bit grey without conversion. It refuses other deep grey formats, and
    warns once if colours lose bits. Rotated phone videos are turned upright.

    Args:
        where (str | int): Video file or camera index.
        open_capture (Callable): Replacement for ``cv2.VideoCapture``.

    Attributes:
        fps (float): Frame rate reported by the source, or 25 if unknown.
        count (int): Number of frames, or 0 if unknown.
        released (bool): Whether the capture was closed.

    Raises:
        ValueError: The source cannot be opened, or OpenCV cannot read its
            pixels without losing bits.
    """

    def __init__(self,
                 where: Union[str, int],
                 open_capture: Callable = cv2.VideoCapture) -> None:
        self._camera = isinstance(where, int)
        self.name = f'{"Camera" if self._camera else "Video"} {where}'
        self._path = where
        self._capture = open_capture(where)
        if not self._capture.isOpened():
            raise ValueError(
                f'{self.name} cannot be opened: check that it is plugged in '
                'and not in use.' if self._camera else
                f'{self.name} cannot be opened: it is damaged, or its codec '
                'is unknown to OpenCV. Convert it, for example with ffmpeg.')
        # Off by default in some versions of OpenCV.
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = rate if 1 <= rate <= 1000 else 25.
        self.count = 0 if self._camera else max(
            int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)), 0)
        self._deep = self._swapped = self.released = False
        self._in_two_parts: Optional[bool] = None  # not known yet
        self._keep_bits()

    def _keep_bits(self):
        """Turns off OpenCV's conversion where it would lose bits."""
        code = int(self._capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
        camera = _tag(code & ~_SWAPPED)
        pixels = _tag(int(self._capture.get(cv2.CAP_PROP_CODEC_PIXEL_FORMAT)))
        channels, bits = _planes(pixels)
        if camera in _DEEP_CAMERAS or pixels == _GREY16:
            self._swapped = camera in _DEEP_CAMERAS and bool(code & _SWAPPED)
            self._deep = True
            self._capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        elif not self._camera and channels == 1 and bits > 8:
            self._refuse(
                f'has {bits}-bit grey pixels in a format that OpenCV '
                'reduces to 8 bits. Convert it losslessly: ffmpeg -i '
                f'{self._path} -c:v ffv1 -pix_fmt gray16le 16bit.mkv'
                + ('.' if bits == 16 else
                   f' (this multiplies values by {2**(16 - bits)}).'))
        elif not self._camera and pixels in _GUESSED:
            self._refuse(
                'is raw video with two bytes per pixel, whose meaning OpenCV '
                'cannot determine. Save it as frames (16-bit PNG, TIFF or '
                'NPY), or as FFV1 with the pixel format gray16le.')
        elif bits > 8:
            warn_once(
                'bits of colours', f'{self.name} has {bits} bits per colour '
                'channel; OpenCV reads only 8.')

    def _refuse(self, reason):
        self.release()
        raise ValueError(f'{self.name} {reason}')

    def read(self) -> Optional[np.ndarray]:
        """Returns the next frame, or ``None`` at the end.

        Frames are (H, W, 3) or (H, W), uint8, or (H, W), uint16.

        Raises:
            ValueError: 16-bit pixels arrive in an unknown layout.
        """
        # A camera may drop a frame and recover.
        for _ in range(_CAMERA_TRIES if self._camera else 1):
            good, image = self._capture.read()
            if good and image is not None and image.size:
                return self._joined(image) if self._deep else self._grey(
                    image)
            if self._camera:
                time.sleep(_CAMERA_WAIT_S)
        return None

    def _grey(self, image):
        """Converts two-part frames (picture, temperatures) to luminance."""
        if self._in_two_parts is None:
            self._in_two_parts = _is_in_two_parts(image)
            if self._in_two_parts:
                warnings.warn(
                    f'{self.name} looks like a picture with temperatures '
                    'below it, as delivered by some USB cameras. It is read '
                    'as grey, but its lower half is not an image. Give a box '
                    'around the face in the upper half.')
        return cv2.cvtColor(
            image, cv2.COLOR_BGR2GRAY) if self._in_two_parts else image

    def _joined(self, image):
        """Joins 16-bit pixels that some backends return as single bytes."""
        size = [int(self._capture.get(side)) for side in (
            cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FRAME_WIDTH)]
        if image.dtype == np.uint8 and image.size == 2 * size[0] * size[1]:
            image = np.frombuffer(image.tobytes(), '<u2').reshape(size)
        elif image.ndim == 3 and image.shape[2] == 1:
            image = image[..., 0]
        if image.dtype != np.uint16 or image.ndim != 2:
            raise ValueError(
                f'{self.name} has 16 bits per pixel, but OpenCV delivers '
                f'{image.dtype} of shape {image.shape}. Record it as 16-bit '
                'PNG, TIFF or NPY.')
        image = image.astype(np.uint16, copy=False)
        return image.byteswap() if self._swapped else image

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yields all remaining frames."""
        image = self.read()
        while image is not None:
            yield image
            image = self.read()

    def missing(self, found: int) -> Optional[str]:
        """Why the source ended after ``found`` frames, if that is too early."""
        if self._camera:
            return (f'{self.name} stopped delivering frames after {found}: it '
                    'was unplugged or taken by another program.')
        if not found:
            return f'{self.name} has no readable frames.'
        if found < _COMPLETE * self.count:  # container counts are inexact
            return (f'{self.name} ends after {found} of {self.count} frames: '
                    'the file is truncated.')
        return None

    def release(self) -> None:
        """Closes the source."""
        self.released = True
        self._capture.release()


def _is_in_two_parts(image):
    height, width = image.shape[:2]
    if image.ndim != 3 or (width, height) not in _TWO_PARTS:
        return False
    upper, lower = image[:height // 2], image[height // 2:]
    return is_coloured(lower) and not is_coloured(upper)


def _tag(code: int) -> bytes:
    return (code & 0xFFFFFFFF).to_bytes(4, 'little')


def _planes(pixels: bytes):
    """Channels and bits of an FFmpeg pixel format, (0, 0) if unknown.

    Tags of deep formats consist of a letter, the number of channels, the
    chroma subsampling and the bits; they are reversed if bytes are swapped.
    """
    if pixels in _DEEP_COLOURS:
        return 3, 16
    for tag in (pixels, pixels[::-1]):
        if tag[:1] in (b'Y', b'G') and tag[1:2] in (
                b'1', b'2', b'3', b'4') and 8 <= tag[3] <= 32:
            return int(tag[1:2]), tag[3]
    return 0, 0
