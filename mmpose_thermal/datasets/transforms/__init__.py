from .formatting import PackPairInputs
from .loading import LoadRGBPartner, LoadThermalImage
from .modality import ModalityTransform
from .pair_topdown_affine import PairTopdownAffine

__all__ = [
    'LoadRGBPartner', 'LoadThermalImage', 'ModalityTransform',
    'PackPairInputs', 'PairTopdownAffine'
]
