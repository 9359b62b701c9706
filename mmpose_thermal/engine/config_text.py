"""Saves MMEngine from formatting a config over and over."""
from typing import Dict

from mmengine.config import Config

_FORMAT = Config.pretty_text.fget
_TEXTS: Dict[str, str] = {}


def format_configs_once() -> None:
    """Lets ``Config.pretty_text`` remember the text of each config.

    A run asks for it four times before it starts and for each checkpoint, and
    formatting takes seconds if the config is long.
    """
    Config.pretty_text = property(_pretty_text, doc=_FORMAT.__doc__)


def _pretty_text(config: Config) -> str:
    content = repr(config._to_lazy_dict())
    if content not in _TEXTS:
        if len(_TEXTS) > 8:
            _TEXTS.clear()
        _TEXTS[content] = _FORMAT(config)
    return _TEXTS[content]
