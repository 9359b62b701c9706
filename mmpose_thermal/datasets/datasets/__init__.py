from .combined_face_dataset import CombinedFaceDataset
from .public_datasets import (CarlVisThDataset, CharlotteDataset,
                              CharlotteProfileDataset, RWTHDataset,
                              SFTL54Dataset, TFakeDataset, TFWDataset)
from .thermal_face_dataset import ThermalFaceDataset

__all__ = [
    'CarlVisThDataset', 'CharlotteDataset', 'CharlotteProfileDataset',
    'CombinedFaceDataset', 'RWTHDataset', 'SFTL54Dataset', 'TFWDataset',
    'TFakeDataset', 'ThermalFaceDataset'
]
