"""JSON as people bring it: what is wrong with a file that is none."""
import json
from typing import Any

_OTHER_KINDS = (
    (b'\x1f\x8b', 'it is compressed by gzip: unpack it by gunzip'),
    (b'PK\x03\x04', 'it is a zip archive: unpack it'),
    (b'\xff\xfe', 'it is UTF-16 text: save it as UTF-8'),
    (b'\xfe\xff', 'it is UTF-16 text: save it as UTF-8'),
)


def parse_json(content: bytes) -> Any:
    """Reads JSON in UTF-8, with or without a byte order mark.

    Args:
        content (bytes): Of a file.

    Returns:
        Any: What it holds.

    Raises:
        ValueError: It is no JSON; the message says what it is, and what to
            do, where that can be told.
    """
    content = bytes(content)  # some storages give views
    for mark, reason in _OTHER_KINDS:
        if content.startswith(mark):
            raise ValueError(reason)
    try:
        return json.loads(content.decode('utf-8-sig'))
    except UnicodeDecodeError as error:
        raise ValueError(
            f'byte {error.start} is no UTF-8: is it Latin-1, or of another '
            'encoding? Save it as UTF-8, for example by iconv -f LATIN1 -t '
            'UTF-8') from None
    except RecursionError as error:
        raise ValueError(str(error)) from None
