"""Saves MMEngine from formatting a config over and over."""
import pickle
import shutil
from typing import Dict

from mmengine.config import Config

_FORMAT = Config.pretty_text.fget
_TEXTS: Dict[str, str] = {}


def format_configs_once() -> None:
    """Lets ``Config.pretty_text`` remember the text of each config.

    A run asks for it four times before it starts and for each checkpoint, and
    formatting takes seconds if the config is long. Ctrl-C meanwhile is not
    reported as an error in the config.
    """
    Config.pretty_text = property(_pretty_text, doc=_FORMAT.__doc__)


def _pretty_text(config: Config) -> str:
    content = repr(config._to_lazy_dict())
    if content not in _TEXTS:
        if len(_TEXTS) > 8:
            _TEXTS.clear()
        _import_yapf()
        try:
            _TEXTS[content] = _FORMAT(config)
        except SyntaxError as error:  # what MMEngine makes of anything, even Ctrl-C
            if isinstance(error.__context__, KeyboardInterrupt):
                raise error.__context__ from None
            raise
    return _TEXTS[content]


def _import_yapf(attempts: int = 3) -> None:
    """Imports yapf, without its cache where that is broken.

    yapf keeps its tables in the user's cache folder. Processes that begin
    together (ranks, tests) may read what another has not yet written to the
    end, and a process that is killed there leaves half a file for ever.
    """
    for left in reversed(range(attempts)):
        try:
            import yapf.yapflib.yapf_api  # noqa: F401
            return
        except (EOFError, OSError, pickle.UnpicklingError):
            if not left:
                raise
            from platformdirs import user_cache_dir
            shutil.rmtree(user_cache_dir('YAPF', 'Google'), ignore_errors=True)
