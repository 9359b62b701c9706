"""Words messages of the library for users of the command line."""
import re
from typing import Container

_ARGUMENTS = ('palette', 'temperature_scale', 'temperature_offset')


def with_options(message: str,
                 known: Container[str] = _ARGUMENTS) -> str:
    """Names options in place of the Python arguments that a message names.

    Args:
        message (str): For example ``'set temperature_scale=0.1'``.
        known (Container[str]): Arguments that the command has as options.
    """
    for name in _ARGUMENTS:
        if name in known:
            message = _with_option(message, name)
    return message


def _with_option(message, name):
    option = f'--{name.replace("_", "-")}'
    # '"palette": "iron", --palette iron' has both.
    message = re.sub(rf'"{name}": "\w+", (?={option})', '', message)
    message = re.sub(rf'"{name}"(?: \(a field [^)]*\))?', option, message)
    if '_' not in name:  # unquoted, it is an English word
        return message
    message = re.sub(rf',? {name}=', f' {option} ', message)
    return re.sub(rf'\b{name}\b', option, message)
