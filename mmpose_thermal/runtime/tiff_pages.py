"""Pages of TIFF files, each read by itself.

A page becomes a TIFF of its own, in memory, so that one decoder reads all
images, and no more than one page of a long recording is in memory.
"""
import struct
from collections import Counter
from dataclasses import dataclass
from typing import (Any, BinaryIO, Dict, List, Optional, Sequence, Tuple,
                    TypeVar)

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4,
          12: 8, 16: 8, 17: 8}
_NUMBERS = {1: 'B', 3: 'H', 4: 'I', 16: 'Q'}
_LONG8 = 16
_KIND, _WIDTH, _HEIGHT, _BITS = 254, 256, 257, 258
_CHANNELS, _FORMAT = 277, 339
_STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES = _PLACES = 273, 279, 324, 325
# What says how pixels are stored: all that a decoder needs.
_KEPT = (_KIND, _WIDTH, _HEIGHT, _BITS, 259, 262, 266, 274, _CHANNELS, 278,
         280, 281, 284, 317, 320, 322, 323, 332, 338, _FORMAT, 347, 529, 530,
         531, 532)
_REDUCED, _MASK = 1, 4  # bits of the kind of a page
_SEQUENCE = 3  # so many pages of one size are no accident
_Page = TypeVar('_Page', bound=Any)  # of either module on TIFF


@dataclass
class TiffPage:
    """What is known of a page before its pixels are read.

    Attributes:
        number (int): In the file, from 1.
        order (str): Of bytes, as :mod:`struct` has it.
        entries (dict): Type and content by tag.
    """
    number: int
    order: str
    entries: Dict[int, Tuple[int, bytes]]

    def numbers(self, tag: int) -> List[int]:
        """Values of a tag, none if the page lacks it."""
        kind, content = self.entries.get(tag, (3, b''))
        if kind not in _NUMBERS:
            return []
        size = len(content) // _SIZES[kind]
        return list(struct.unpack(f'{self.order}{size}{_NUMBERS[kind]}',
                                  content))

    def _first(self, tag, missing):
        return (self.numbers(tag) or [missing])[0]

    @property
    def size(self) -> Tuple[int, int]:
        """(width, height) in pixels."""
        return self._first(_WIDTH, 0), self._first(_HEIGHT, 0)

    @property
    def pixels(self) -> Tuple[int, int, int]:
        """(bits, channels, sample format)."""
        return (self._first(_BITS, 1), self._first(_CHANNELS, 1),
                self._first(_FORMAT, 1))

    @property
    def is_picture(self) -> bool:
        """Whether it is marked neither as a thumbnail nor as a mask."""
        return not self._first(_KIND, 0) & (_REDUCED | _MASK)

    def __str__(self) -> str:
        (width, height), (bits, channels, _) = self.size, self.pixels
        return f'{width}x{height}, {channels} x {bits} bits'

    def as_file(self, file: BinaryIO) -> bytes:
        """The page as a TIFF of its own.

        Args:
            file (BinaryIO): It is from.

        Returns:
            bytes: Of a file.

        Raises:
            ValueError: Its pixels are not all in the file.
        """
        tiled = _TILES in self.entries
        where, sizes = (_TILES, _TILE_BYTES) if tiled else (_STRIPS,
                                                            _STRIP_BYTES)
        parts = _parts(file, self.numbers(where), self.numbers(sizes))
        content, starts = bytearray(8), []
        for part in parts:
            starts.append(len(content))
            content += part
        entries = {
            tag: self._in_32_bits(self.numbers(tag)) if entry[0] == _LONG8 else
            entry
            for tag, entry in self.entries.items() if tag in _KEPT
        }
        entries[where] = self._in_32_bits(starts)
        entries[sizes] = self._in_32_bits([len(part) for part in parts])
        return _written(content, entries, self.order)

    def _in_32_bits(self, values):
        return 4, struct.pack(f'{self.order}{len(values)}I', *values)


def read_pages(file: BinaryIO) -> Tuple[List[TiffPage], Optional[str]]:
    """Reads what a TIFF says of its pages.

    Args:
        file (BinaryIO): Its content.

    Returns:
        tuple: Its pages, and what is wrong with it behind the last of them;
        no page if it is no TIFF.
    """
    head = file.read(16)
    order = {b'II': '<', b'MM': '>'}.get(head[:2])
    if order is None or len(head) < 16:
        return [], None
    big = struct.unpack(order + 'H', head[2:4])[0] == 43
    at = struct.unpack(order + ('Q' if big else 'I'),
                       head[8:16] if big else head[4:8])[0]
    pages: List[TiffPage] = []
    seen = set()
    while at:
        if at in seen:
            return pages, f'page {len(pages)} leads back to an earlier one'
        seen.add(at)
        try:
            entries, at = _directory(file, at, order, big)
        except (struct.error, KeyError):
            return pages, f'it is truncated behind page {len(pages)}'
        pages.append(TiffPage(len(pages) + 1, order, entries))
    return pages, None


def choose_pages(pages: Sequence[_Page]) -> List[_Page]:
    """The frames, or the picture, among thumbnails and masks.

    Three or more pages of one size and type, if no other kind is more
    frequent, are the frames of a recording. Else the picture is what has the
    most bits, then the most pixels.

    Args:
        pages (Sequence): Of a file, at least one; with ``size``, ``pixels``
            and ``is_picture`` as :class:`TiffPage` has them.

    Returns:
        list: All of one size and type.
    """
    pictures = [page for page in pages if page.is_picture] or pages
    kinds = Counter((page.pixels, page.size) for page in pictures)

    def rank(kind):
        (bits, _, _), (width, height) = kind
        count = kinds[kind]
        return count if count >= _SEQUENCE else 0, bits, width * height

    best = max(kinds, key=rank)
    return [page for page in pictures if (page.pixels, page.size) == best]


def _directory(file, at, order, big):
    """Entries of a page, and where the next one is."""
    count_code, value_code = ('Q', 'Q') if big else ('H', 'I')
    value_size = struct.calcsize(value_code)
    row_size = 4 + 2 * value_size

    def unpack(code, position):
        code = order + code
        return struct.unpack(
            code, _exactly(file, position, struct.calcsize(code)))

    count, = unpack(count_code, at)
    start = at + struct.calcsize(count_code)
    entries = {}
    for row in range(start, start + count * row_size, row_size):
        tag, kind, length = unpack('HH' + value_code, row)
        if tag in _KEPT or tag in _PLACES:
            size, content_at = length * _SIZES[kind], row + row_size - value_size
            if size > value_size:
                content_at, = unpack(value_code, content_at)
            entries[tag] = (kind, _exactly(file, content_at, size))
    following, = unpack(value_code, start + count * row_size)
    return entries, following


def _exactly(file, position, size):
    if position + size > file.seek(0, 2):
        raise struct.error('behind the end of the file')
    file.seek(position)
    return file.read(size)


def _parts(file, starts, sizes):
    end = file.seek(0, 2)
    if len(starts) == 1 and not sizes:
        sizes = [end - starts[0]]  # some writers leave it out
    # Parts may share bytes: a small file must not become a large one.
    if not starts or len(starts) != len(sizes) or sum(sizes) > end:
        raise ValueError('its pixels are not all in the file')
    try:
        return [_exactly(file, *part) for part in zip(starts, sizes)]
    except struct.error:
        raise ValueError('its pixels are not all in the file') from None


def _written(content, entries, order):
    """A file of one page: pixels first, then what is said of them."""
    rows = []
    for tag, (kind, value) in sorted(entries.items()):
        length = len(value) // _SIZES[kind]
        if len(value) > 4:
            content += bytes(len(content) % 2)
            position = len(content)
            content += value
            value = struct.pack(order + 'I', position)
        rows.append(struct.pack(order + 'HHI', tag, kind, length) +
                    value.ljust(4, b'\0'))
    content += bytes(len(content) % 2)
    mark = b'II' if order == '<' else b'MM'
    content[:8] = mark + struct.pack(order + 'HI', 42, len(content))
    content += struct.pack(order + 'H', len(rows)) + b''.join(rows) + bytes(4)
    return bytes(content)
