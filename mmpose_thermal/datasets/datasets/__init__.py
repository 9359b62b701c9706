from .carl_visth_dataset import CarlVisThDataset
from .charlotte_dataset import CharlotteDataset
from .charlotte_profile_dataset import CharlotteProfileDataset
from .rwth_dataset import RWTHDataset
from .sftl54_dataset import SFTL54Dataset
from .tfake_dataset import TFakeDataset
from .tfw_dataset import TFWDataset
from .thermal_face_dataset import ThermalFaceDataset

__all__ = [
    'CarlVisThDataset',
    'CharlotteDataset',
    'CharlotteProfileDataset',
    'RWTHDataset',
    'SFTL54Dataset',
    'TFWDataset',
    'TFakeDataset',
    'ThermalFaceDataset',
]
