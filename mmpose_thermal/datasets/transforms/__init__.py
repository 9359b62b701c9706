from .formatting import PackPairInputs
from .loading import LoadRGBPartner, LoadThermalImage
from .modality import ModalityTransform

__all__ = [
    'LoadRGBPartner', 'LoadThermalImage', 'ModalityTransform', 'PackPairInputs'
]
