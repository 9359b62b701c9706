from .formatting import PackPairInputs
from .loading import LoadRGBPartner, LoadThermalImage
from .modality import ModalityTransform
from .pair_topdown_affine import PairTopdownAffine
from .point_set_converter import PointSetConverter

__all__ = [
    'LoadRGBPartner', 'LoadThermalImage', 'ModalityTransform',
    'PackPairInputs', 'PairTopdownAffine', 'PointSetConverter'
]
