"""Layouts of thermal USB cameras: where a frame holds picture and temperatures.

A frame comes as 16-bit words, (H, W), as the camera sends them. Facts are from
public descriptions: FLIR's Lepton and Boson datasheets, groupgets'
PureThermal firmware and tCam's telemetry table (Lepton); FLIR's BosonUSB
(Boson); P2Pro-Viewer and PyThermalCamera (InfiRay, Topdon); libseek-thermal and
lod's seek-thermal-documentation (Seek).
"""
from typing import Dict, NamedTuple, Optional, Tuple

import cv2
import numpy as np

from .dead_pixels import grid_percentiles
from .radiometry import temperature_problem
from .warned_once import warn_once

Size = Tuple[int, int]
Y16, YUYV = b'Y16 ', b'YUYV'
_HIGH_GAIN_K, _LOW_GAIN_K, _INFIRAY_K = .01, .1, 1 / 64


class Split(NamedTuple):
    """A frame without telemetry, divided into its parts.

    Attributes:
        picture (np.ndarray): Grey (H, W) or BGR (H, W, 3), uint8; or the
            frame as delivered if its layout is unknown (:class:`AnyCamera`).
        kelvin (np.ndarray, optional): Temperatures, (H, W), float32.
    """
    picture: np.ndarray
    kelvin: Optional[np.ndarray]

    @property
    def image(self) -> np.ndarray:
        """The temperatures if there are any, otherwise the picture."""
        return self.picture if self.kelvin is None else self.kelvin


class Camera:
    """Layout of a kind of cameras.

    Attributes:
        name (str): Its ``--camera`` value.
        fourcc (bytes): V4L2 tag of the format to request.
        sizes (dict): Possible frame sizes, (width, height), with the number
            of telemetry rows in each.
        needs_format (bool): Whether any other format is an error.
    """
    name = ''
    fourcc = Y16
    sizes: Dict[Size, int] = {}
    needs_format = True

    def split(self, frame: np.ndarray) -> Optional[Split]:
        """Divides a frame.

        Args:
            frame (np.ndarray): Words (H, W), uint16, or a picture that was
                converted on its way, uint8.

        Returns:
            Split: The parts, or ``None`` if the frame shows no scene (some
            cameras send calibration frames in between).

        Raises:
            ValueError: The frame has another layout.
        """
        raise NotImplementedError

    def _check(self, frame):
        """Returns the number of telemetry rows."""
        size = frame.shape[1::-1]
        if frame.dtype == np.uint16 and frame.ndim == 2 and size in self.sizes:
            return self.sizes[size]
        known = ', '.join(f'{width}x{height}' for width, height in self.sizes)
        raise ValueError(
            f'these are not the frames of --camera {self.name}: {frame.dtype} '
            f'of {size[0]}x{size[1]} pixels instead of 16-bit words of '
            f'{known}. Name the right camera, or give --camera auto.')


class Lepton(Camera):
    """FLIR Lepton on a PureThermal board: Y16, linear in kelvin.

    Args:
        name (str): Its ``--camera`` value.
        kelvin_per_count (float, optional): 0.01 in high and 0.1 in low gain.
            By default, the one that fits. Telemetry, if sent, overrules it.
    """
    # The rows hold 80 words (Lepton 2) or 160 (3) of telemetry rows A to D.
    sizes = {(160, 120): 0, (160, 122): 2, (80, 60): 0, (80, 63): 3}
    _TLINEAR, _RESOLUTION = 208, 209  # words of the telemetry

    def __init__(self, name: str, kelvin_per_count: Optional[float]) -> None:
        self.name, self._scale = name, kelvin_per_count

    def split(self, frame: np.ndarray) -> Split:
        """See :meth:`Camera.split`."""
        scene, telemetry = _without_rows(frame, self._check(frame))
        scale = self._told(telemetry) or self._scale or next(
            filter(lambda k: _fits(scene, k), (_HIGH_GAIN_K, _LOW_GAIN_K)),
            _HIGH_GAIN_K)
        if _fits(scene, scale):
            return Split(_grey(scene), _kelvin(scene, scale))
        other = _LOW_GAIN_K if scale == _HIGH_GAIN_K else _HIGH_GAIN_K
        if _fits(scene, other):
            raise ValueError(
                f'--camera {self.name} takes counts of {scale} K, but the '
                f'camera sends {other} K: give --camera ' +
                ('lepton' if other == _HIGH_GAIN_K else 'lepton-low-gain') +
                '.')
        warn_once(
            'no temperatures', 'The Lepton sends counts, not temperatures: '
            'only radiometric ones (2.5, 3.5) with TLinear switched on do. '
            'Its frames are used as grey levels.')
        return Split(_grey(scene), None)

    def _told(self, telemetry):
        """Kelvin per count by the telemetry, ``None`` if it does not say."""
        words = telemetry.ravel()
        if words.size <= self._RESOLUTION or words[self._TLINEAR] != 1:
            return None
        return {0: _LOW_GAIN_K, 1: _HIGH_GAIN_K}.get(
            int(words[self._RESOLUTION]))


class Boson(Camera):
    """FLIR Boson: Y16; kelvin only from radiometric ones with TLinear."""
    name = 'boson'
    sizes = {(640, 512): 0, (640, 514): 2, (320, 256): 0, (320, 258): 2}

    def split(self, frame: np.ndarray) -> Split:
        """See :meth:`Camera.split`."""
        scene, _ = _without_rows(frame, self._check(frame))
        if _fits(scene, _HIGH_GAIN_K):
            return Split(_grey(scene), _kelvin(scene, _HIGH_GAIN_K))
        warn_once(
            'no temperatures', 'The Boson sends counts, not temperatures: only '
            'radiometric ones set to TLinear do. Its frames are used as grey '
            'levels.')
        return Split(_grey(scene), None)


class InfiRay(Camera):
    """InfiRay P2 Pro, Topdon TC001 and the like: two parts in a YUYV frame.

    The upper half is the picture, and the lower half holds temperatures in
    1/64 K instead of colours.
    """
    fourcc = YUYV
    sizes = {(256, 384): 0, (384, 576): 0, (640, 1024): 0, (160, 240): 0}

    def __init__(self, name: str) -> None:
        self.name = name

    def split(self, frame: np.ndarray) -> Split:
        """See :meth:`Camera.split`."""
        rows = len(frame) // 2
        if frame.dtype == np.uint8 and frame.shape[1::-1] in self.sizes:
            warn_once(
                'no temperatures', 'The frames were converted to 8 bits on '
                'their way, which destroys the temperatures below the picture: '
                'only the picture is used. Read the camera itself on Linux, or '
                'record it with ffmpeg -f v4l2 -i /dev/video0 -c:v copy a.avi.')
            return Split(frame[:rows], None)
        self._check(frame)
        # YUYV: the first of two bytes is the brightness.
        picture = (frame[:rows] & 255).astype(np.uint8)
        if _fits(frame[rows:], _INFIRAY_K):
            return Split(picture, _kelvin(frame[rows:], _INFIRAY_K))
        warn_once(
            'no temperatures', 'The lower half of the frames does not hold '
            'temperatures in 1/64 K: only the picture is used.')
        return Split(picture, None)


class Seek(Camera):
    """Seek Thermal Compact and CompactPRO: counts without temperatures.

    The camera sends a frame of its closed shutter now and then, which is
    subtracted from the others. Frames that other software has corrected have
    no frame number and are used as they are.
    """
    name = 'seek'
    sizes = {(208, 156): 0, (342, 260): 0}
    _SHUTTER, _SCENE, _LAST_KIND = 1, 3, 10
    # Word that tells the kind of a frame, and where the scene is.
    _PARTS = {208: (10, np.s_[1:, :206]), 342: (2, np.s_[4:244, 1:321])}

    def __init__(self) -> None:
        self._shutter: Optional[np.ndarray] = None

    def split(self, frame: np.ndarray) -> Optional[Split]:
        """See :meth:`Camera.split`."""
        self._check(frame)
        word, place = self._PARTS[frame.shape[1]]
        kind, scene = int(frame[0, word]), _repaired(frame[place])
        if kind == self._SHUTTER:
            self._shutter = scene
        if kind <= self._LAST_KIND and kind != self._SCENE:
            return None
        if kind == self._SCENE and self._shutter is not None:
            scene = scene.astype(np.float32) - self._shutter
        return Split(_grey(scene), None)


class AnyCamera(Camera):
    """Recognises the layout by type and size of the first frame.

    Unknown frames are returned as they are.
    """
    name = 'auto'
    sizes = InfiRay.sizes
    needs_format = False

    def __init__(self) -> None:
        self._known = (Lepton('lepton', None), Boson(), InfiRay('infiray'),
                       Seek())
        self._chosen: Optional[Camera] = None

    def split(self, frame: np.ndarray) -> Optional[Split]:
        """See :meth:`Camera.split`."""
        if self._chosen is None and frame.dtype == np.uint16:
            self._chosen = next((camera for camera in self._known
                                 if frame.shape[1::-1] in camera.sizes), None)
        return Split(frame, None) if self._chosen is None else \
            self._chosen.split(frame)


_MAKERS = {
    'auto': AnyCamera,
    'lepton': lambda: Lepton('lepton', _HIGH_GAIN_K),
    'lepton-low-gain': lambda: Lepton('lepton-low-gain', _LOW_GAIN_K),
    'boson': Boson,
    'infiray': lambda: InfiRay('infiray'),
    'topdon': lambda: InfiRay('topdon'),
    'seek': Seek,
}
#: Values of ``--camera``.
CAMERAS = tuple(_MAKERS)


def camera_named(name: str) -> Camera:
    """Returns the layout of a camera, one of :data:`CAMERAS`."""
    if name not in _MAKERS:
        raise ValueError(f'There is no camera {name!r}: choose one of '
                         f'{", ".join(CAMERAS)}.')
    return _MAKERS[name]()


def _fits(counts, kelvin_per_count):
    return temperature_problem(counts, kelvin_per_count) is None


def _kelvin(counts, kelvin_per_count):
    return counts * np.float32(kelvin_per_count)


def _grey(counts):
    """Grey levels between the 1st and 99th percentile."""
    low, _, high = grid_percentiles(counts, 1)
    scale = 255 / max(high - low, 1)
    return cv2.convertScaleAbs(
        np.maximum(counts.astype(np.float32) - np.float32(low), 0),
        alpha=scale)


def _without_rows(frame, rows) -> Tuple[np.ndarray, np.ndarray]:
    """Separates the scene from telemetry rows at either edge."""
    if not rows:
        return frame, frame[:0]

    def strangeness(outer, inner):
        return np.median(np.abs(outer.astype(int) - inner))

    # The camera can be set to send them first or last.
    if strangeness(frame[:rows], frame[rows]) > strangeness(
            frame[-rows:], frame[-rows - 1]):
        return frame[rows:], frame[:rows]
    return frame[:-rows], frame[-rows:]


def _repaired(counts):
    """Fills the pixels that every Seek leaves black."""
    return np.where(counts == 0, cv2.medianBlur(
        np.ascontiguousarray(counts), 3), counts)
