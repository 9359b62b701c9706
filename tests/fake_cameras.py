"""A USB camera by the bytes that it sends, and recordings of it."""
import subprocess
import time

import cv2
import numpy as np

FACE_K, ROOM_K = 307., 294.


class Device:
    """A UVC camera: its formats, and the bytes that it sends.

    Like OpenCV's capture of V4L2, it converts frames to BGR unless told not
    to, and ignores formats that the camera does not have.
    """

    def __init__(self, frames, fourccs=(b'UYVY', b'Y16 '), pause_s=0,
                 **properties):
        self.frames, self.fourccs = [*frames], fourccs
        self.pause_s, self.released = pause_s, False
        height, width = self.frames[0].shape
        self.properties = dict(FRAME_WIDTH=width, FRAME_HEIGHT=height, FPS=25,
                               FOURCC=int.from_bytes(fourccs[0], 'little'),
                               CONVERT_RGB=1, **properties)

    def __call__(self, where):
        self.where = where
        return self

    def isOpened(self):
        return True

    def _name(self, field):
        return next((name for name in (*self.properties, 'ORIENTATION_AUTO')
                     if getattr(cv2, f'CAP_PROP_{name}') == field), None)

    def get(self, field):
        return float(self.properties.get(self._name(field), 0))

    def set(self, field, value):
        name = self._name(field)
        if name == 'FOURCC' and int(value).to_bytes(
                4, 'little') not in self.fourccs:
            return False
        if name:
            self.properties[name] = value
        return True

    def read(self):
        time.sleep(self.pause_s)
        if not self.frames:
            return False, None
        words = self.frames.pop(0)
        if not self.properties['CONVERT_RGB']:
            return True, words.view(np.uint8).reshape(1, -1)
        return True, np.dstack([(words >> 8).astype(np.uint8)] * 3)

    def release(self):
        self.released = True


def scene(width, height, kelvin_per_count=.01):
    """A face in a room, and the camera's words for it."""
    kelvin = np.full((height, width), ROOM_K)
    kelvin[height // 4:-height // 4, width // 3:-width // 3] = FACE_K
    return kelvin, np.rint(kelvin / kelvin_per_count).astype('<u2')


def telemetry(rows, width, tlinear=1, resolution=1):
    """Rows as a Lepton sends them: mostly zeros."""
    words = np.zeros((rows, width), '<u2')
    if rows:
        words.flat[208:210] = tlinear, resolution
    return words


def two_parts(width=256, height=192):
    kelvin, words = scene(width, height, 1 / 64)
    brightness = (np.arange(width * height) % 200).reshape(height, width)
    picture = (brightness | 128 << 8).astype('<u2')  # no colour
    return kelvin, brightness, np.vstack([picture, words])


def record(path, words, pixels, *codec):
    height, width = words.shape
    subprocess.run(
        ['ffmpeg', '-v', 'error', '-f', 'rawvideo', '-pix_fmt', pixels, '-s',
         f'{width}x{height}', '-r', '25', '-i', '-', *codec, str(path)],
        input=words.tobytes() * 3, check=True)
