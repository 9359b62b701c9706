"""Makes FLIR radiometric JPEGs as cameras write them, for tests."""
import struct

import cv2
import numpy as np

_RAW, _PHOTO, _CAMERA, _PICTURE_IN_PICTURE = 1, 14, 32, 42
_ENTRIES = 14  # of the directory, as in all files of the maker
#: Planck's constants of a FLIR E60, and conditions of a measurement.
CAMERA = {
    32: .98, 36: 1., 40: 293.15, 44: 293.15, 48: 293.15, 52: 1., 60: .5,
    88: 14906.216, 92: 1396.6, 96: 1., 112: .006569, 116: .01262,
    120: -.002276, 124: -.00667, 128: 1.9, 780: .010956
}


def radiometric_jpeg(counts, photo=None, real_to_ir=1., offset=(0, 0),
                     orientation=1, picture=None, records=None):
    """The bytes of a file.

    Args:
        counts (np.ndarray): Raw thermal values, (H, W), uint16.
        photo (np.ndarray, optional): BGR, uint8.
        real_to_ir, offset: FLIR's registration of the photo.
        orientation (int): EXIF.
        picture (np.ndarray, optional): What viewers show.
        records (dict, optional): Replaces records by type; ``None`` drops one.
    """
    height, width = counts.shape
    found = {
        _RAW: struct.pack('<HHH', 2, width, height) + bytes(26) +
        counts.astype('<u2').tobytes(),
        _CAMERA: _camera_info()
    }
    if photo is not None:
        file = cv2.imencode('.jpg', photo, [cv2.IMWRITE_JPEG_QUALITY, 98])[1]
        found[_PHOTO] = struct.pack('<HHH', 2, *photo.shape[1::-1]) + \
            bytes(26) + file.tobytes()
        found[_PICTURE_IN_PICTURE] = struct.pack(
            '<f6h', real_to_ir, *offset, 0, width - 1, 0, height - 1)
    found.update(records or {})
    if picture is None:
        picture = cv2.applyColorMap(
            cv2.normalize(counts, None, 0, 255, cv2.NORM_MINMAX, cv2.CV_8U),
            cv2.COLORMAP_INFERNO)
    jpeg = cv2.imencode('.jpg', picture)[1].tobytes()
    exif = b'Exif\0\0II*\0\x08\0\0\0\x01\0' + struct.pack(
        '<HHIHH', 274, 3, 1, orientation, 0) + bytes(4)
    return with_segments(jpeg, (0xe1, exif), *_app1(_flir_file(found)))


def with_segments(jpeg, *segments):
    """Puts segments (marker, payload) at the beginning of a JPEG."""
    return jpeg[:2] + b''.join(
        bytes([0xff, marker]) + struct.pack('>H', len(payload) + 2) + payload
        for marker, payload in segments) + jpeg[2:]


def _camera_info():
    record = bytearray(1000)
    for place, value in CAMERA.items():
        struct.pack_into('<f', record, place, value)
    struct.pack_into('<i', record, 776, -7340)
    return bytes(record)


def _flir_file(records):
    present = {kind: data for kind, data in records.items() if data is not None}
    place = 64 + 32 * _ENTRIES
    head = b'FFF\0' + bytes(16) + struct.pack('>III', 100, 64, _ENTRIES)
    entries, body = b'', b''
    for kind, data in present.items():
        entries += struct.pack('>HHIIIIIII', kind, 1, 100, 1,
                               place + len(body), len(data), 0, 0, 0)
        body += data
    return head.ljust(64, b'\0') + entries.ljust(32 * _ENTRIES, b'\0') + body


def _app1(data, size=65_000):
    parts = [data[start:start + size] for start in range(0, len(data), size)]
    return [(0xe1, b'FLIR\0\1' + bytes([number, len(parts) - 1]) + part)
            for number, part in enumerate(parts)]


def scene(height=60, width=80):
    """Raw counts of a scene at 20 degrees Celsius with a warm disc."""
    y, x = np.mgrid[:height, :width]
    warm = np.hypot(x - width * .6, y - height * .4) < height / 4
    return (19_000 + 2_700 * warm + x + y).astype(np.uint16)
