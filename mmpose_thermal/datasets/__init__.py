from .datasets import ThermalFaceDataset
from .transforms import (LoadRGBPartner, LoadThermalImage, ModalityTransform,
                         PackPairInputs)

__all__ = [
    'LoadRGBPartner', 'LoadThermalImage', 'ModalityTransform',
    'PackPairInputs', 'ThermalFaceDataset'
]
