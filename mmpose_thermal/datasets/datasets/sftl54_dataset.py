from mmpose.registry import DATASETS

from ..point_sets import metainfo_file
from .thermal_face_dataset import ThermalFaceDataset


@DATASETS.register_module()
class SFTL54Dataset(ThermalFaceDataset):
    """SF-TL54: 2,556 thermal faces of 142 people with RGB partners, 54 points.

    Kuzdeuov et al., "SF-TL54: A Thermal Facial Landmark Dataset with Visual
    Pairs", SII 2022. RGB was warped to the thermal grid: nearly aligned. Made
    by ``mmpose-thermal convert sftl54``.

    Arguments are those of :class:`ThermalFaceDataset`.
    """

    METAINFO: dict = dict(from_file=metainfo_file('sftl54'))
