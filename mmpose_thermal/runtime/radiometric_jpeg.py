"""JPEG files that hold temperatures beside their picture."""
from typing import Iterator, Optional, Tuple

_START, _SCAN, _END = 0xd8, 0xda, 0xd9
_APP1, _APP3 = 0xe1, 0xe3
_RAW_BYTES = 1 << 15  # APP3 of other makers is short


def _segments(content: bytes) -> Iterator[Tuple[int, int, int]]:
    """Marker, beginning and length of what precedes a JPEG's picture."""
    place = 2
    while place + 4 <= len(content) and content[place] == 0xff:
        marker = content[place + 1]
        length = int.from_bytes(content[place + 2:place + 4], 'big')
        if marker in (_SCAN, _END) or length < 2:
            return
        yield marker, place + 4, length - 2
        place += 2 + length


def radiometric_kind(content: bytes) -> Optional[str]:
    """Whose radiometric JPEG a file is.

    Args:
        content (bytes): Of any file.

    Returns:
        str: ``'FLIR'`` or ``'DJI'``; ``None`` for all other files.
    """
    if not content.startswith(b'\xff\xd8'):
        return None
    is_dji, raw_bytes = False, 0
    for marker, start, length in _segments(content):
        if marker == _APP1 and content.startswith(b'FLIR\0', start):
            return 'FLIR'
        if marker == _APP1:
            is_dji |= b'DJI' in content[start:start + length]
        elif marker == _APP3:
            raw_bytes += length
    return 'DJI' if is_dji and raw_bytes >= _RAW_BYTES else None
