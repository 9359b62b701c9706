from .caching import CachedLoading
from .fast_random_bbox_transform import FastRandomBBoxTransform
from .formatting import PackPairInputs
from .loading import LoadRGBPartner, LoadThermalImage
from .modality import ModalityTransform
from .pair_topdown_affine import PairTopdownAffine
from .point_set_converter import PointSetConverter
from .scene_effects import (ColdNose, ContrastReversal, OpaqueGlasses,
                            PartialOcclusion, TightFrame)
from .thermal_effects import (FixedPatternNoise, GainLevelDrift, LocalContrast,
                              LowerResolution, NETDNoise, OpticalBlur,
                              TemperatureGradient, ThermalEffect)

#: All effects, in the order of the documentation.
EFFECTS = (NETDNoise, FixedPatternNoise, OpticalBlur, LowerResolution,
           LocalContrast, GainLevelDrift, ContrastReversal,
           TemperatureGradient, ColdNose, OpaqueGlasses, PartialOcclusion,
           TightFrame)

__all__ = [
    'CachedLoading', 'ColdNose', 'ContrastReversal', 'FastRandomBBoxTransform',
    'FixedPatternNoise', 'GainLevelDrift', 'LoadRGBPartner',
    'LoadThermalImage', 'LocalContrast', 'LowerResolution',
    'ModalityTransform', 'NETDNoise', 'OpaqueGlasses', 'OpticalBlur',
    'PackPairInputs', 'PairTopdownAffine', 'PartialOcclusion',
    'PointSetConverter', 'TemperatureGradient', 'ThermalEffect', 'TightFrame'
]
