"""Recognises camera files that are not read, and tells how to convert them."""
from pathlib import Path
from typing import Optional

_SEQUENCE = (
    'a FLIR sequence (.seq, .csq, .fff). Export it as 16-bit TIFF or as CSV with '
    'FLIR Thermal Studio or Research Studio; or run split_seqs of the Python '
    'package flirpy, whose 16-bit TIFF files count 0.04 K '
    '(--temperature-scale 0.04)')
_HEADERLESS = (
    'raw frames without a header, as programs for Seek and ThermApp cameras '
    'write them. Convert them with the size of a frame, as (T, H, W): '
    'np.save("frames.npy", np.fromfile("{name}", "<u2").reshape(-1, {height}, '
    '{width}))')
_THERMAPP = (
    'a ThermApp recording with USB packets. Save its frames as 16-bit PNG, TIFF '
    'or .npy with the program that recorded it')
_INFRATEC = 'an InfraTec file (.irb). Export it as TIFF or CSV with IRBIS'
_BY_START = {
    b'FFF\0': _SEQUENCE,
    b'AFF\0': _SEQUENCE,
    b'\xa5\xa5\xa5\xa5\xa5\xa5\xd5\xa5': _THERMAPP,
    b'\xa5\xa5\xd5\xa5': _THERMAPP,  # a packet without its first word
    b'\xffIRB': _INFRATEC,
}
_BY_SUFFIX = {
    '.seq': _SEQUENCE, '.csq': _SEQUENCE, '.fff': _SEQUENCE, '.irb': _INFRATEC,
    '.raw': _HEADERLESS, '.bin': _HEADERLESS, '.dat': _HEADERLESS,
    '.is2': 'a Fluke file. Export it as CSV with Fluke Connect or SmartView',
    '.bmt': 'a Testo file. Export it as CSV with Testo IRSoft',
}
# Height and width of frames, by their bytes: Seek Compact, Compact Pro.
_SEEK = {2 * 156 * 208: (156, 208), 2 * 260 * 342: (260, 342)}


def foreign_format(name: str, start: bytes, size: int) -> Optional[str]:
    """What a file is and how to convert it; ``None`` if that is unknown.

    Args:
        name (str): File name.
        start (bytes): Its first bytes.
        size (int): Its number of bytes.
    """
    known = next((what for magic, what in _BY_START.items()
                  if start.startswith(magic)),
                 _BY_SUFFIX.get(Path(name).suffix.lower()))
    if known is None:
        return None
    height, width = next((shape for frame, shape in _SEEK.items()
                          if size and size % frame == 0),
                         ('HEIGHT', 'WIDTH'))
    return known.format(name=name, height=height, width=width) + '.'


def foreign_file(path: str) -> Optional[str]:
    """:func:`foreign_format` of a file, if it can be read."""
    try:
        with open(path, 'rb') as file:
            return foreign_format(path, file.read(16), Path(path).stat().st_size)
    except OSError:
        return None
