"""Directories of TIFF files, and of EXIF data, which have the same form."""
import struct
from collections import Counter
from dataclasses import dataclass
from mmap import mmap
from typing import Dict, List, Optional, Sequence, Tuple, Union

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC = 254, 256, 257, 258, 262
_ORIENTATION, _CHANNELS, _SUB_IFDS, _SAMPLE_FORMAT = 274, 277, 330, 339
_READ = (_SUBFILE, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _ORIENTATION,
         _CHANNELS, _SUB_IFDS, _SAMPLE_FORMAT)
_REDUCED, _MASK = 1, 4  # bits of the subfile's type
_CODES = {1: 'B', 3: 'H', 4: 'I', 13: 'I', 16: 'Q', 18: 'Q'}
_MAX_VALUES = 1 << 16  # of a tag
_SEQUENCE = 3  # so many pages of one size are no accident

_BEYOND_THE_END = (struct.error, OverflowError)  # of what is unpacked

Content = Union[bytes, bytearray, mmap]


@dataclass(frozen=True)
class TiffPage:
    """One picture of a TIFF file.

    Attributes:
        offset (int): Of its directory in the file.
        size (tuple[int, int]): Width and height in pixels, as stored.
        pixels (tuple[int, int, int]): Bits, channels and sample format (1
            unsigned, 2 signed, 3 float).
        is_picture (bool): Neither a thumbnail nor a mask, as it says.
        is_inverted (bool): Whether its least value is white.
        orientation (int): 1 to 8, as EXIF counts them.
    """
    offset: int
    size: Tuple[int, int]
    pixels: Tuple[int, int, int]
    is_picture: bool
    is_inverted: bool
    orientation: int

    def __str__(self) -> str:
        (width, height), (bits, channels, _) = self.size, self.pixels
        return f'{width}x{height}, {channels} x {bits} bits'


class _Layout:
    """Byte order and widths of a file."""

    def __init__(self, order: str, is_big: bool) -> None:
        self.order = order
        self.offset = struct.Struct(order + ('Q' if is_big else 'I'))
        self.count = struct.Struct(order + ('Q' if is_big else 'H'))
        self.first = 8 if is_big else 4  # where the first directory is named

    def first_directory(self, content: Content) -> int:
        return self.offset.unpack_from(content, self.first)[0]

    def directory(self, content: Content,
                  start: int) -> Tuple[Dict[int, List[int]], int]:
        """The tags that are read, and where the next directory begins."""
        count, = self.count.unpack_from(content, start)
        width = self.offset.size
        rows = range(start + self.count.size,
                     start + self.count.size + count * (4 + 2 * width),
                     4 + 2 * width)
        following, = self.offset.unpack_from(content, rows.stop)
        tags = {}
        for row in rows:
            tag, kind = struct.unpack_from(self.order + 'HH', content, row)
            number, = self.offset.unpack_from(content, row + 4)
            if tag not in _READ or kind not in _CODES or \
                    not 0 < number < _MAX_VALUES:
                continue
            values = struct.Struct(f'{self.order}{number}{_CODES[kind]}')
            at = row + 4 + width
            if values.size > width:
                at, = self.offset.unpack_from(content, at)
            tags[tag] = list(values.unpack_from(content, at))
        return tags, following


def _layout(content: Content) -> Optional[_Layout]:
    order = {b'II': '<', b'MM': '>'}.get(bytes(content[:2]))
    if order is None or len(content) < 16:
        return None
    version, = struct.unpack_from(order + 'H', content, 2)
    return _Layout(order, version == 43) if version in (42, 43) else None


def tiff_pages(content: Content) -> Tuple[List[TiffPage], Optional[str]]:
    """The pictures of a TIFF file, from its directories alone.

    Those within a page come behind it. The text says what is wrong with the
    file behind the last of them. There is no page if it is no TIFF.
    """
    layout = _layout(content)
    if layout is None:
        return [], None
    pages: List[TiffPage] = []
    seen = {0}
    start = layout.first_directory(content)
    while start:
        if start in seen:
            return pages, f'page {len(pages)} leads back to an earlier one'
        seen.add(start)
        try:
            tags, following = layout.directory(content, start)
            pages.append(_page(start, tags))
            for within in tags.get(_SUB_IFDS, []):
                if within not in seen:
                    seen.add(within)
                    tags, _ = layout.directory(content, within)
                    pages.append(_page(within, tags))
        except _BEYOND_THE_END:
            return pages, f'it is truncated behind page {len(pages)}'
        start = following
    return pages, None


def _page(offset, tags) -> TiffPage:

    def first(tag, missing):
        return tags.get(tag, [missing])[0]

    return TiffPage(
        offset=offset,
        size=(first(_WIDTH, 0), first(_HEIGHT, 0)),
        pixels=(max(tags.get(_BITS, [1])), first(_CHANNELS, 1),
                first(_SAMPLE_FORMAT, 1)),
        is_picture=not first(_SUBFILE, 0) & (_REDUCED | _MASK),
        is_inverted=first(_PHOTOMETRIC, 1) == 0,
        orientation=first(_ORIENTATION, 1))


def choose_pages(pages: Sequence[TiffPage]) -> List[TiffPage]:
    """The frames, or the picture, among thumbnails and masks.

    Three or more pages of one size and type, if no other kind is more
    frequent, are the frames of a recording. Else the picture is what has the
    most bits, then the most pixels.
    """
    pictures = [page for page in pages if page.is_picture] or pages
    kinds = Counter((page.pixels, page.size) for page in pictures)

    def rank(kind):
        (bits, _, _), (width, height) = kind
        count = kinds[kind]
        return count if count >= _SEQUENCE else 0, bits, width * height

    best = max(kinds, key=rank)
    return [page for page in pictures if (page.pixels, page.size) == best]


def begin_at(content: Union[bytearray, mmap], page: TiffPage) -> None:
    """Makes a page the first one of a file in memory: what a reader takes."""
    layout = _layout(content)
    assert layout is not None
    layout.offset.pack_into(content, layout.first, page.offset)


def exif_orientation(exif: bytes) -> int:
    """How an image is to be turned, 1 (as it is) to 8, by its EXIF data."""
    layout = _layout(exif)
    if layout is None:
        return 1
    try:
        tags, _ = layout.directory(exif, layout.first_directory(exif))
    except _BEYOND_THE_END:
        return 1
    return tags.get(_ORIENTATION, [1])[0]
