"""Headers of TIFF files, and of EXIF data, which have the same form."""
import struct
from dataclasses import dataclass
from mmap import mmap
from typing import Dict, List, Optional, Tuple, Union

_WIDTH, _HEIGHT, _BITS, _ORIENTATION = 256, 257, 258, 274
_PHOTOMETRIC, _CHANNELS = 262, 277
_SUBFILE, _SUB_IFDS, _SAMPLE_FORMAT = 254, 330, 339
_REDUCED, _MASK = 1, 4  # bits of the subfile's type
_SIZES = {1: 'B', 3: 'H', 4: 'I', 13: 'I', 16: 'Q', 18: 'Q'}
_MAX_PAGES = 1 << 16


@dataclass(frozen=True)
class TiffPage:
    """One picture of a TIFF file.

    Attributes:
        offset (int): Of its directory in the file.
        size (tuple[int, int]): Width and height in pixels, as stored.
        pixels (tuple[int, int, int]): Bits, channels and sample format (1
            unsigned, 2 signed, 3 float).
        is_picture (bool): Whether it is marked neither as a thumbnail nor as
            a mask.
        is_inverted (bool): Whether its least value is white.
        orientation (int): 1 to 8, as EXIF counts them.
    """
    offset: int
    size: Tuple[int, int]
    pixels: Tuple[int, int, int]
    is_picture: bool
    is_inverted: bool
    orientation: int


@dataclass(frozen=True)
class _Layout:
    """Byte order and widths of a file."""
    order: str
    is_big: bool

    @property
    def offset(self) -> struct.Struct:
        return struct.Struct(self.order + ('Q' if self.is_big else 'I'))

    @property
    def count(self) -> struct.Struct:
        return struct.Struct(self.order + ('Q' if self.is_big else 'H'))


def _layout(content: Union[bytes, mmap]) -> Optional[_Layout]:
    order = {b'II': '<', b'MM': '>'}.get(bytes(content[:2]))
    if order is None or len(content) < 16:
        return None
    version, = struct.unpack_from(order + 'H', content, 2)
    return _Layout(order, version == 43) if version in (42, 43) else None


def _directory(content: Union[bytes, mmap], layout: _Layout,
               start: int) -> Tuple[Dict[int, List[int]], int]:
    """Whole-number tags of a directory, and where the next one begins."""
    count, = layout.count.unpack_from(content, start)
    place = start + layout.count.size
    width = layout.offset.size
    tags = {}
    for entry in range(place, place + count * (4 + 2 * width), 4 + 2 * width):
        tag, kind = struct.unpack_from(layout.order + 'HH', content, entry)
        values, = layout.offset.unpack_from(content, entry + 4)
        if kind not in _SIZES or not 0 < values < _MAX_PAGES:
            continue
        form = struct.Struct(f'{layout.order}{values}{_SIZES[kind]}')
        at = entry + 4 + width
        if form.size > width:
            at, = layout.offset.unpack_from(content, at)
        if at + form.size <= len(content):
            tags[tag] = list(form.unpack_from(content, at))
    following, = layout.offset.unpack_from(content,
                                           place + count * (4 + 2 * width))
    return tags, following


def tiff_pages(content: Union[bytes, mmap]) -> List[TiffPage]:
    """The pictures of a TIFF file, from its directories alone.

    Args:
        content (bytes | mmap): Of the file.

    Returns:
        list[TiffPage]: In their order, those within others behind them; empty
        if it is no TIFF file, as far as it can be read if it is damaged.
    """
    layout = _layout(content)
    pages: List[TiffPage] = []
    if layout is None:
        return pages
    first = 8 if layout.is_big else 4
    waiting = [layout.offset.unpack_from(content, first)[0]]
    seen = {0}
    while waiting and len(seen) < _MAX_PAGES:
        start = waiting.pop(0)
        if start in seen:
            continue
        seen.add(start)
        try:
            tags, following = _directory(content, layout, start)
        except struct.error:  # the file ends here
            continue
        waiting += [following, *tags.get(_SUB_IFDS, [])]
        if _WIDTH in tags and _HEIGHT in tags:
            pages.append(_page(start, tags))
    return pages


def _page(start, tags) -> TiffPage:
    def first(tag, missing):
        return tags.get(tag, [missing])[0]

    return TiffPage(
        start, (tags[_WIDTH][0], tags[_HEIGHT][0]),
        (max(tags.get(_BITS, [1])), first(_CHANNELS, 1),
         first(_SAMPLE_FORMAT, 1)),
        not first(_SUBFILE, 0) & (_REDUCED | _MASK),
        first(_PHOTOMETRIC, 1) == 0, first(_ORIENTATION, 1))


def starting_at(content: bytes, page: TiffPage) -> bytes:
    """The same file with another first page: what a reader takes.

    Args:
        content (bytes): Of the file.
        page (TiffPage): Of :func:`tiff_pages`.

    Returns:
        bytes: Of a TIFF file.
    """
    layout = _layout(content)
    assert layout is not None
    first = 8 if layout.is_big else 4
    return b''.join([
        content[:first],
        layout.offset.pack(page.offset),
        content[first + layout.offset.size:]
    ])


def exif_orientation(exif: bytes) -> int:
    """How an image is to be turned.

    Args:
        exif (bytes): EXIF data, from its byte order mark on.

    Returns:
        int: 1 (as it is) to 8.
    """
    layout = _layout(exif)
    if layout is None:
        return 1
    try:
        start, = layout.offset.unpack_from(exif, 4)
        return _directory(exif, layout, start)[0].get(_ORIENTATION, [1])[0]
    except struct.error:
        return 1
