"""Reads videos, cameras and streams through OpenCV at full bit depth."""
import time
import warnings
from typing import Callable, Iterator, Optional, Union
from urllib.parse import urlsplit, urlunsplit

import cv2
import numpy as np

from .cameras import Y16, YUYV, Camera, InfiRay, camera_named
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
# Raw two-byte formats: YUYV of two-part cameras has these tags.
_TWO_BYTES = (YUYV, b'YUY2')
_NO_TAG = bytes(4)  # some backends do not tell the format
_REMEDY = {
    'Camera': 'check that it is plugged in and not in use.',
    'Stream': 'check the address, user and password (rtsp://USER:PASSWORD@'
              'HOST/PATH), and that the sender is running.',
    'Video': 'it is damaged, or its codec is unknown to OpenCV. Convert it, '
             'for example with ffmpeg.',
}
_DEEP_COLOURS = (b'RGB0', b'0RGB', b'BGR0', b'0BGR', b'RBA@', b'@ABR')


class Capture:
    """Reads a video, camera or stream frame by frame.

    By default OpenCV converts every capture to 8 bits. This class reads
    16-bit grey without conversion, and the two-byte frames of a named camera.
    It refuses other deep grey formats, and warns once if colours lose bits.
    Rotated phone videos are turned upright.

    Args:
        where (str | int): Video file, URL of a stream or camera index.
        open_capture (Callable): Replacement for ``cv2.VideoCapture``.
        camera (str, optional): Layout of the frames, one of
            :data:`.cameras.CAMERAS`. By default, frames are returned as
            delivered.

    Attributes:
        fps (float): Frame rate reported by the source, or 25 if unknown.
        count (int): Number of frames, or 0 if unknown.
        delivered (int): Number of frames so far, calibration frames included.
        released (bool): Whether the capture was closed.

    Raises:
        ValueError: The source cannot be opened, is not of the named camera, or
            OpenCV cannot read its pixels without losing bits.
    """

    def __init__(self,
                 where: Union[str, int],
                 open_capture: Callable = cv2.VideoCapture,
                 camera: Optional[str] = None) -> None:
        self._camera = isinstance(where, int)
        self._stream = not self._camera and is_url(str(where))
        kind = 'Camera' if self._camera else 'Stream' if self._stream else \
            'Video'
        self.name = f'{kind} {without_password(str(where))}'
        self._path = where
        self._layout = None if camera is None else camera_named(camera)
        self._capture = open_capture(where)
        if not self._capture.isOpened():
            raise ValueError(f'{self.name} cannot be opened: {_REMEDY[kind]}')
        # Off by default in some versions of OpenCV.
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        self._deep = self._swapped = self.released = False
        self._in_two_parts: Optional[bool] = None  # not known yet
        self.delivered = 0
        if self._camera and self._layout is not None:
            self._request(self._layout)
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = rate if 1 <= rate <= 1000 else 25.
        self.count = 0 if self._camera else max(
            int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)), 0)
        self._keep_bits()

    def _request(self, layout: Camera):
        """Asks a device for the format of a camera."""
        if layout.fourcc == Y16:
            self._capture.set(cv2.CAP_PROP_FOURCC,
                              int.from_bytes(Y16, 'little'))
        elif self._size() not in layout.sizes:
            # It may start with the picture alone.
            width, height = next(iter(layout.sizes))
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        tag = self._format()
        known = _DEEP_CAMERAS if layout.fourcc == Y16 else _TWO_BYTES
        if layout.needs_format and tag not in (*known, _NO_TAG):
            width, height = self._size()
            self._refuse(
                f'delivers {tag.decode("latin1")!r} of {width}x{height} '
                f'pixels, but --camera {layout.name} needs '
                f'{layout.fourcc.decode()!r}. See what it offers with '
                'v4l2-ctl --list-formats-ext, and choose another camera or '
                'index, or --camera auto.')
        if tag in _TWO_BYTES and self._size() in layout.sizes or (
                layout.needs_format and tag == _NO_TAG):
            self._keep_words()

    def _keep_words(self):
        self._deep = True
        self._capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)

    def _format(self) -> bytes:
        """The device's format tag, regardless of the order of bytes."""
        return _tag(int(self._capture.get(cv2.CAP_PROP_FOURCC)) & ~_SWAPPED)

    def _size(self):
        return tuple(int(self._capture.get(side)) for side in (
            cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))

    def _keep_bits(self):
        """Turns off OpenCV's conversion where it would lose bits."""
        code = int(self._capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
        camera = self._format()
        pixels = _tag(int(self._capture.get(cv2.CAP_PROP_CODEC_PIXEL_FORMAT)))
        channels, bits = _planes(pixels)
        if camera in _DEEP_CAMERAS or pixels == _GREY16:
            self._swapped = camera in _DEEP_CAMERAS and bool(code & _SWAPPED)
            self._keep_words()
        elif self._layout is not None and not self._camera and (
                pixels in _TWO_BYTES or pixels in _GUESSED):
            self._deep = True
            self._capture.set(cv2.CAP_PROP_FORMAT, -1)  # bytes as stored
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

        Frames are (H, W, 3) or (H, W), uint8; (H, W), uint16; or, of named
        cameras, kelvin, (H, W), float32.

        Raises:
            ValueError: The pixels arrive in an unknown layout, or not in that
                of the named camera.
        """
        tries, problem = _CAMERA_TRIES if self._camera else 1, None
        while tries:
            tries -= 1
            try:
                good, image = self._capture.read()
            except cv2.error as error:
                raise ValueError(f'{self.name} cannot be read: OpenCV reports '
                                 f'"{error.err}".') from None
            if good and image is not None and image.size:
                self.delivered += 1
                try:
                    image = self._laid_out(image)
                except ValueError as error:
                    problem = error  # cameras may send parts of frames
                    continue
                if image is not None:
                    return image
                tries += 1  # a calibration frame
            elif self._camera and problem is None:
                time.sleep(_CAMERA_WAIT_S)  # it may recover
        if problem is not None:
            raise problem
        return None

    def _laid_out(self, image):
        """Brings what OpenCV delivers into the layout that was asked for."""
        if self._deep:
            image = self._joined(image)
        if self._layout is None:
            return image if self._deep else self._grey(image)
        try:
            parts = self._layout.split(image)
        except ValueError as error:
            raise ValueError(f'{self.name}: {error}') from None
        return None if parts is None else parts.image

    def _grey(self, image):
        """Converts two-part frames (picture, temperatures) to luminance."""
        if self._in_two_parts is None:
            self._in_two_parts = _is_in_two_parts(image)
            if self._in_two_parts:
                warnings.warn(
                    f'{self.name} looks like a picture with temperatures '
                    'below it, as delivered by some USB cameras. It is read '
                    'as grey, but its lower half is not an image. Name the '
                    'camera (--camera infiray), or give a box around the face '
                    'in the upper half.')
        return cv2.cvtColor(
            image, cv2.COLOR_BGR2GRAY) if self._in_two_parts else image

    def _joined(self, image):
        """Joins 16-bit pixels that some backends return as single bytes."""
        size = self._size()[::-1]
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

    def missing(self) -> Optional[str]:
        """Why the source ended, if that is too early."""
        found = self.delivered
        if self._camera:
            return (f'{self.name} stopped delivering frames after {found}: it '
                    'was unplugged or taken by another program.')
        if self._stream and not self.count:
            return (f'{self.name} ended after {found} frames: the sender '
                    'stopped, or the connection was lost.')
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


def is_url(where: str) -> bool:
    """Whether an input is the address of a stream, such as rtsp://HOST/."""
    return '://' in where


def without_password(where: str) -> str:
    """Removes user and password from an address."""
    if not is_url(where):
        return where
    parts = urlsplit(where)
    return urlunsplit(parts._replace(netloc=parts.netloc.split('@')[-1]))


def _is_in_two_parts(image):
    height, width = image.shape[:2]
    if image.ndim != 3 or (width, height) not in InfiRay.sizes:
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
