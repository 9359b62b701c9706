from .caching import CachedLoading
from .formatting import PackPairInputs
from .loading import LoadRGBPartner, LoadThermalImage
from .modality import ModalityTransform
from .pair_topdown_affine import PairTopdownAffine
from .point_set_converter import PointSetConverter
from .thermal_effects import (ColdNose, ContrastReversal, FixedPatternNoise,
                              GainLevelDrift, LowerResolution, NETDNoise,
                              OpaqueGlasses, OpticalBlur, PartialOcclusion,
                              TemperatureGradient)

__all__ = [
    'CachedLoading', 'ColdNose', 'ContrastReversal', 'FixedPatternNoise',
    'GainLevelDrift', 'LoadRGBPartner', 'LoadThermalImage', 'LowerResolution',
    'ModalityTransform', 'NETDNoise', 'OpaqueGlasses', 'OpticalBlur',
    'PackPairInputs', 'PairTopdownAffine', 'PartialOcclusion',
    'PointSetConverter', 'TemperatureGradient'
]
