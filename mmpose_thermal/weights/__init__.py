"""The models that ship with the package; their cards lie beside them."""
from pathlib import Path
from typing import Any, Dict, Tuple

_FOLDER = Path(__file__).parent
_LANDMARKS, _DETECTOR = 'landmarks', 'face_detector'


def shipped_models() -> Dict[str, str]:
    """Paths of the shipped models, by name."""
    return {path.stem: str(path) for path in sorted(_FOLDER.glob('*.onnx'))}


def with_defaults(model: Any, detector: Any) -> Tuple[Any, Any]:
    """Replaces names of shipped models by their paths, and fills in defaults.

    Without a model, ``'landmarks'`` is chosen; a shipped landmark model without
    a detector gets the shipped one.
    """
    shipped = shipped_models()
    if model is None:
        model = _LANDMARKS
    if detector is None and isinstance(model, str) and model in shipped:
        detector = shipped.get(_DETECTOR)
    return tuple(  # type: ignore[return-value]
        shipped.get(each, each) if isinstance(each, str) else each
        for each in (model, detector))
