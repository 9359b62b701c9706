"""Reads frames that camera software exports as text: FLIR's CSV and its like."""
import re
from itertools import groupby
from typing import List, Optional, Tuple

import numpy as np

from .radiometry import CELSIUS_K

CSV = '.csv'
_MIN_SIDE = 8  # shorter tables are settings
_SEPARATORS = (';', '\t', ',')
_NUMBER = re.compile(r'-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[-+]?nan', re.I)
_BEGINNING = re.compile(r'-?\d*\.?\d*(?:[eE][-+]?\d*)?|[-+]?nan?', re.I)
_Unit = Tuple[float, float]
# Kelvin are value * scale + offset.
_UNITS = {
    'c': (1., CELSIUS_K),
    'f': (5 / 9, CELSIUS_K - 32 * 5 / 9),
    'k': (1., 0.),
}
_UNIT = re.compile(r'\d\s*(?:°|º|deg)?\s*([CFK])\b|(?:°|º)\s*([CF])\b|'
                   r'\b(c)elsius|\b(f)ahrenheit|\b(k)elvin', re.I)


def decode_csv(content: bytes, name: str) -> np.ndarray:
    """Reads the table of a text file: one line per row of pixels.

    Lines before and after the table are skipped. Numbers are separated by
    semicolons or tabs (with decimal commas or points) or by commas. A line and
    a column that count the pixels are left out.

    Returns:
        np.ndarray: Shape (H, W), float32: kelvin if the lines outside the
        table name one unit, otherwise as stored.

    Raises:
        ValueError: There is no table, or its last line is cut.
    """
    frame, unit = _read(content, name)
    scale, offset = unit or (1., 0.)
    return (frame * scale + offset).astype(np.float32)


def names_unit(content: bytes, name: str) -> bool:
    """Whether :func:`decode_csv` yields kelvin. It raises the same errors."""
    return _read(content, name)[1] is not None


def _read(content: bytes, name: str) -> Tuple[np.ndarray, Optional[_Unit]]:
    """Reads the numbers (H, W), and the unit that the file names."""
    text = _decoded(content)
    lines = text.splitlines()
    for separator in _SEPARATORS:
        rows = [_numbers(line, separator) for line in lines]
        table = _longest(rows)
        if table is None:
            continue
        start, end = table
        values = np.array(rows[start:end], np.float64)
        if end == len(lines) - 1 and not text.endswith(('\n', '\r')) and \
                _is_cut(lines[end], separator, values.shape[1]):
            raise ValueError(
                f'Image {name} is truncated: it ends within a line, after '
                f'{end - start} rows. Copy or export it again, or remove it.')
        return _without_indices(values), _unit_of(lines[:start] + lines[end:])
    raise ValueError(
        f'Image {name} holds no table of numbers with {_MIN_SIDE} rows and '
        'columns or more: export one frame per file, one line per row of '
        'pixels, separated by commas, semicolons or tabs.')


def _decoded(content: bytes) -> str:
    if content[:2] in (b'\xff\xfe', b'\xfe\xff'):
        return content.decode('utf-16', 'ignore')
    try:
        return content.decode('utf-8-sig')
    except UnicodeDecodeError:
        return content.decode('latin-1')


def _cells(line: str, separator: str) -> List[str]:
    cells = [cell.strip().strip('"') for cell in line.split(separator)]
    return cells if separator == ',' else [
        cell.replace(',', '.') for cell in cells]


def _numbers(line: str, separator: str) -> Optional[Tuple[float, ...]]:
    """The numbers of a line; ``None`` if it holds anything else."""
    cells = _cells(line, separator)
    while cells and not cells[-1]:
        cells.pop()
    if cells and not cells[0]:
        cells[0] = 'nan'  # above a column that counts the rows
    if len(cells) < _MIN_SIDE or not all(map(_NUMBER.fullmatch, cells)):
        return None
    return tuple(map(float, cells))


def _longest(rows: List[Optional[tuple]]) -> Optional[Tuple[int, int]]:
    """First and last line of the longest run of rows of one length."""
    start, runs = 0, []
    for length, run in groupby(rows, key=lambda row: row and len(row)):
        count = sum(1 for _ in run)
        if length and count >= _MIN_SIDE:
            runs.append((count * length, start, start + count))
        start += count
    return max(runs)[1:] if runs else None


def _is_cut(line: str, separator: str, length: int) -> bool:
    """Whether a line begins as a row of this length, but has fewer numbers."""
    *whole, last = _cells(line, separator)
    return bool(line.strip()) and len(whole) < length and \
        all(map(_NUMBER.fullmatch, whole)) and \
        _BEGINNING.fullmatch(last) is not None


def _without_indices(frame: np.ndarray) -> np.ndarray:
    """Drops a first row and a first column that count from 0 or 1."""

    def counts(line):
        return (np.diff(line) == 1).all() and line[0] in (0, 1)

    has_row, has_column = counts(frame[0, 1:]), counts(frame[1:, 0])
    return frame[int(has_row):, int(has_column):]


def _unit_of(lines: List[str]) -> Optional[_Unit]:
    """Scale and offset of the one unit that these lines name, if it is one."""
    named = {
        next(filter(None, match.groups())).lower()
        for line in lines for match in _UNIT.finditer(line)
    }
    return _UNITS[named.pop()] if len(named) == 1 else None
