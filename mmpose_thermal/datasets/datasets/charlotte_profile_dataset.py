from mmpose.registry import DATASETS

from ..point_sets import metainfo_file
from .thermal_face_dataset import ThermalFaceDataset


@DATASETS.register_module()
class CharlotteProfileDataset(ThermalFaceDataset):
    """Charlotte-ThermalFace, profile views: radiometric, 43 points.

    Ashrafi et al., "Charlotte-ThermalFace", Infrared Physics & Technology
    2022. The order of the points is not documented: there is no mirroring
    and no eye distance. Made by ``mmpose-thermal convert charlotte``.

    Arguments are those of :class:`ThermalFaceDataset`.
    """

    METAINFO: dict = dict(from_file=metainfo_file('charlotte_profile'))
