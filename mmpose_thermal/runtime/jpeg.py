"""Parses the segments of JPEG files, and of the FLIR data among them."""
import struct
from mmap import mmap
from typing import Dict, Iterator, NamedTuple, Optional, Tuple, Union

from .tiff import exif_orientation

JPEG = b'\xff\xd8\xff'
#: Type of FLIR's record of the visible-light photo, and bytes before its file.
PHOTO, PHOTO_HEAD = 14, 32
_SCAN, _END, _END_OF_IMAGE = 0xda, 0xd9, b'\xff\xd9'
_APP1, _APP3 = 0xe1, 0xe3
_RAW_BYTES = 1 << 15  # other makers' APP3 segments are shorter
_EXIF, _FLIR, _FILE = b'Exif\0\0', b'FLIR\0', b'FFF\0'
_FLIR_HEAD = 8  # and version, number of the segment, number of the last one
_ENTRY = struct.Struct('>HHIIIIIII')
_RAW_DATA, _MAX_ENTRIES = 1, 1000
_MAX_SIDE = 10_000

Content = Union[bytes, mmap]


class Record(NamedTuple):
    """Place of a record in FLIR data."""
    start: int
    length: int


def _segments(content: Content) -> Iterator[Tuple[int, int, int]]:
    """Yields marker, start and end of the segments before a JPEG's scan."""
    place = 2
    while place + 4 <= len(content) and content[place] == 0xff:
        marker = content[place + 1]
        length = int.from_bytes(content[place + 2:place + 4], 'big')
        if marker in (_SCAN, _END) or length < 2:
            return
        yield marker, place + 4, place + 2 + length
        place += 2 + length


def orientation_of(content: Content) -> int:
    """EXIF orientation of a JPEG file: 1 (upright) to 8."""
    for marker, start, end in _segments(content):
        if marker == _APP1 and content[start:start + len(_EXIF)] == _EXIF:
            return exif_orientation(bytes(content[start + len(_EXIF):end]))
    return 1


def is_truncated(content: Content) -> bool:
    """Whether a JPEG file ends within a segment or before its picture does."""
    end = 2
    for _, _, end in _segments(content):
        pass
    return content.find(_END_OF_IMAGE, end) < 0


def flir_data(content: Content) -> bytes:
    """The FLIR file inside a JPEG file; empty if there is none."""
    return b''.join(
        content[start + _FLIR_HEAD:end]
        for marker, start, end in _segments(content)
        if marker == _APP1 and content[start:start + len(_FLIR)] == _FLIR)


def flir_records(data: bytes) -> Dict[int, Record]:
    """Lists the records of FLIR data by type; empty if its layout is unknown."""
    if not data.startswith(_FILE) or len(data) < 32:
        return {}
    place, count = struct.unpack_from('>II', data, 24)
    end = place + min(count, _MAX_ENTRIES) * _ENTRY.size
    entries = (_ENTRY.unpack_from(data, at)
               for at in range(place, min(end, len(data) - _ENTRY.size + 1),
                               _ENTRY.size))
    return {kind: Record(start, length)
            for kind, _, _, _, start, length, *_ in entries if kind}


def raw_size(data: bytes) -> Optional[Tuple[int, int]]:
    """Width and height of the thermal image in FLIR data, if they are known."""
    record = flir_records(data).get(_RAW_DATA)
    if record is None or len(data) < record.start + 6:
        return None
    size = struct.unpack_from('<HH', data, record.start + 2)
    # Older cameras write the other byte order, which flyr does not read.
    return size if 0 < min(size) and max(size) <= _MAX_SIDE else None


def radiometric_kind(content: Content) -> Optional[str]:
    """Returns ``'FLIR'`` or ``'DJI'`` for radiometric JPEGs, else ``None``.

    FLIR data in an unknown layout counts as radiometric; a picture whose FLIR
    data lacks an image does not.
    """
    if content[:2] != JPEG[:2]:
        return None
    data = flir_data(content)
    if data:
        records = flir_records(data)
        return 'FLIR' if _RAW_DATA in records or not records else None
    is_dji, raw_bytes = False, 0
    for marker, start, end in _segments(content):
        if marker == _APP1:
            is_dji |= b'DJI' in content[start:end]
        elif marker == _APP3:
            raw_bytes += end - start
    return 'DJI' if is_dji and raw_bytes >= _RAW_BYTES else None
