"""Parses the directories of TIFF files, and of EXIF data in the same format."""
import re
import struct
from collections import Counter
from dataclasses import dataclass
from mmap import mmap
from typing import Dict, List, Optional, Sequence, Tuple, Union

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC = 254, 256, 257, 258, 262
_ORIENTATION, _CHANNELS, _SUB_IFDS, _SAMPLE_FORMAT = 274, 277, 330, 339
_READ = (_SUBFILE, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _ORIENTATION,
         _CHANNELS, _SUB_IFDS, _SAMPLE_FORMAT)
_REDUCED, _MASK = 1, 4  # flags of the subfile type
_CODES = {1: 'B', 3: 'H', 4: 'I', 13: 'I', 16: 'Q', 18: 'Q'}
_MAX_VALUES = 1 << 16  # per tag
_SEQUENCE = 3  # this many pages of one size make a recording

# Of a description, which is near the beginning of the file.
_SHAPE = re.compile(rb'ImageJ=[^\0]*?\nimages=(\d+)|"shape": ?\[([\d, ]+)\]')
_DESCRIPTION_BYTES = 8192

_BEYOND_THE_END = (struct.error, OverflowError)  # raised when unpacking

Content = Union[bytes, bytearray, mmap]


@dataclass(frozen=True)
class TiffPage:
    """One page of a TIFF file.

    Attributes:
        offset (int): File offset of its directory.
        size (tuple[int, int]): Width and height in pixels, as stored.
        pixels (tuple[int, int, int]): Bits, channels and sample format (1
            unsigned, 2 signed, 3 float).
        is_picture (bool): Whether it is not tagged as a thumbnail or mask.
        is_inverted (bool): Whether the lowest value is white.
        orientation (int): EXIF orientation, 1 to 8.
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
    """Byte order and field sizes of a TIFF file."""

    def __init__(self, order: str, is_big: bool) -> None:
        self.order = order
        self.offset = struct.Struct(order + ('Q' if is_big else 'I'))
        self.count = struct.Struct(order + ('Q' if is_big else 'H'))
        self.first = 8 if is_big else 4  # holds the first directory's offset

    def first_directory(self, content: Content) -> int:
        return self.offset.unpack_from(content, self.first)[0]

    def directory(self, content: Content,
                  start: int) -> Tuple[Dict[int, List[int]], int]:
        """Returns the known tags, and the offset of the next directory."""
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
    """Lists the pages of a TIFF file without decoding them.

    Returns:
        tuple: Pages, each followed by its sub-pages, and what is wrong with
        the file after the last of them, if anything. The list is empty if the
        file is not a TIFF.
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
            return pages, f'it is truncated after page {len(pages)}'
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
    """Selects the frames or the picture, leaving out thumbnails and masks.

    If three or more pages share a size and type, the most frequent kind is
    taken as the frames of a recording. Otherwise the kind with the most bits,
    then the most pixels, is the picture.
    """
    pictures = [page for page in pages if page.is_picture] or pages
    kinds = Counter((page.pixels, page.size) for page in pictures)

    def rank(kind):
        (bits, _, _), (width, height) = kind
        count = kinds[kind]
        return count if count >= _SEQUENCE else 0, bits, width * height

    best = max(kinds, key=rank)
    return [page for page in pictures if (page.pixels, page.size) == best]


def frames_behind_one_page(content: Content, page: TiffPage) -> int:
    """How many frames a TIFF file of this one page says to hold; usually 1.

    ImageJ and tifffile write long recordings so: one directory, whose
    description tells the shape, and all pixels behind it.
    """
    found = _SHAPE.search(content, 0, _DESCRIPTION_BYTES)
    if found is None or page.pixels[1] > 1:  # the shape includes the channels
        return 1
    images, shape = found.groups()
    if images:
        return int(images)
    sizes = [int(size) for size in shape.split(b',')]
    is_image = len(sizes) < 3 or len(sizes) == 3 and sizes[2] in (1, 3, 4)
    return 1 if is_image else sizes[0]


def begin_at(content: Union[bytearray, mmap], page: TiffPage) -> None:
    """Makes a page the first of a file in memory, so that readers return it."""
    layout = _layout(content)
    assert layout is not None
    layout.offset.pack_into(content, layout.first, page.offset)


def exif_orientation(exif: bytes) -> int:
    """Reads the orientation from EXIF data: 1 (upright) to 8."""
    layout = _layout(exif)
    if layout is None:
        return 1
    try:
        tags, _ = layout.directory(exif, layout.first_directory(exif))
    except _BEYOND_THE_END:
        return 1
    return tags.get(_ORIENTATION, [1])[0]
